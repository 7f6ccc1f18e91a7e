import Consensus
import JSON

/// What a role of this node asks control for, as a line of JSON with a number of its own: `{"id": 7, "take": "primary",
/// "after": 3}`. docs/control.md lists them.
public enum ClientRequest: Sendable, Equatable {
    /// Make this node the owner of a lease: `take`, `after`.
    case take(lease: String, after: UInt64)
    /// This node does not act for a lease any more: `release`, `epoch`.
    case release(lease: String, epoch: UInt64)
    /// May this node go on? `renew`, `epoch`, `asked` (the clock since boot before it asked, in nanoseconds).
    case renew(lease: String, epoch: UInt64, asked: Duration)
    /// Write a fact, null for none: `set`, `value`, `expecting`.
    case set(name: String, value: String?, expecting: UInt64)
    /// Answer when all is known here that was agreed on before: `sync`.
    case sync
    /// All that is known, now and whenever it changes: `watch`.
    case watch
    /// What comes in a lane goes to this client from now on: `lane`.
    case lane(String)
    /// Tell the same lane on another member: `tell`, `lane`, `bytes` in hexadecimal digits. No number, no answer.
    case tell(MemberID, LaneMessage)
    /// A change of the members: `add` with `address`, `promote`, `demote`, `remove`; and who leads: `transfer`.
    case change(ControlChange)

    /// Reads a line; nil for anything else.
    public static func parse(_ line: [UInt8]) -> (id: UInt64, request: ClientRequest)? {
        guard let json = try? JSONValue.parse(line), let request = ClientRequest(json) else { return nil }
        if case .tell = request { return (0, request) }
        guard let id = json["id"]?.number else { return nil }
        return (id, request)
    }

    private init?(_ json: JSONValue) {
        if let lease = ControlCommand.name(json["take"]), let after = json["after"]?.number {
            self = .take(lease: lease, after: after)
        } else if let lease = ControlCommand.name(json["release"]), let epoch = json["epoch"]?.number {
            self = .release(lease: lease, epoch: epoch)
        } else if let lease = ControlCommand.name(json["renew"]), let epoch = json["epoch"]?.number,
            let asked = json["asked"]?.number
        {
            self = .renew(lease: lease, epoch: epoch, asked: .nanoseconds(Int64(asked)))
        } else if json["set"] != nil, case .set(let name, let value, let expecting)? = ControlCommand(json) {
            self = .set(name: name, value: value, expecting: expecting)
        } else if json["sync"] != nil {
            self = .sync
        } else if json["watch"] != nil {
            self = .watch
        } else if let member = json["tell"]?.number {
            guard member != 0, let lane = json["lane"]?.text, let bytes = json["bytes"]?.bytes,
                let message = LaneMessage(lane: lane, bytes: bytes)
            else { return nil }
            self = .tell(member, message)
        } else if let lane = json["lane"]?.text, LaneMessage.isName(lane) {
            self = .lane(lane)
        } else if let id = json["add"]?.number, let address = json["address"]?.text {
            self = .change(.add(id, address: address))
        } else if let id = json["promote"]?.number {
            self = .change(.assign(.voter, id))
        } else if let id = json["demote"]?.number {
            self = .change(.assign(.standby, id))
        } else if let id = json["remove"]?.number {
            self = .change(.remove(id))
        } else if let id = json["transfer"]?.number {
            self = .change(.transfer(id))
        } else {
            return nil
        }
    }
}

/// What control answers, as a line of JSON.
public enum ClientAnswer {
    /// What became of a change.
    public static func result(_ id: UInt64, _ result: ControlResult) -> String {
        JSONValue.object([.init("id", .integer(Int64(id))), .init("result", result.json)]).compact
    }

    /// Until when, by the clock since boot, the owner may act.
    public static func valid(_ id: UInt64, until: Duration) -> String {
        JSONValue.object([.init("id", .integer(Int64(id))), .init("valid", .integer(until.nanoseconds))])
            .compact
    }

    /// A voter did not promise; why, in a word.
    public static func refused(_ id: UInt64, _ reason: String) -> String {
        JSONValue.object([.init("id", .integer(Int64(id))), .init("refused", .string(reason))]).compact
    }

    /// The line was no request.
    public static func misunderstood() -> String {
        JSONValue.object([.init("error", .string("this is no request. See docs/control.md"))]).compact
    }

    /// A lane is this client's, or (false) another's from now on.
    public static func lane(_ id: UInt64, _ lane: String, isOwn: Bool) -> String {
        JSONValue.object([
            .init("id", .integer(Int64(id))), .init(isOwn ? "subscribed" : "unsubscribed", .string(lane)),
        ]).compact
    }

    /// A message in a lane, and who said it.
    public static func told(_ message: LaneMessage, by member: MemberID) -> String {
        JSONValue.object([
            .init("told", .integer(Int64(member))), .init("lane", .string(message.lane)),
            .init("bytes", .bytes(message.bytes)),
        ]).compact
    }

    /// Nobody tells himself.
    public static func tellsItself() -> String {
        JSONValue.object([.init("error", .string("this is the member that you tell. Keep it to yourself"))])
            .compact
    }

    /// All that is known here.
    public static func state(_ id: UInt64, member: MemberID, _ known: ControlCore.Knowledge) -> String {
        let state = known.state
        let facts = state.facts.keys.sorted().map { name -> JSONValue.Member in
            let fact = state.facts[name]
            return .init(
                name,
                .object([
                    .init("value", .string(fact?.value ?? "")),
                    .init("version", .integer(Int64(fact?.version ?? 0))),
                ]))
        }
        let leases = state.leases.keys.sorted().map { name -> JSONValue.Member in
            let lease = state.lease(name)
            return .init(
                name,
                .object([
                    .init("owner", .integer(Int64(lease.owner ?? 0))),
                    .init("epoch", .integer(Int64(lease.epoch))),
                    .init("released", .integer(Int64(lease.released))),
                ]))
        }
        let members = known.addresses.keys.sorted().map { member in
            JSONValue.Member("\(member)", .string(known.addresses[member] ?? ""))
        }
        return JSONValue.object([
            .init("id", .integer(Int64(id))), .init("member", .integer(Int64(member))),
            .init("leader", .integer(Int64(known.leader ?? 0))),
            .init("applied", .integer(Int64(known.applied))),
            .init("voters", .array(known.voters.map { .integer(Int64($0)) })),
            .init("members", .object(members)), .init("leases", .object(leases)),
            .init("facts", .object(facts)),
        ]).compact
    }
}
