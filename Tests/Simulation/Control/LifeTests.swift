import Simulator
import Testing

@Suite struct LifeTests {
    @Test("whoever has a log of a former life stops for ever, and rejoins without it; no epoch is used twice")
    func lives() {
        for seed in Seeds.chosen(count: 25) {
            let violation = LifeScenario().run(seed)
            #expect(violation == nil, "PIDEP_SEED=\(seed): \(violation ?? "")")
        }
    }
}
