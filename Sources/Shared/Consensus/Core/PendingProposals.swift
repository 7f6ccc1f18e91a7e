/// Proposals of this member whose outcome is open, in the order of their entries.
struct PendingProposals {
    /// A member that catches up before it becomes a voter: no entry yet.
    struct Promotion {
        var proposal: ProposalID
        var member: MemberID
    }

    var promotion: Promotion?
    private var waiting: [(proposal: ProposalID, index: UInt64, term: UInt64)] = []
    private var next: ProposalID = 1

    var count: Int { waiting.count }

    mutating func begin(index: UInt64, term: UInt64) -> ProposalID {
        defer { next += 1 }
        waiting.append((next, index, term))
        return next
    }

    mutating func begin(_ proposal: ProposalID, index: UInt64, term: UInt64) {
        waiting.append((proposal, index, term))
    }

    mutating func begin(promotionOf member: MemberID) -> ProposalID {
        defer { next += 1 }
        promotion = Promotion(proposal: next, member: member)
        return next
    }

    /// The proposal whose entry this is.
    mutating func take(index: UInt64, term: UInt64) -> ProposalID? {
        guard let oldest = waiting.first, oldest.index == index, oldest.term == term else { return nil }
        waiting.removeFirst()
        return oldest.proposal
    }

    mutating func takeAll() -> [ProposalID] {
        var all = waiting.map { $0.proposal }
        if let promotion { all.append(promotion.proposal) }
        waiting = []
        promotion = nil
        return all
    }
}
