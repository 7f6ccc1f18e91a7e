import Simulator
import Testing

@Suite struct AgreementTests {
    /// In CI. Hunt for more: `PIDEP_SEEDS=10000 swift test --filter AgreementTests`.
    static let seedsInCI = 12
    /// A flaw that needs more histories than this to show is one that the invariants do not see.
    static let seedsForAFlaw = 150

    @Test(
        "whatever happened: one leader a term, one order of commands, and nothing lost that was acknowledged")
    func invariants() {
        let seeds = Seeds.chosen(count: Self.seedsInCI)
        var (faults, elections, steps, acknowledged): (Int, Int, Int, Int) = (0, 0, 0, 0)
        var simulated: Duration = .zero
        for seed in seeds {
            var scenario = ConsensusScenario(seed: seed)
            let result = scenario.run()
            faults += result.faults
            elections += result.elections
            steps += result.steps
            acknowledged += result.acknowledged
            simulated += result.simulated
            guard let violation = result.violation else { continue }
            Issue.record("\(violation). Replay: PIDEP_SEED=\(seed) swift test --filter AgreementTests")
            return
        }
        let hours = simulated.components.seconds / 3600
        print(
            "\(seeds.count) histories, \(hours) h: \(faults) faults, \(elections) elections, \(steps) steps, "
                + "\(acknowledged) commands acknowledged")
    }

    @Test("one seed is one history")
    func deterministic() {
        for seed in 1...2 as ClosedRange<UInt64> {
            var first = ConsensusScenario(seed: seed)
            var second = ConsensusScenario(seed: seed)
            #expect(first.run().digest == second.run().digest)
        }
    }

    @Test(
        "the invariants find a member that is broken",
        arguments: ConsensusNode.Flaw.allCases.filter { $0 != .none })
    func bite(flaw: ConsensusNode.Flaw) {
        // Two candidates must ask one voter in one term, and it must be restarted in between: few histories have that.
        let first: UInt64 = flaw == .forgetsVotes ? 290 : 1
        let found = (first..<first + UInt64(Self.seedsForAFlaw)).first { seed in
            var scenario = ConsensusScenario(seed: seed, flaw: flaw)
            return scenario.run().violation != nil
        }
        #expect(found != nil, "\(flaw) went unnoticed in \(Self.seedsForAFlaw) histories")
    }
}
