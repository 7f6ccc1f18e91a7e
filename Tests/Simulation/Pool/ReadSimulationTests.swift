import Simulator
import Testing

@Suite struct ReadSimulationTests {
    /// In CI. Hunt for more: `PIDEP_SEEDS=10000 swift test --filter ReadSimulationTests`.
    static let seedsInCI = 8

    @Test("after its own write a session never reads older state")
    func readYourWrites() {
        let seeds = Seeds.chosen(count: Self.seedsInCI)
        var total = ReadScenario.Outcome()
        for seed in seeds {
            var scenario = ReadScenario(seed: seed)
            let outcome = scenario.run()
            total.simulated += outcome.simulated
            total.writes += outcome.writes
            total.reads += outcome.reads
            total.standbyReads += outcome.standbyReads
            total.failovers += outcome.failovers
            guard let violation = outcome.violation else { continue }
            Issue.record(
                "\(violation)\nReplay: PIDEP_SEED=\(seed) swift test --filter ReadSimulationTests/readYourWrites"
            )
            return
        }
        // Reads that never leave the primary would prove nothing.
        #expect(seeds.count == 1 || total.standbyReads * 10 > total.reads)
        print(
            "\(seeds.count) histories, \(total.simulated), \(total.writes) writes, \(total.reads) reads, "
                + "\(total.standbyReads) of them on standbys, \(total.failovers) failovers")
    }

    @Test("a driver that gets one thing wrong is found", arguments: ReadFlaw.allCases.filter { $0 != .none })
    func flaws(flaw: ReadFlaw) {
        let found = (1...60 as ClosedRange<UInt64>).first { seed in
            var scenario = ReadScenario(seed: seed, flaw: flaw)
            return scenario.run().violation != nil
        }
        #expect(found != nil)
        print("\(flaw) shows with seed \(found ?? 0)")
    }
}
