import Database
import Testing

@Suite struct ElectorateTests {
    private static func set(_ numbers: [Int]) -> MemberSet { MemberSet(numbers.map { MemberID($0)! }) }

    /// All electorates of four members under a leader.
    private static let electorates: [Electorate] = (0..<16).flatMap { bits -> [Electorate] in
        let voters = MemberSet(bits: UInt64(bits))
        return (0..<max(1, voters.count)).map {
            Electorate(voters: voters, acknowledgements: $0, isLossless: true)
        }
    }

    private static let rules: [AcknowledgementRule] = (0..<8).flatMap { bits in
        (0...4).map { AcknowledgementRule(members: MemberSet(bits: UInt64(bits) << 1), count: $0) }
    }

    /// Tried out: whether every set that can acknowledge meets every set that can elect.
    private func overlaps(_ rule: AcknowledgementRule, _ electorate: Electorate, leader: MemberID) -> Bool {
        for bits in 0..<16 as Range<UInt64> {
            let confirming = MemberSet(bits: bits)
            guard confirming.intersection(rule.members) == confirming, confirming.count == rule.count else {
                continue
            }
            let holders = confirming.with(leader)
            for electing in 0..<16 as Range<UInt64> {
                let electors = MemberSet(bits: electing)
                guard electors.intersection(electorate.voters) == electors,
                    electors.count == electorate.electors
                else { continue }
                if electors.intersection(holders).isEmpty { return false }
            }
        }
        return true
    }

    @Test("a rule that is called safe is safe, tried out for all rules and electorates of four")
    func safeIsSafe() {
        let leader = MemberID(1)!
        for electorate in Self.electorates where electorate.voters.contains(leader) {
            for rule in Self.rules where electorate.isSafe(under: rule, leader: leader) {
                #expect(overlaps(rule, electorate, leader: leader), "\(rule) \(electorate)")
            }
        }
    }

    @Test("the rule of an electorate is safe under it, and not stricter than it must be")
    func ownRule() {
        let leader = MemberID(1)!
        for electorate in Self.electorates where electorate.voters.contains(leader) {
            var rule = electorate.rule(for: leader, least: 0)
            #expect(electorate.isSafe(under: rule, leader: leader))
            guard rule.count > 0 else { continue }
            rule.count -= 1
            #expect(!overlaps(rule, electorate, leader: leader), "\(rule) \(electorate)")
        }
    }

    @Test("a bridge is safe on both sides")
    func bridge() {
        let leader = MemberID(1)!
        let all = Self.electorates.filter { $0.voters.contains(leader) }
        for before in all {
            for after in all {
                let rule = before.bridge(to: after, leader: leader, least: 0)
                #expect(before.isSafe(under: rule, leader: leader), "\(before) \(after) \(rule)")
                #expect(after.isSafe(under: rule, leader: leader), "\(before) \(after) \(rule)")
            }
        }
    }

    @Test("a strict primary that is alone waits for somebody")
    func strict() {
        let alone = Electorate(voters: Self.set([1]), acknowledgements: 0, isLossless: true)
        #expect(alone.rule(for: MemberID(1)!, least: 1) == AcknowledgementRule(members: .none, count: 1))
    }

    @Test("three voters of which two have each write: two elect")
    func electors() {
        #expect(
            Electorate(voters: Self.set([1, 2, 3]), acknowledgements: 1, isLossless: true).electors == 2)
        #expect(
            Electorate(voters: Self.set([1, 2, 3, 4]), acknowledgements: 2, isLossless: true).electors == 2)
    }
}
