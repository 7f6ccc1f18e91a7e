import Events
import Foundation
import Testing

@testable import Deployment

@Suite struct DatabaseBackupsTests {
    let cluster = RecordedConsoles()
    let told = DatabaseActionsTests.Told()

    private var actions: DatabaseActions {
        DatabaseActions(cluster.consoles, command: "database", sink: told)
    }

    private func failure(_ body: () throws(DeploymentFailure) -> Void) -> String {
        do throws(DeploymentFailure) {
            try body()
            return ""
        } catch { return error.sentence }
    }

    /// An answer with what a node that keeps backups says besides.
    private func answer(
        _ node: String, primary: String?, epoch: Int = 4, names: [String] = ["20261124T030000Z"],
        running: Bool = false, failure: String = "null", step: String? = nil,
        restoreFailure: String = "null", held: Bool = false
    ) -> String {
        let list = names.map { "\"\($0)\"" }.joined(separator: ",")
        let backup =
            node == "n3"
            ? #"{"folder":"/b","names":[\#(list)],"age_seconds":9,"receiving":true,"running":\#(running),"failure":\#(failure),"restoring":\#(step != nil),"restore_step":\#(step.map { "\"\($0)\"" } ?? "null"),"restore_failure":\#(restoreFailure)}"#
            : "null"
        let plain = RecordedConsoles.answer(node, primary: primary, epoch: epoch)
        return plain.dropLast().trimmingCharacters(in: .whitespacesAndNewlines)
            .replacingOccurrences(
                of: #""slots":[]"#, with: #""held":\#(held),"backup":\#(backup),"slots":[]"#) + "}"
    }

    private func recordAll(primary: String?) {
        for node in cluster.nodes { cluster.record(node, "show json", answer(node, primary: primary)) }
    }

    @Test("a backup is told until it is verified")
    func backup() throws {
        recordAll(primary: "n1")
        let new = ["20261124T030000Z", "20261125T190000Z"]
        cluster.record(
            "n3", "show json", answer("n3", primary: "n1"), answer("n3", primary: "n1", running: true),
            answer("n3", primary: "n1", names: new))
        cluster.record("n3", "backup", "ok: a backup begins")
        try actions.backup()
        #expect(cluster.orders == ["n3 backup"])
        #expect(told.lines.last?.contains("/b/base/20261125T190000Z is made and verified") == true)
    }

    @Test("a backup that fails says why, and no node that keeps any says what to set")
    func failures() {
        recordAll(primary: "n1")
        cluster.record(
            "n3", "show json", answer("n3", primary: "n1"), answer("n3", primary: "n1", running: true),
            answer("n3", primary: "n1", failure: "\"no space\""))
        cluster.record("n3", "backup", "ok")
        let why = failure { () throws(DeploymentFailure) in try actions.backup() }
        #expect(why.contains("no space"))
        let bare = RecordedConsoles()
        bare.recordAll(primary: "n1", epoch: 4)
        let without = DatabaseActions(bare.consoles, command: "database", sink: told)
        let advice = failure { () throws(DeploymentFailure) in try without.backup() }
        #expect(advice.contains("postgresql_backup_node"))
    }

    @Test(
        "a restore proves first that the time is reached, holds all, the primary last; promotes, lets the others go on"
    )
    func restore() throws {
        for node in cluster.nodes {
            let after = answer(node, primary: "n3", epoch: 5)
            cluster.record(
                node, "show json", answer(node, primary: "n1"), answer(node, primary: "n1"),
                answer(node, primary: nil, held: true), answer(node, primary: nil, held: true), after)
            cluster.record(node, "hold", "ok")
            cluster.record(node, "resume", "ok")
        }
        let proving = answer("n3", primary: "n1", step: "goes through the log in the copy")
        let held = answer("n3", primary: nil, held: true)
        cluster.record(
            "n3", "show json", answer("n3", primary: "n1"), answer("n3", primary: "n1"), proving, proving,
            answer("n3", primary: "n1"), answer("n3", primary: "n1"), held, held, held,
            answer("n3", primary: nil), answer("n3", primary: "n3", epoch: 5))
        cluster.record("n3", "prepare latest 2026-11-25 19:00:00", "ok: copied")
        cluster.record("n3", "restore latest 2026-11-25 19:00:00", "ok: copied")
        cluster.record("n3", "promote --accept-loss --yes", "refused: starting", "ok: becomes primary")
        try actions.restore("latest", until: "2026-11-25 19:00:00")
        let orders = cluster.orders
        #expect(
            orders.prefix(4) == ["n3 prepare latest 2026-11-25 19:00:00", "n2 hold", "n3 hold", "n1 hold"])
        #expect(told.lines.contains { $0.contains("goes through the log in the copy") })
        #expect(orders.contains("n3 restore latest 2026-11-25 19:00:00"))
        #expect(orders.suffix(2) == ["n1 resume", "n2 resume"])
        #expect(told.kinds.last == .finished)
    }

    @Test(
        "a restore that fails lets all go on with what they had, and one that would miss a node does not begin"
    )
    func restoreFails() {
        for node in cluster.nodes {
            cluster.record(
                node, "show json", answer(node, primary: "n1"), answer(node, primary: "n1"),
                answer(node, primary: nil, held: true))
            cluster.record(node, "hold", "ok")
            cluster.record(node, "resume", "ok")
        }
        cluster.record("n3", "prepare latest", "ok")
        cluster.record("n3", "restore latest", "refused: there is no backup of that time")
        let sentence = failure { () throws(DeploymentFailure) in try actions.restore("latest", until: nil) }
        #expect(sentence.contains("there is no backup of that time"))
        #expect(sentence.contains("go on with the data that they had"))
        #expect(cluster.orders.suffix(3) == ["n1 resume", "n2 resume", "n3 resume"])

        let partly = RecordedConsoles()
        partly.record("n1", "show json", answer("n1", primary: "n1"))
        partly.record("n3", "show json", answer("n3", primary: "n1"))
        let others = DatabaseActions(partly.consoles, command: "database", sink: told)
        let refusal = failure { () throws(DeploymentFailure) in try others.restore("latest", until: nil) }
        #expect(refusal.contains("Nothing was changed"))
        #expect(partly.orders.isEmpty)
    }

    @Test("a time that the log does not come to is told before anything stops")
    func unreached() {
        recordAll(primary: "n1")
        let why = #""the log here ends before 2026-11-25 19:00:00: its last transaction is of 18:54""#
        cluster.record(
            "n3", "show json", answer("n3", primary: "n1"), answer("n3", primary: "n1", restoreFailure: why))
        cluster.record("n3", "prepare latest 2026-11-25 19:00:00", "ok")
        let sentence = failure { () throws(DeploymentFailure) in
            try actions.restore("latest", until: "2026-11-25 19:00:00")
        }
        #expect(sentence.contains("n3: the log here ends before") && sentence.contains("Nothing was changed"))
        #expect(cluster.orders == ["n3 prepare latest 2026-11-25 19:00:00"])
    }

    @Test(
        "a drill's outage is the longest time without an answer after the accident, and what is missing is told"
    )
    func drill() {
        let rows: [(number: Int, at: Duration)] = [
            (1, .milliseconds(10)), (2, .seconds(3)), (3, .seconds(4)), (4, .milliseconds(4600)),
            (5, .milliseconds(4700)),
        ]
        let drill = DatabaseActions.Drill(rows, accident: .milliseconds(4100), present: [1, 2, 3, 5])
        #expect(drill.outage == .milliseconds(500))
        #expect(drill.acknowledged == 5 && drill.missing == [4])
    }
}
