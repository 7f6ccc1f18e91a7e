import Consensus
import JSON

/// What the cluster agrees on: facts by their names, and who owns each lease.
///
/// Each change is conditional on what was there before, so a command that comes twice does no more than one that comes
/// once: it is answered as it was the first time, while nothing else has changed.
public struct ControlState: Sendable, Equatable {
    /// Facts that there may be.
    public static let factLimit = 1024
    /// Leases that there may be.
    public static let leaseLimit = 64
    /// Bytes of a name.
    public static let nameLimit = 128
    /// Bytes of a fact's value.
    public static let valueLimit = 16 << 10
    /// Bytes of all values together.
    public static let totalLimit = 1 << 20

    /// A value that everybody must see the same.
    public struct Fact: Sendable, Equatable {
        /// UTF-8 text; its meaning is its writer's.
        public var value: String
        /// The place of its last change in the common order: larger is newer.
        public var version: UInt64
        /// The version that it replaced; 0: it was not there.
        public var replaced: UInt64
    }

    /// Who may do something that only one may do.
    public struct Lease: Sendable, Equatable {
        /// The owner; nil: it was given back.
        public var owner: MemberID?
        /// Counts owners: whoever acts with a smaller one acts for the past.
        public var epoch: UInt64
        /// The newest epoch whose owner has given it back: nobody acts in it any more.
        public var released: UInt64
    }

    /// The facts by name.
    public private(set) var facts: [String: Fact] = [:]
    /// The leases by name.
    public private(set) var leases: [String: Lease] = [:]

    /// Nothing agreed on yet.
    public init() {}

    /// A lease; one that nobody ever had is in epoch 0.
    public func lease(_ name: String) -> Lease { leases[name] ?? Lease(owner: nil, epoch: 0, released: 0) }

    /// The version of a fact; 0: it is not there.
    public func version(of name: String) -> UInt64 { facts[name]?.version ?? 0 }

    /// Does what a command says, if what it expects is so.
    public mutating func perform(_ command: ControlCommand, at index: UInt64) -> ControlAnswer {
        switch command {
        case .take(let name, let owner, let after):
            var lease = lease(name)
            if lease.epoch == after + 1, lease.owner == owner { return .taken(epoch: lease.epoch) }
            guard lease.epoch == after else { return .owned(by: lease.owner, epoch: lease.epoch) }
            guard leases[name] != nil || leases.count < Self.leaseLimit else { return .full }
            lease.epoch += 1
            lease.owner = owner
            leases[name] = lease
            return .taken(epoch: lease.epoch)
        case .release(let name, let owner, let epoch):
            var lease = lease(name)
            if lease.released >= epoch { return .released }
            guard lease.epoch == epoch, lease.owner == owner else {
                return .owned(by: lease.owner, epoch: lease.epoch)
            }
            lease.owner = nil
            lease.released = epoch
            leases[name] = lease
            return .released
        case .set(let name, let value, let expected):
            return set(name, value, expected, index)
        case .nothing:
            return .done
        }
    }

    private mutating func set(_ name: String, _ value: String?, _ expected: UInt64, _ index: UInt64)
        -> ControlAnswer
    {
        let fact = facts[name]
        guard let value else {
            guard let fact else { return .written(version: 0) }
            guard fact.version == expected else { return .changed(version: fact.version) }
            facts[name] = nil
            return .written(version: 0)
        }
        if let fact, fact.version != expected, fact.replaced == expected, fact.value == value {
            return .written(version: fact.version)
        }
        guard (fact?.version ?? 0) == expected else { return .changed(version: fact?.version ?? 0) }
        var total = value.utf8.count - (fact?.value.utf8.count ?? 0)
        for (_, other) in facts { total += other.value.utf8.count }
        guard fact != nil || facts.count < Self.factLimit, total <= Self.totalLimit else { return .full }
        facts[name] = Fact(value: value, version: index, replaced: expected)
        return .written(version: index)
    }
}

extension ControlState {
    /// So many epochs are left out when the cluster begins another life: those that only the lost members may have had. It fits
    /// 65,535 times into the 32 bits of a PostgreSQL timeline, which counts them.
    public static let epochGap: UInt64 = 1 << 16

    /// What is agreed on when the cluster begins another life: all that is known here, and nobody owns a lease.
    public var recovered: ControlState {
        var state = self
        for (name, lease) in leases {
            state.leases[name] = Lease(
                owner: nil, epoch: lease.epoch + Self.epochGap, released: lease.epoch + Self.epochGap)
        }
        return state
    }
}

extension ControlState: StateMachine {
    /// Applies a command of the log; the answer is a `ControlAnswer`'s bytes.
    public mutating func apply(_ command: [UInt8], at index: UInt64) -> [UInt8] {
        // One that this version does not know is passed over by all members of this version alike.
        guard let command = ControlCommand(command) else { return ControlAnswer.unknown.bytes }
        return perform(command, at: index).bytes
    }

    /// All facts and leases as JSON, sorted by name.
    public func snapshot() -> [UInt8] {
        let facts = facts.keys.sorted().map { name -> JSONValue in
            let fact = self.facts[name]!
            return .object([
                .init("name", .string(name)), .init("value", .string(fact.value)),
                .init("version", .integer(Int64(fact.version))),
                .init("replaced", .integer(Int64(fact.replaced))),
            ])
        }
        let leases = leases.keys.sorted().map { name -> JSONValue in
            let lease = self.leases[name]!
            return .object([
                .init("name", .string(name)), .init("owner", .integer(Int64(lease.owner ?? 0))),
                .init("epoch", .integer(Int64(lease.epoch))),
                .init("released", .integer(Int64(lease.released))),
            ])
        }
        return Array(
            JSONValue.object([
                .init("format", .integer(1)), .init("facts", .array(facts)), .init("leases", .array(leases)),
            ]).compact.utf8)
    }

    /// Takes what `snapshot` wrote; false, and nothing changed, for anything else.
    public mutating func restore(_ snapshot: [UInt8]) -> Bool {
        guard let json = try? JSONValue.parse(snapshot), json["format"]?.integer == 1,
            let facts = json["facts"]?.elements, let leases = json["leases"]?.elements
        else { return false }
        var state = ControlState()
        for fact in facts {
            guard let name = fact["name"]?.text, let value = fact["value"]?.text,
                let version = fact["version"]?.number, let replaced = fact["replaced"]?.number
            else { return false }
            state.facts[name] = Fact(value: value, version: version, replaced: replaced)
        }
        for lease in leases {
            guard let name = lease["name"]?.text, let owner = lease["owner"]?.number,
                let epoch = lease["epoch"]?.number, let released = lease["released"]?.number
            else { return false }
            state.leases[name] = Lease(owner: owner == 0 ? nil : owner, epoch: epoch, released: released)
        }
        self = state
        return true
    }
}

extension JSONValue {
    /// A number that is not negative.
    var number: UInt64? { integer.flatMap { UInt64(exactly: $0) } }
}
