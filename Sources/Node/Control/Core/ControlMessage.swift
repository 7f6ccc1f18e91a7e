import Consensus
import JSON

/// What control on one node says to control on another, beside the messages of consensus.
public enum ControlMessage: Sendable, Equatable {
    /// May I go on?
    case renew(Renewal)
    /// Yes.
    case granted(lease: String, epoch: UInt64, stamp: Duration)
    /// No; why, in a word.
    case refused(lease: String, epoch: UInt64, reason: String)
    /// To the leader: propose this for me.
    case forward(ticket: UInt64, ControlChange)
    /// From the leader: what became of it.
    case forwarded(ticket: UInt64, ControlResult)
    /// From the leader to a member that consensus tells nothing: are you there?
    case greeting
    /// Yes.
    case greeted

    /// As it goes over the wire.
    public var bytes: [UInt8] { Array(json.compact.utf8) }

    private var json: JSONValue {
        switch self {
        case .renew(let renewal):
            .object([
                .init("renew", .string(renewal.lease)), .init("epoch", .integer(Int64(renewal.epoch))),
                .init("voters", .array(renewal.voters.map { .integer(Int64($0)) })),
                .init("stamp", .integer(renewal.stamp.nanoseconds)),
            ])
        case .granted(let lease, let epoch, let stamp):
            .object([
                .init("granted", .string(lease)), .init("epoch", .integer(Int64(epoch))),
                .init("stamp", .integer(stamp.nanoseconds)),
            ])
        case .refused(let lease, let epoch, let reason):
            .object([
                .init("refused", .string(lease)), .init("epoch", .integer(Int64(epoch))),
                .init("reason", .string(reason)),
            ])
        case .forward(let ticket, let change):
            .object([.init("forward", .integer(Int64(ticket))), .init("change", change.json)])
        case .forwarded(let ticket, let result):
            .object([.init("forwarded", .integer(Int64(ticket))), .init("result", result.json)])
        case .greeting: .object([.init("greeting", .null)])
        case .greeted: .object([.init("greeted", .null)])
        }
    }

    /// Reads what `bytes` wrote; nil for anything else.
    public init?(_ bytes: [UInt8]) {
        guard let json = try? JSONValue.parse(bytes) else { return nil }
        if let lease = ControlCommand.name(json["renew"]), let epoch = json["epoch"]?.number,
            let stamp = json["stamp"]?.number, let voters = json["voters"]?.elements,
            voters.count <= Membership.limit
        {
            self = .renew(
                Renewal(
                    lease: lease, epoch: epoch, voters: voters.compactMap { $0.number },
                    stamp: .nanoseconds(Int64(stamp))))
        } else if let lease = ControlCommand.name(json["granted"]), let epoch = json["epoch"]?.number,
            let stamp = json["stamp"]?.number
        {
            self = .granted(lease: lease, epoch: epoch, stamp: .nanoseconds(Int64(stamp)))
        } else if let lease = ControlCommand.name(json["refused"]), let epoch = json["epoch"]?.number,
            let reason = json["reason"]?.text
        {
            self = .refused(lease: lease, epoch: epoch, reason: reason)
        } else if let ticket = json["forward"]?.number,
            let change = json["change"].flatMap(ControlChange.init)
        {
            self = .forward(ticket: ticket, change)
        } else if let ticket = json["forwarded"]?.number,
            let result = json["result"].flatMap(ControlResult.init)
        {
            self = .forwarded(ticket: ticket, result)
        } else if json["greeting"] != nil {
            self = .greeting
        } else if json["greeted"] != nil {
            self = .greeted
        } else {
            return nil
        }
    }
}

/// What only the leader can bring about.
public enum ControlChange: Sendable, Equatable {
    /// Of what is agreed on.
    case command(ControlCommand)
    /// A new member, as one that has the log and does not vote.
    case add(MemberID, address: String)
    /// A member votes from now on, or does not any more.
    case assign(Role, MemberID)
    /// A member is none any more.
    case remove(MemberID)
    /// A voter leads from now on.
    case transfer(MemberID)

    /// Whether it is one of the members, and not of what they agree on.
    var isOfMembers: Bool { if case .command = self { false } else { true } }

    /// Whether it changes who votes.
    var changesVoters: Bool {
        switch self {
        case .assign, .remove: true
        case .command, .add, .transfer: false
        }
    }

    var json: JSONValue {
        switch self {
        case .command(let command): .object([.init("command", command.json)])
        case .add(let id, let address):
            .object([.init("add", .integer(Int64(id))), .init("address", .string(address))])
        case .assign(let role, let id):
            .object([.init("assign", .integer(Int64(id))), .init("role", .integer(Int64(role.rawValue)))])
        case .remove(let id): .object([.init("remove", .integer(Int64(id)))])
        case .transfer(let id): .object([.init("transfer", .integer(Int64(id)))])
        }
    }

    init?(_ json: JSONValue) {
        if let command = json["command"].flatMap({ ControlCommand($0) }) {
            self = .command(command)
        } else if let id = json["add"]?.number, let address = json["address"]?.text {
            self = .add(id, address: address)
        } else if let id = json["assign"]?.number,
            let role = json["role"]?.number.flatMap({ Role(rawValue: UInt8(truncatingIfNeeded: $0)) })
        {
            self = .assign(role, id)
        } else if let id = json["remove"]?.number {
            self = .remove(id)
        } else if let id = json["transfer"]?.number {
            self = .transfer(id)
        } else {
            return nil
        }
    }
}

/// What became of a change.
public enum ControlResult: Sendable, Equatable {
    /// A majority has it on its disks; `index` is its place in the common order.
    case applied(index: UInt64, ControlAnswer)
    /// It was not proposed, and will not be: why, as a sentence.
    case refused(String)
    /// The lease is another's, who renews it: nobody takes it for so long.
    case held(by: MemberID, for: Duration)
    /// Nobody could be asked, or the leader lost its office meanwhile: ask again.
    case unknown

    var json: JSONValue {
        switch self {
        case .applied(let index, let answer):
            .object([.init("index", .integer(Int64(index))), .init("answer", answer.json)])
        case .refused(let sentence): .object([.init("refused", .string(sentence))])
        case .held(let owner, let time):
            .object([.init("held", .integer(Int64(owner))), .init("for", .integer(time.nanoseconds))])
        case .unknown: .object([.init("unknown", .boolean(true))])
        }
    }

    init?(_ json: JSONValue) {
        if let index = json["index"]?.number, let answer = json["answer"].flatMap({ ControlAnswer($0) }) {
            self = .applied(index: index, answer)
        } else if let sentence = json["refused"]?.text {
            self = .refused(sentence)
        } else if let owner = json["held"]?.number, let time = json["for"]?.number {
            self = .held(by: owner, for: .nanoseconds(Int64(time)))
        } else if json["unknown"] != nil {
            self = .unknown
        } else {
            return nil
        }
    }
}

extension Duration {
    /// Whole nanoseconds: 292 years fit.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
