/// What members say to each other.
public enum Message: Sendable, Equatable {
    /// New entries behind the previous one, or none: a sign of life. Answered by `appendResult`.
    case append(Append)
    /// How far the sender's log is on its disk.
    case appendResult(AppendResult)
    /// A candidate asks for a vote. Answered by `voteResult`.
    case vote(Vote)
    case voteResult(VoteResult)
    /// A snapshot for a member that is too far behind. Answered by `appendResult`.
    case snapshot(term: UInt64, Snapshot)
    /// The leader hands over: stand for election at once.
    case timeoutNow(TimeoutNow)

    /// Entries of a leader.
    public struct Append: Sendable, Equatable {
        var term: UInt64
        var previousIndex: UInt64
        var previousTerm: UInt64
        /// The last entry that the leader knows to be committed.
        var commit: UInt64
        var entries: [Entry]
    }

    /// A follower's answer.
    public struct AppendResult: Sendable, Equatable {
        var term: UInt64
        /// 0, or the previous index that did not fit.
        var rejected: UInt64
        var lastIndex: UInt64
        var features: UInt16
        /// Free room on the sender's disk in KiB.
        var capacity: UInt16
    }

    /// A candidate's request.
    public struct Vote: Sendable, Equatable {
        var term: UInt64
        var lastIndex: UInt64
        var lastTerm: UInt64
        /// The leader itself asked for this election.
        var disruptsLeader: Bool
        /// Only a question: would you?
        var isPreVote: Bool
    }

    /// A voter's answer.
    public struct VoteResult: Sendable, Equatable {
        var term: UInt64
        var isGranted: Bool
        var isPreVote: Bool
        var features: UInt16
        var capacity: UInt16
    }

    /// The end of the leader's log, which the receiver must have.
    public struct TimeoutNow: Sendable, Equatable {
        var term: UInt64
        var lastIndex: UInt64
        var lastTerm: UInt64
    }

    /// The sender's term, or the one it asks for.
    public var term: UInt64 {
        switch self {
        case .append(let message): message.term
        case .appendResult(let message): message.term
        case .vote(let message): message.term
        case .voteResult(let message): message.term
        case .snapshot(let term, _): term
        case .timeoutNow(let message): message.term
        }
    }
}
