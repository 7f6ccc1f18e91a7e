import Events
import Foundation
import Testing

@testable import Deployment

@Suite struct DatabaseActionsTests {
    let cluster = RecordedConsoles()
    let told = Told()

    final class Told: EventSink, @unchecked Sendable {
        private let lock = NSLock()
        private var list: [Event] = []
        func report(_ event: Event) { lock.withLock { list.append(event) } }
        var lines: [String] { lock.withLock { list.map { "\($0.subject ?? ""): \($0.message)" } } }
        var kinds: [Event.Kind] { lock.withLock { list.map(\.kind) } }
    }

    var actions: DatabaseActions { DatabaseActions(cluster.consoles, command: "database", sink: told) }

    private func failure(_ body: () throws(DeploymentFailure) -> Void) -> String {
        do throws(DeploymentFailure) {
            try body()
            return ""
        } catch { return error.sentence }
    }

    /// n1 is the primary; after some looks n2 is, and then n1 follows.
    private func recordSwitchover(to target: String = "n2") {
        for node in cluster.nodes {
            cluster.record(
                node, "show json", RecordedConsoles.answer(node, primary: "n1", epoch: 4),
                RecordedConsoles.answer(node, primary: "n1", epoch: 4),
                RecordedConsoles.answer(node, primary: nil, epoch: 4),
                RecordedConsoles.answer(node, primary: target, epoch: 5, states: ["n1": "rewinding"]),
                RecordedConsoles.answer(node, primary: target, epoch: 5))
        }
    }

    @Test("a switchover is told from the order until the old primary follows")
    func switchover() throws {
        recordSwitchover()
        cluster.record("n1", "switchover n2", "ok: hands over to n2")
        try actions.switchover(to: "n2")
        #expect(cluster.orders == ["n1 switchover n2"])
        #expect(
            told.lines == [
                "n1: hands over to n2", "n1: n1 is still the primary, running",
                "n1: no node is the primary yet",
                "n2: is the primary in epoch 5, timeline 6, after 0.5 s",
                "n2: is the primary, and n1 follows it, after 0.5 s",
            ])
        #expect(told.kinds.last == .finished)
    }

    @Test(
        "who is the primary already is left alone, and who does not stream is refused before anything is done"
    )
    func pointless() throws {
        cluster.recordAll(primary: "n1", epoch: 4, states: ["n3": "copying"])
        try actions.switchover(to: "n1")
        #expect(told.lines == ["n1: is the primary already"])
        #expect(
            failure { () throws(DeploymentFailure) in try actions.switchover(to: "n3") }
                == "n3 cannot become the primary: it is not streaming (copying). Nothing was changed")
        #expect(
            failure { () throws(DeploymentFailure) in try actions.switchover(to: "n9") }.hasPrefix(
                "n9 does not run the database"))
        #expect(cluster.orders == [])
    }

    @Test("a refusal is told as it is, and another node than the wanted one is no success")
    func refusal() {
        recordSwitchover(to: "n3")
        cluster.record("n1", "switchover n2", "refused: n2 lags by 20 MB", "ok: hands over")
        #expect(
            failure { () throws(DeploymentFailure) in try actions.switchover(to: "n2") }
                == "n1 refuses: n2 lags by 20 MB")
        #expect(
            failure { () throws(DeploymentFailure) in try actions.switchover(to: "n2") }.hasPrefix(
                "n3 became the primary instead of n2"))
    }

    @Test("without a primary nothing is begun, and why is said")
    func noPrimary() {
        cluster.recordAll(primary: nil, epoch: 4)
        for sentence in [
            failure { () throws(DeploymentFailure) in try actions.switchover(to: nil) },
            failure { () throws(DeploymentFailure) in try actions.failover() },
            failure { () throws(DeploymentFailure) in try actions.reinit("n2") },
        ] {
            #expect(sentence.contains("no node is the primary: "))
            #expect(sentence.contains("Nothing was changed: without a primary "))
        }
        #expect(cluster.orders == [])
    }

    @Test("a failover ends when somebody leads")
    func failover() throws {
        recordSwitchover(to: "n3")
        cluster.record("n1", "failover", "ok: killed")
        try actions.failover()
        #expect(told.lines.last == "n3: is the primary, and n1 follows it, after 0.5 s")
    }

    @Test("when nobody becomes the primary the command ends, and says where to look")
    func neverElected() {
        for node in cluster.nodes {
            cluster.record(
                node, "show json", RecordedConsoles.answer(node, primary: "n1", epoch: 4),
                RecordedConsoles.answer(node, primary: nil, epoch: 4))
        }
        cluster.record("n1", "failover", "ok: killed")
        #expect(
            failure { () throws(DeploymentFailure) in try actions.failover() }.hasPrefix(
                "no node became the primary within 90 s."))
    }

    @Test("all are restarted one after the other, the primary last and after it has handed over")
    func restart() throws {
        for node in cluster.nodes {
            cluster.record(node, "restart", "ok: restarting")
            // Looked at once before, and once after each of two restarts; then the switchover looks.
            let before = RecordedConsoles.answer(node, primary: "n2", epoch: 4)
            cluster.record(
                node, "show json", before, before, before, before,
                RecordedConsoles.answer(node, primary: "n1", epoch: 5))
        }
        cluster.record("n2", "switchover", "ok: hands over")
        try actions.restart(nil)
        #expect(cluster.orders == ["n1 restart", "n3 restart", "n2 switchover", "n2 restart"])
        try actions.restart("n3")
        #expect(cluster.orders.last == "n3 restart")
    }

    @Test("with a node that does not answer nothing is restarted, unless one is named")
    func restartWithout() throws {
        for node in ["n1", "n2"] {
            cluster.record(node, "show json", RecordedConsoles.answer(node, primary: "n1", epoch: 4))
            cluster.record(node, "restart", "ok")
        }
        #expect(
            failure { () throws(DeploymentFailure) in try actions.restart(nil) }.contains(
                "Nothing was restarted"))
        #expect(cluster.orders == [])
        try actions.restart("n2")
        #expect(cluster.orders == ["n2 restart"])
    }

    @Test("a copy is followed by its progress, and one that stands still is given up")
    func reinit() throws {
        cluster.recordAll(primary: "n1", epoch: 4)
        cluster.record("n3", "reinit", "ok: copying from n1")
        func answer(_ state: String, _ progress: String?) -> String {
            RecordedConsoles.answer(
                "n3", primary: "n1", epoch: 4, states: ["n3": state],
                job: progress.map { #"{"name":"copy","from":"n1","progress":\#($0)}"# } ?? "null")
        }
        cluster.record(
            "n3", "show json", answer("streaming", nil), answer("streaming", nil), answer("copying", "0.1"),
            answer("copying", "0.9"), answer("streaming", nil))
        try actions.reinit("n3")
        #expect(
            told.lines.suffix(3) == [
                "n3: copy from n1, 10 %", "n3: copy from n1, 90 %", "n3: copied, and follows n1",
            ])
        cluster.record("n3", "show json", answer("copying", "0.5"))
        #expect(
            failure { () throws(DeploymentFailure) in try actions.reinit("n3") }.hasPrefix(
                "n3 has stood still for 180 s (copy from n1, 50 %)."))
        #expect(
            failure { () throws(DeploymentFailure) in try actions.reinit("n1") }.hasPrefix(
                "n1 is the primary: its data"))
    }

    @Test("promote shows the loss first, and is not for a cluster that has a primary")
    func promote() throws {
        cluster.recordAll(primary: "n1", epoch: 4)
        #expect(
            failure { () throws(DeploymentFailure) in _ = try actions.lossOfPromoting("n3") }.hasPrefix(
                "n1 is the primary and answers"))
        cluster.recordAll(primary: nil, epoch: 4)
        cluster.record("n3", "promote --accept-loss", "up to 3 transactions may be lost")
        #expect(try actions.lossOfPromoting("n3") == "up to 3 transactions may be lost")
        #expect(cluster.orders == ["n3 promote --accept-loss"])
        cluster.record("n3", "promote --accept-loss --yes", "ok: promoting")
        cluster.record("n3", "show json", RecordedConsoles.answer("n3", primary: "n3", epoch: 5))
        try actions.promote("n3")
        #expect(told.lines.last == "n3: is the primary in epoch 5")
    }

    @Test("an answer that means nothing is not taken for a yes")
    func nonsense() {
        cluster.recordAll(primary: "n1", epoch: 4)
        cluster.record("n1", "failover", "Unknown command: 'failover'")
        #expect(
            failure { () throws(DeploymentFailure) in try actions.failover() }.hasPrefix(
                "n1 answers \"Unknown command"))
    }
}
