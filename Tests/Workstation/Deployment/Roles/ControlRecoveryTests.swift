import Events
import Testing

@testable import Deployment

@Suite struct ControlRecoveryTests {
    private let recorded = RecordedConsoles(["n1", "n2", "n3", "n4"])
    private let told = DatabaseActionsTests.Told()
    private var recovery: ControlRecovery {
        ControlRecovery(recorded.consoles, command: "control recover", sink: told)
    }

    private func failure(_ body: () throws(DeploymentFailure) -> Void) -> String {
        do throws(DeploymentFailure) {
            try body()
            return ""
        } catch { return error.sentence }
    }

    private func knows(_ node: String, entry: Int, term: String) {
        recorded.recordRun(
            node, "asking what it knows",
            [
                "\(node), member 2 of cluster lab: last entry \(entry) of term \(term)",
                "lease primary: n2, epoch 4", "Could be lost: whatever was agreed on", "Nothing was changed.",
            ])
    }

    /// n1 and n4 are gone; n2 and n3 are left without a leader.
    private func leave() {
        for node in ["n2", "n3"] { recorded.record(node, "show health", "no leader: fewer than a majority") }
        knows("n2", entry: 21, term: "5")
        knows("n3", entry: 20, term: "5")
    }

    @Test("what could be lost is told with what the node knows and who does not answer")
    func loss() throws {
        leave()
        let loss = try recovery.lossOfRecovering("n2")
        #expect(
            loss.hasPrefix(
                "n2, member 2 of cluster lab: last entry 21 of term 5\nlease primary: n2, epoch 4\n"))
        #expect(loss.contains("n1, n4 do not answer") && loss.contains("n3 throw their logs away"))
        #expect(!loss.contains("Nothing was changed."))
        #expect(recorded.orders == ["n2 asking what it knows", "n3 asking what it knows"])
    }

    @Test("a node that another one knows more than is not recovered")
    func behind() {
        leave()
        let sentence = failure { () throws(DeploymentFailure) in _ = try recovery.lossOfRecovering("n3") }
        #expect(sentence.contains("n2 knows more than n3: entry 21 of term 5, not entry 20 of term 5"))
        #expect(sentence.hasSuffix("pidep control recover shelf.ini n2"))
    }

    @Test("with a leader nothing is asked, and a node that is gone or unknown is not recovered")
    func refusals() {
        leave()
        recorded.record("n3", "show health", "ok: n3 leads in term 5")
        #expect(
            failure { () throws(DeploymentFailure) in _ = try recovery.lossOfRecovering("n2") }
                .contains("nothing needs to be lost"))
        #expect(recorded.orders.isEmpty)
        leave()
        #expect(
            failure { () throws(DeploymentFailure) in _ = try recovery.lossOfRecovering("n1") }
                .contains("n1 does not answer"))
        #expect(
            failure { () throws(DeploymentFailure) in _ = try recovery.lossOfRecovering("web") }
                .contains("does not run control"))
    }

    @Test("later lives and terms count more than entries")
    func order() throws {
        func known(_ text: String) throws -> ControlRecovery.Knowledge {
            try #require(ControlRecovery.Knowledge("n", ["n, member 1 of cluster c: last entry \(text)"]))
        }
        let ascending = try ["30 of term 4", "7 of term 5", "8 of term 5", "2 of term 1 of recovery 1"].map(
            known)
        for (less, more) in zip(ascending, ascending.dropFirst()) {
            #expect(less.isBehind(more) && !more.isBehind(less))
        }
        #expect(ControlRecovery.Knowledge("n", ["cannot be read"]) == nil)
    }

    @Test("the node is recovered while the others are stopped; they rejoin, and two of them vote")
    func act() throws {
        for node in recorded.nodes.dropLast() {
            recorded.record(
                node, "show health", "no leader: none", "silent: a moment", "ok: n2 leads in term 1")
        }
        recorded.record("n1", "show json", #"{"member":1}"#)
        recorded.record("n3", "show json", #"{"member":7}"#)
        recorded.record("n2", "promote 1", "done: n1 votes")
        recorded.record("n2", "promote 7", "refused: ask again in a few seconds", "done: n3 votes")
        try recovery.recover("n2")
        #expect(
            recorded.orders == [
                "n1 stopping control", "n3 stopping control", "n2 recovering", "n1 rejoining", "n3 rejoining",
                "n2 promote 1", "n2 promote 7", "n2 promote 7",
            ])
        #expect(told.kinds.last == .finished)
        #expect(told.lines.contains { $0.contains("pidep control rejoin shelf.ini n4 --accept-loss") })
    }

    @Test("one other node stays a follower, and a recovery that fails leaves all as it was")
    func fewer() throws {
        for node in ["n2", "n3"] {
            recorded.record(node, "show health", "no leader: none", "ok: n2 leads in term 1")
        }
        try recovery.recover("n2")
        #expect(recorded.orders == ["n3 stopping control", "n2 recovering", "n3 rejoining"])
        #expect(told.lines.contains { $0.contains("votes alone") })

        recorded.recordRun("n2", "recovering", [], failure: "n2: its log is damaged")
        let sentence = failure { () throws(DeploymentFailure) in try recovery.recover("n2") }
        #expect(sentence.contains("its log is damaged") && sentence.contains("as it was"))
        #expect(recorded.orders.suffix(3) == ["n3 stopping control", "n2 recovering", "n3 starting control"])
    }
}
