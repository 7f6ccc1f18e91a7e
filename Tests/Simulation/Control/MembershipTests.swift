import Simulator
import Testing

@Suite struct MembershipTests {
    @Test("a voter that is gone for good is replaced by a follower, one that comes back in time is not")
    func replacing() {
        var replaced = 0
        for seed in Seeds.chosen(count: 6) {
            var scenario = MembershipScenario(seed: seed)
            let report = scenario.run()
            #expect(report.violation == nil, "PIDEP_SEED=\(seed): \(report.violation ?? "")")
            replaced += report.replaced
        }
        #expect(replaced > 0)
    }

    @Test("with replace_after = never nobody is replaced")
    func waiting() {
        for seed in Seeds.chosen(count: 2) {
            var scenario = MembershipScenario(seed: seed, waits: nil)
            #expect(scenario.run().violation == nil)
        }
    }
}
