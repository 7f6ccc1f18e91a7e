/// Whose confirmation a commit waits for: PostgreSQL's `synchronous_standby_names = 'ANY count (members)'`.
public struct AcknowledgementRule: Equatable, Sendable {
    /// The standbys that may confirm.
    public var members: MemberSet
    /// So many of them must; 0: nobody is waited for.
    public var count: Int

    /// A rule.
    public init(members: MemberSet, count: Int) {
        self.members = members
        self.count = count
    }
}

/// Who holds acknowledged writes, as control keeps it: every acknowledged write is on the leader and on at least
/// `acknowledgements` more of `voters`.
public struct Electorate: Equatable, Sendable {
    /// The leader and its synchronous standbys.
    public var voters: MemberSet
    /// How many besides the leader have each acknowledged write.
    public var acknowledgements: Int
    /// False: durability is `async`, writes are acknowledged before any standby has them.
    public var isLossless: Bool

    /// An electorate.
    public init(voters: MemberSet, acknowledgements: Int, isLossless: Bool) {
        self.voters = voters
        self.acknowledgements = acknowledgements
        self.isLossless = isLossless
    }

    /// An election needs so many voters, the new leader among them: any so many have one with every acknowledged write,
    /// since that one is on `acknowledgements` + 1 of them. Without losslessness half of them is what can be had.
    public var electors: Int {
        isLossless ? voters.count - acknowledgements : Swift.max(1, voters.count / 2)
    }

    /// The rule that a leader needs when nothing changes. `least`: so many confirm even when the electorate asks for fewer
    /// (a strict primary waits for somebody who may still come).
    public func rule(for leader: MemberID, least: Int) -> AcknowledgementRule {
        guard isLossless else { return AcknowledgementRule(members: .none, count: 0) }
        return AcknowledgementRule(
            members: voters.without(leader), count: Swift.max(acknowledgements, least))
    }

    /// Whether every set that can acknowledge under the rule overlaps every set that can elect (invariant D3). In the worst
    /// case those that confirm are no voters.
    public func isSafe(under rule: AcknowledgementRule, leader: MemberID) -> Bool {
        guard isLossless else { return true }
        let strangers = rule.members.subtracting(voters).count
        return voters.contains(leader) && rule.count - strangers >= acknowledgements
    }

    /// A rule that is safe under this electorate and under the next one, so that control may change between them at any
    /// moment. Fewer and known members first: what is not waited for needlessly.
    public func bridge(to next: Electorate, leader: MemberID, least: Int) -> AcknowledgementRule {
        let both = voters.intersection(next.voters).without(leader)
        let needed = Swift.max(
            least,
            Swift.max(isLossless ? acknowledgements : 0, next.isLossless ? next.acknowledgements : 0))
        if both.count >= needed { return AcknowledgementRule(members: both, count: needed) }
        let all = voters.union(next.voters).without(leader)
        let before = isLossless ? acknowledgements + all.subtracting(voters).count : 0
        let after = next.isLossless ? next.acknowledgements + all.subtracting(next.voters).count : 0
        return AcknowledgementRule(members: all, count: Swift.max(least, Swift.max(before, after)))
    }
}
