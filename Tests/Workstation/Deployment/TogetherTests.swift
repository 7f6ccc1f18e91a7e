import Digest
import Inventory
import Manifest
@testable import Recipes
import Testing

@testable import Deployment

@Suite struct TogetherTests {
    private func unit(_ state: String) -> UnitState {
        UnitState(name: "pinode-control.service", load: "loaded", active: state, file: "enabled")
    }

    @Test(
        "a unit that runs, or is about to, counts; one that is not there does not",
        arguments: [
            ("active", true), ("activating", true), ("failed", false), ("inactive", false),
        ])
    func running(state: String, expected: Bool) {
        #expect(Together.run(["pinode-control.service"], in: [unit(state)]) == expected)
        #expect(!Together.run(["pinode-control.service", "other.service"], in: [unit(state)]))
        #expect(!Together.run(["pinode-control.service"], in: []))
    }

    private func check(contains: String?) -> Check {
        Check(
            recipe: "control", url: "", console: .init(node: "n1", role: "control", command: "show health"),
            status: 200, contains: contains, within: .milliseconds(1), concernsVirtualAddress: false)
    }

    @Test("a console's answer must contain what the check wants, and no login is a failure")
    func console() {
        var runner = CheckRunner(device: nil)
        #expect(runner.run(check(contains: "ok: ")).failure == "there is no login to ask over")
        runner.console = { .success("\($0.role) says ok: fine") }
        #expect(runner.run(check(contains: "ok: ")).failure == nil)
        #expect(runner.run(check(contains: nil)).failure == nil)
        let failure = runner.run(check(contains: "leads")).failure
        #expect(failure == "answered \"control says ok: fine\", without \"leads\"")
    }

    @Test(
        "a restart or stop of what runs on all nodes together lets no other node be touched beside it",
        arguments: [("restart", true), ("stop", true), ("start", false), ("reload", false)])
    func alone(action: String, expected: Bool) {
        var check = check(contains: nil)
        let plan = NodePlan(
            node: "n1",
            steps: [.init(kind: .unit, name: "pinode-control.service", action: action, detail: "")])
        #expect(!Together.isBroken(by: plan, [check]))
        check.together = ["pinode-control.service"]
        #expect(Together.isBroken(by: plan, [check]) == expected)
    }

    @Test("a recipe's checks of the node alone do not hide what must run everywhere")
    func units() {
        var second = check(contains: nil)
        second.together = ["pinode-control.service"]
        #expect(
            Together.units(of: "control", in: [check(contains: nil), second]) == ["pinode-control.service"])
        #expect(Together.units(of: "apache", in: [check(contains: nil), second]) == [])
    }

    @Test("a console is asked with words that a shell leaves alone")
    func command() {
        let line = ConsoleQuestions.command(.init(node: "n1", role: "control", command: "show 'x'; y"))
        #expect(line == "/opt/pinode/current/pinode ctl 'control' 'show '\\''x'\\''; y'")
    }
}
