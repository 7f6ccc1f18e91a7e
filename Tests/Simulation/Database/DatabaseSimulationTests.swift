import Foundation
import Simulator
import Testing

@Suite struct DatabaseSimulationTests {
    /// In CI. Hunt for more: `PIDEP_SEEDS=10000 swift test --filter DatabaseSimulationTests`.
    static let seedsInCI = 15
    /// A flaw that needs more histories than this to show is one that the invariants do not see.
    static let seedsForAFlaw: UInt64 = 40

    @Test("no acknowledged write is lost, never two take writes, and all stream again by themselves")
    func invariants() {
        let seeds = Seeds.chosen(count: Self.seedsInCI)
        var total = DatabaseScenario.Outcome()
        for seed in seeds {
            var scenario = DatabaseScenario(seed: seed)
            let outcome = scenario.run(isReplay: seeds.count == 1)
            total.acknowledged += outcome.acknowledged
            total.elections += outcome.elections
            total.faults += outcome.faults
            total.simulated += outcome.simulated
            guard let violation = outcome.violation else { continue }
            Issue.record(
                "\(violation)\nReplay: PIDEP_SEED=\(seed) swift test --filter DatabaseSimulationTests/invariants"
            )
            return
        }
        print(
            "\(seeds.count) histories, \(total.simulated), \(total.faults) faults, \(total.elections) elections, "
                + "\(total.acknowledged) acknowledged writes")
    }

    @Test("one seed is one history")
    func deterministic() {
        for seed in 1...3 as ClosedRange<UInt64> {
            var first = DatabaseScenario(seed: seed)
            var second = DatabaseScenario(seed: seed)
            #expect(first.run().digest == second.run().digest)
        }
    }

    @Test("the invariants find what is broken", arguments: flaws)
    func bite(flaw: DatabaseFlaw) {
        let found = (1...seedsForAFlaw).first { seed in
            var scenario = DatabaseScenario(seed: seed, flaw: flaw)
            return scenario.run().violation != nil
        }
        #expect(found != nil, "\(flaw) went unnoticed in \(seedsForAFlaw) histories")
    }

    private static let hunt = ProcessInfo.processInfo.environment["PIDEP_FLAW_SEEDS"].flatMap { UInt64($0) }
    private static let flaws =
        hunt == nil ? DatabaseFlaw.shallow : DatabaseFlaw.allCases.filter { $0 != .none }
    private var seedsForAFlaw: UInt64 { max(1, Self.hunt ?? Self.seedsForAFlaw) }
}
