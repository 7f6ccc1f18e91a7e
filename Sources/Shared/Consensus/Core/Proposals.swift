/// What was proposed, by a number that is this member's own.
public typealias ProposalID = UInt64

/// How a proposal ended.
public enum Outcome: Sendable, Equatable {
    /// A majority has it on its disks, and it was applied here: the entry's index and the machine's answer (empty for a
    /// change of members).
    case applied(index: UInt64, answer: [UInt8])
    /// This member is no longer the leader: it may be applied later, or never.
    case unknown
    /// A member that was to become a voter did not catch up with the log; nothing was changed.
    case notCaughtUp
}

/// Why nothing was proposed.
public enum Refusal: Error, Sendable, Equatable {
    /// Only the leader proposes; who that is, if known.
    case notLeader(MemberID?)
    /// A change of members, or a handover of the leadership, is under way.
    case changing
    /// `Settings.proposalLimit` proposals wait already.
    case tooMany
    /// The command has more than `Settings.commandLimit` bytes.
    case tooLarge
    /// The disks of a majority are nearly full (`Settings.reservedKiB`).
    case noRoom
    /// There is no such member, it has that role already, it is there already, or no voter would be left.
    case badMember
    /// The leader cannot send itself away or stop voting.
    case leadsItself
    /// A voter cannot become a standby at once.
    case spareFirst
    /// The member has stopped; why.
    case stopped(String)

    /// For the person.
    public var sentence: String {
        switch self {
        case .notLeader(let leader):
            leader.map { "member \($0) is the leader, not this one. Ask it" }
                ?? "there is no leader at the moment. Ask again in a second"
        case .changing: "another change of members is under way. Ask again when it is done"
        case .tooMany: "\(Settings.proposalLimit) proposals wait already. Ask again later"
        case .tooLarge: "a command may have \(Settings.commandLimit) bytes"
        case .noRoom: "the disks of a majority of the members are nearly full. Free some space on them"
        case .badMember:
            "there is no such member, it is so already, or no voter would be left. See the list of members"
        case .leadsItself: "this member leads. Hand the leadership over first, then ask the new leader"
        case .spareFirst: "a voter becomes a spare first, and then a standby"
        case .stopped(let reason): "this member has stopped: \(reason)"
        }
    }
}
