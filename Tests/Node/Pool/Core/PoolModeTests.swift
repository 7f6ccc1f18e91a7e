import Languages
import Testing

@testable import Pool

@Suite("When servers belong to clients") struct PoolModeTests {
    @Test("in transaction mode two clients share a server, one transaction after the other")
    func transactionMode() {
        let stage = PoolStage()
        let (a, b) = (stage.client("alice"), stage.client("alice"))
        #expect(a.query("SELECT 'a'") == ["columns token", "row a", "complete SELECT 1", "ready I"])
        #expect(b.query("SELECT 'b'") == ["columns token", "row b", "complete SELECT 1", "ready I"])
        #expect(stage.serverCount == 1)
    }

    @Test("in transaction mode a server stays with its client until the transaction ends")
    func openTransaction() {
        let stage = PoolStage()
        let (a, b) = (stage.client(), stage.client())
        #expect(a.query("BEGIN") == ["complete BEGIN", "ready T"])
        b.query("SELECT 'b'")
        #expect(stage.serverCount == 2)
        #expect(a.query("COMMIT") == ["complete COMMIT", "ready I"])
        #expect(stage.servers.allSatisfy { $0.client == nil })
    }

    @Test("a transaction that failed is still its client's")
    func failedTransaction() {
        let stage = PoolStage()
        let a = stage.client()
        a.query("BEGIN")
        #expect(a.query("FAIL") == ["error 22012 division by zero", "ready E"])
        #expect(stage.servers.first?.client != nil)
        #expect(a.query("ROLLBACK") == ["complete ROLLBACK", "ready I"])
        #expect(stage.servers.first?.client == nil)
    }

    @Test("in session mode a server stays with its client until it leaves, and is reset then")
    func sessionMode() {
        let stage = PoolStage { $0.poolMode = .session }
        let (a, b) = (stage.client(), stage.client())
        a.query("SET work_mem = '9MB'")
        b.query("SELECT 'b'")
        #expect(stage.serverCount == 2)
        a.ask(Say.terminate)
        #expect(stage.postgres.executed.last == "DISCARD ALL")
        #expect(stage.serverCount == 2)
        let c = stage.client()
        #expect(c.query("SHOW work_mem") == ["columns work_mem", "row 4MB", "complete SHOW", "ready I"])
        #expect(stage.serverCount == 2)
    }

    @Test("a server that is used last is taken first, so that the others may age")
    func lastInFirstOut() {
        let stage = PoolStage()
        let (a, b) = (stage.client(), stage.client())
        a.query("BEGIN")
        b.query("BEGIN")
        let (first, second) = (stage.servers[0], stage.servers[1])
        a.query("COMMIT")
        b.query("COMMIT")
        a.query("BEGIN")
        #expect(second.client != nil)
        #expect(first.client == nil)
    }

    @Test("in statement mode a transaction of several statements ends the client")
    func statementMode() {
        let stage = PoolStage { $0.poolMode = .statement }
        let a = stage.client()
        #expect(a.query("SELECT 'a'").last == "ready I")
        let answer = a.query("BEGIN")
        #expect(answer.contains("fatal 08P01 transaction blocks not allowed in statement pooling mode"))
        #expect(answer.last == "end")
        #expect(stage.serverCount == 0)
    }

    @Test("a user's mode goes before the database's, and that before the file's")
    func modeByUserAndDatabase() {
        let stage = PoolStage {
            $0.databases[0].poolMode = .statement
            var user = PoolUser(name: "bob")
            user.poolMode = .session
            $0.users = [user]
        }
        #expect(stage.client("bob").query("BEGIN") == ["complete BEGIN", "ready T"])
        #expect(stage.client("alice").query("BEGIN").last == "end")
    }

    @Test("clients of two users never share a server")
    func poolPerUser() {
        let stage = PoolStage()
        stage.client("alice").query("SELECT 'a'")
        stage.client("bob").query("SELECT 'b'")
        #expect(stage.serverCount == 2)
        #expect(stage.postgres.startups.map { $0["user"] } == ["alice", "bob"])
    }

    @Test("a forced user logs in for everybody")
    func forcedUser() {
        let stage = PoolStage { $0.databases[0].user = "app_owner" }
        stage.client("alice").query("SELECT 'a'")
        #expect(stage.postgres.startups.map { $0["user"] } == ["app_owner"])
    }

    @Test("requests that were sent in one piece are answered in order on one server")
    func pipeline() {
        let stage = PoolStage()
        let a = stage.client()
        let answer = a.ask(Say.query("SELECT '1'") + Say.extended("SELECT '2'") + Say.query("SELECT '3'"))
        #expect(answer.filter { $0.hasPrefix("row") } == ["row 1", "row 2", "row 3"])
        #expect(stage.serverCount == 1)
        #expect(stage.servers.first?.client == nil)
    }

    @Test("a server is not given on while a pipeline has answers to come, though one transaction ended")
    func pipelineKeepsServer() {
        let stage = PoolStage()
        let a = stage.client()
        a.ask(Say.query("SELECT '1'") + Say.query("SLEEP 'x'"))
        #expect(stage.servers.first?.client != nil)
        stage.postgres.wakeAll()
        stage.pump()
        #expect(stage.servers.first?.client == nil)
    }

    @Test("every byte may come alone, both ways")
    func bytewise() {
        let stage = PoolStage()
        stage.piece = 1
        let a = stage.client()
        #expect(a.query("SELECT 'a'") == ["columns token", "row a", "complete SELECT 1", "ready I"])
        let answer = a.ask(Say.extended("SELECT $1", name: "s", ["x"]) + Say.run("s", ["y"]))
        #expect(answer.filter { $0.hasPrefix("row") } == ["row x", "row y"])
    }

    @Test("what comes with the start-up message in one piece is answered, too")
    func pipelinedStartup() {
        let stage = PoolStage()
        let a = stage.connect()
        let start = Say.startup([("user", "alice"), ("database", "app")])
        #expect(a.ask(start + Say.query("SELECT 'a'")).contains("row a"))
        let b = stage.connect()
        #expect(b.ask(start + Say.query("SELECT 'b'")).contains("row b"))
        let root = stage.connect()
        let console = Say.startup([("user", "root"), ("database", "pgbouncer")])
        #expect(root.ask(console + Say.query("SHOW STATE")).contains("complete SHOW"))
    }
}
