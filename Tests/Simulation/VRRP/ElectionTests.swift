import Simulator
import Testing

@Suite struct ElectionTests {
    /// In CI. Hunt for more: `PIDEP_SEEDS=100000 swift test --filter ElectionTests`.
    static let seedsInCI = 200
    /// A flaw that needs more histories than this to show is one that the invariants do not see.
    static let seedsForAFlaw = 60

    @Test("whatever happened, a network that works has exactly one Active, the right one, announced last")
    func invariants() {
        let seeds = Seeds.chosen(count: Self.seedsInCI)
        for seed in seeds {
            var scenario = ElectionScenario(seed: seed)
            guard let violation = scenario.run(isReplay: seeds.count == 1).violation else { continue }
            Issue.record(
                "\(violation). Replay: PIDEP_SEED=\(seed) swift test --filter ElectionTests")
            return
        }
    }

    @Test("one seed is one history")
    func deterministic() {
        for seed in 1...5 as ClosedRange<UInt64> {
            var first = ElectionScenario(seed: seed)
            var second = ElectionScenario(seed: seed)
            #expect(first.run().digest == second.run().digest)
        }
    }

    @Test(
        "the invariants find a router that is broken",
        arguments: RouterNode.Flaw.allCases.filter { $0 != .none })
    func bite(flaw: RouterNode.Flaw) {
        let found = (1...UInt64(Self.seedsForAFlaw)).first { seed in
            var scenario = ElectionScenario(seed: seed, flaw: flaw)
            return scenario.run().violation != nil
        }
        #expect(found != nil, "\(flaw) went unnoticed in \(Self.seedsForAFlaw) histories")
    }
}
