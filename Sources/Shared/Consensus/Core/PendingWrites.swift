/// Writes that were asked for and are not known to be on the disk, oldest first.
struct PendingWrites {
    enum Kind {
        case vote
        case truncation
        /// Entries up to this index; nil once they were replaced by others.
        case entries(upTo: UInt64?)
        case ownSnapshot(Snapshot)
        case leaderSnapshot(Snapshot)
    }

    private var waiting: [(ticket: UInt64, kind: Kind)] = []
    private var votes = 0
    private var nextTicket: UInt64 = 1

    /// Whether a vote is among them: no message may leave.
    var hasVote: Bool { votes > 0 }

    mutating func add(_ kind: Kind) -> UInt64 {
        defer { nextTicket += 1 }
        if case .vote = kind { votes += 1 }
        waiting.append((nextTicket, kind))
        return nextTicket
    }

    mutating func take(upTo ticket: UInt64) -> Kind? {
        guard let oldest = waiting.first, oldest.ticket <= ticket else { return nil }
        waiting.removeFirst()
        if case .vote = oldest.kind { votes -= 1 }
        return oldest.kind
    }

    /// Entries from this index on are others now, or none: what is said about the old ones must not count for them.
    mutating func forgetEntries(from index: UInt64) {
        for place in waiting.indices {
            guard case .entries(let last?) = waiting[place].kind, last >= index else { continue }
            waiting[place].kind = .entries(upTo: index > 1 ? index - 1 : nil)
        }
    }
}
