import Control
import Simulator
import Testing

@Suite struct LeaseTests {
    @Test("a lease has one owner at a time, and somebody has it in the end")
    func oneOwner() {
        var (takes, renewals, faults) = (0, 0, 0)
        var (served, length) = (Duration.zero, Duration.zero)
        for seed in Seeds.chosen(count: 20) {
            var scenario = LeaseScenario(seed: seed)
            let report = scenario.run()
            #expect(report.violation == nil, "PIDEP_SEED=\(seed): \(report.violation ?? "")")
            takes += report.takes
            renewals += report.renewals
            faults += report.faults
            served += report.served
            length += report.length
        }
        print(
            "leases: \(length) simulated, \(faults) faults, \(takes) owners, \(renewals) renewals, "
                + "somebody acted for \(served)")
        #expect(takes > 0 && served > length / 10)
    }

    @Test(
        "a cluster in which nothing happens writes nothing to its cards, though its lease is renewed all the while"
    )
    func idle() {
        let machines = (0..<3).map { _ in
            ControlNode.Machine(DriftingClock(offset: .seconds(100), partsPerMillion: 0))
        }
        let conditions = NetworkConditions(delay: .microseconds(200) ... .milliseconds(2))
        let world = World(seed: 7, count: 3, conditions: conditions) { index in
            ControlNode(
                UInt64(index) + 1, machine: machines[index], voters: 3, seed: UInt32(index), flaw: .none)
        }
        world.start()
        world.run(until: .seconds(20))
        let before = (0..<3).map { world.node($0).written.bytes }
        let renewals = (0..<3).map { world.node($0).renewals }.reduce(0, +)
        world.run(until: .seconds(620))
        #expect((0..<3).map { world.node($0).written.bytes } == before)
        #expect((0..<3).map { world.node($0).renewals }.reduce(0, +) - renewals > 1000)
        #expect((0..<3).count { world.node($0).isActing(at: world.now) } == 1)
    }

    @Test("a broken core is caught", arguments: ControlNode.Flaw.allCases.filter { $0 != .none })
    func flaws(flaw: ControlNode.Flaw) {
        for seed in 1...60 as ClosedRange<UInt64> {
            var scenario = LeaseScenario(seed: seed, flaw: flaw)
            if scenario.run().violation?.contains("act") == true { return }
        }
        Issue.record("no history shows what is wrong with \(flaw)")
    }
}
