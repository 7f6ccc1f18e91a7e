import Consensus
import JSON

/// A change of what the cluster agrees on.
public enum ControlCommand: Sendable, Equatable {
    /// Makes a member the owner of a lease, if nobody else became one since epoch `after`.
    case take(lease: String, owner: MemberID, after: UInt64)
    /// Gives a lease back: its owner does not act for it any more.
    case release(lease: String, owner: MemberID, epoch: UInt64)
    /// Writes a fact (nil: removes it), if its version is still `expecting` (0: it is not there).
    case set(name: String, value: String?, expecting: UInt64)
    /// Changes nothing; whoever has its answer has seen all that was agreed on before.
    case nothing

    /// As it stands in the log.
    public var bytes: [UInt8] { Array(json.compact.utf8) }

    var json: JSONValue {
        switch self {
        case .take(let lease, let owner, let after):
            .object([
                .init("take", .string(lease)), .init("owner", .integer(Int64(owner))),
                .init("after", .integer(Int64(after))),
            ])
        case .release(let lease, let owner, let epoch):
            .object([
                .init("release", .string(lease)), .init("owner", .integer(Int64(owner))),
                .init("epoch", .integer(Int64(epoch))),
            ])
        case .set(let name, let value, let expecting):
            .object([
                .init("set", .string(name)), .init("value", value.map { .string($0) } ?? .null),
                .init("expecting", .integer(Int64(expecting))),
            ])
        case .nothing: .object([.init("nothing", .null)])
        }
    }

    /// Reads what `bytes` wrote; nil for anything else, and for names and values beyond `ControlState`'s limits.
    public init?(_ bytes: [UInt8]) {
        guard let json = try? JSONValue.parse(bytes) else { return nil }
        self.init(json)
    }

    init?(_ json: JSONValue) {
        if let lease = Self.name(json["take"]), let owner = json["owner"]?.number, owner != 0,
            let after = json["after"]?.number
        {
            self = .take(lease: lease, owner: owner, after: after)
        } else if let lease = Self.name(json["release"]), let owner = json["owner"]?.number,
            let epoch = json["epoch"]?.number
        {
            self = .release(lease: lease, owner: owner, epoch: epoch)
        } else if let name = Self.name(json["set"]), let expecting = json["expecting"]?.number,
            let value = json["value"]
        {
            if value == .null {
                self = .set(name: name, value: nil, expecting: expecting)
            } else if let text = value.text, text.utf8.count <= ControlState.valueLimit {
                self = .set(name: name, value: text, expecting: expecting)
            } else {
                return nil
            }
        } else if json["nothing"] != nil {
            self = .nothing
        } else {
            return nil
        }
    }

    /// A name of letters, digits and `.-_/`.
    static func name(_ json: JSONValue?) -> String? {
        guard let text = json?.text, !text.isEmpty, text.utf8.count <= ControlState.nameLimit,
            text.utf8.allSatisfy({ byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
                    UInt8(ascii: "_"), UInt8(ascii: "/"):
                    true
                default: false
                }
            })
        else { return nil }
        return text
    }
}

/// What became of a command.
public enum ControlAnswer: Sendable, Equatable {
    /// The lease is its proposer's, in this epoch.
    case taken(epoch: UInt64)
    /// The lease was given back.
    case released
    /// The lease is in another epoch than was expected.
    case owned(by: MemberID?, epoch: UInt64)
    /// The fact has this version now; 0: it is not there any more.
    case written(version: UInt64)
    /// The fact has another version than was expected.
    case changed(version: UInt64)
    /// There are as many facts or leases as there may be.
    case full
    /// Nothing was to be done.
    case done
    /// The members do not know this command.
    case unknown

    /// As the state machine gives it, and as it goes to clients.
    public var bytes: [UInt8] { Array(json.compact.utf8) }

    var json: JSONValue {
        switch self {
        case .taken(let epoch): .object([.init("taken", .integer(Int64(epoch)))])
        case .released: .object([.init("released", .boolean(true))])
        case .owned(let owner, let epoch):
            .object([.init("owned", .integer(Int64(owner ?? 0))), .init("epoch", .integer(Int64(epoch)))])
        case .written(let version): .object([.init("written", .integer(Int64(version)))])
        case .changed(let version): .object([.init("changed", .integer(Int64(version)))])
        case .full: .object([.init("full", .boolean(true))])
        case .done: .object([.init("done", .boolean(true))])
        case .unknown: .object([.init("unknown", .boolean(true))])
        }
    }

    /// Reads what `bytes` wrote; nil for anything else.
    public init?(_ bytes: [UInt8]) {
        guard let json = try? JSONValue.parse(bytes) else { return nil }
        self.init(json)
    }

    init?(_ json: JSONValue) {
        if let epoch = json["taken"]?.number {
            self = .taken(epoch: epoch)
        } else if json["released"] != nil {
            self = .released
        } else if let owner = json["owned"]?.number, let epoch = json["epoch"]?.number {
            self = .owned(by: owner == 0 ? nil : owner, epoch: epoch)
        } else if let version = json["written"]?.number {
            self = .written(version: version)
        } else if let version = json["changed"]?.number {
            self = .changed(version: version)
        } else if json["full"] != nil {
            self = .full
        } else if json["done"] != nil {
            self = .done
        } else if json["unknown"] != nil {
            self = .unknown
        } else {
            return nil
        }
    }
}
