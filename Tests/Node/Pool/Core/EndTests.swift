import Languages
import Testing

@testable import Pool

@Suite("Clients and servers that end") struct EndTests {
    /// Nothing of a stage whose clients are gone counts any more.
    func expectClean(_ stage: PoolStage, servers: Int? = nil) {
        #expect(stage.driver.violations == [])
        #expect(stage.pooler.clientCount == 0)
        #expect(stage.pooler.cancelKeys.isEmpty)
        let sessions = stage.pooler.sessions.compactMap { $0 }
        #expect(sessions.allSatisfy { $0.isServer })
        #expect(stage.driver.open.count == sessions.count)
        for database in stage.pooler.databases.values {
            #expect(database.clientCount == 0)
            for pool in database.pools {
                #expect(pool.waiting.count == 0)
                #expect(pool.clientCount == 0)
                #expect(pool.logins == pool.servers.filter { $0.state == .login }.count)
            }
        }
        if let servers { #expect(stage.serverCount == servers) }
    }

    @Test("a client vanishes before it has said a word")
    func silent() {
        let stage = PoolStage()
        stage.connect().vanish()
        expectClean(stage, servers: 0)
    }

    @Test("a client vanishes in the middle of its start-up message")
    func halfStartup() {
        let stage = PoolStage()
        let a = stage.connect()
        a.ask(Array(Say.startup([("user", "alice")]).prefix(9)))
        a.vanish()
        expectClean(stage, servers: 0)
    }

    @Test("a client vanishes while it waits to be let in")
    func welcome() {
        let stage = PoolStage()
        stage.postgres.loginHangs = true
        stage.knock().vanish()
        expectClean(stage)
    }

    @Test("an idle client vanishes and nothing happens to servers")
    func idle() {
        let stage = PoolStage()
        let a = stage.client()
        a.query("SELECT 'a'")
        a.vanish()
        expectClean(stage, servers: 1)
    }

    @Test("a client vanishes in the queue")
    func queued() {
        let stage = PoolStage { $0.defaultPoolSize = 1 }
        let (a, b, c) = (stage.client(), stage.client(), stage.client())
        a.query("BEGIN")
        b.query("SELECT 'b'")
        c.query("SELECT 'c'")
        b.vanish()
        a.query("COMMIT")
        #expect(c.take().contains("row c"))
        a.vanish()
        c.vanish()
        expectClean(stage, servers: 1)
    }

    @Test(
        "a client vanishes in a transaction, and its server ends with it",
        arguments: [
            "BEGIN", "SLEEP 'x'", "COPY IN",
        ])
    func busy(query: String) {
        let stage = PoolStage { $0.defaultPoolSize = 1 }
        let (a, b) = (stage.client(), stage.client())
        a.query(query)
        b.query("SELECT 'b'")
        a.vanish()
        stage.postgres.wakeAll()
        stage.pump()
        #expect(b.take().contains("row b"))
        b.vanish()
        expectClean(stage, servers: 1)
        #expect(stage.postgres.startups.count == 2)
    }

    @Test("a client vanishes in the middle of a message")
    func halfMessage() {
        let stage = PoolStage()
        let a = stage.client()
        a.ask(Array(Say.query("SELECT 'a'").prefix(8)))
        a.vanish()
        expectClean(stage)
    }

    @Test("a client vanishes while its settings are being set, and the server is another's")
    func settling() {
        let stage = PoolStage()
        let b = stage.client()
        b.query("SELECT 'b'")
        let a = stage.client("alice", "app", [("application_name", "a")])
        guard let server = stage.driver.open[stage.servers[0].link] else { return }
        stage.stalled = [server]
        a.query("SELECT 'a'")
        #expect(stage.servers[0].task == .settings)
        a.vanish()
        stage.stalled = []
        stage.pump()
        #expect(b.query("SHOW application_name").contains("row "))
        b.vanish()
        expectClean(stage, servers: 1)
    }

    @Test("a client that is gone is told nothing more, though answers come")
    func answersForNobody() {
        let stage = PoolStage { $0.poolMode = .session }
        let a = stage.client()
        a.query("SLEEP 'a'")
        a.vanish()
        stage.postgres.wakeAll()
        stage.pump()
        expectClean(stage, servers: 0)
    }

    @Test("a server dies under a client, which is told, and the next one gets a new server")
    func serverDies() {
        let stage = PoolStage()
        let (a, b) = (stage.client(), stage.client())
        a.query("BEGIN")
        stage.postgres.crash()
        stage.pump()
        #expect(a.take().last == "end")
        #expect(b.query("SELECT 'b'").contains("row b"))
    }

    @Test("a server's own last words reach its client")
    func fatal() {
        let stage = PoolStage()
        let a = stage.client()
        a.query("BEGIN")
        let answer = a.query("DIE")
        #expect(answer.first == "fatal 57P01 terminating connection due to administrator command")
        #expect(answer.last == "end")
        expectClean(stage, servers: 0)
    }

    @Test("an idle server dies and nobody hears of it")
    func idleServerDies() {
        let stage = PoolStage()
        let a = stage.client()
        a.query("SELECT 'a'")
        stage.postgres.crash()
        stage.pump()
        #expect(!a.isClosed)
        #expect(a.query("SELECT 'b'").contains("row b"))
    }

    @Test("a server dies while it is reset or checked, and who waits gets another one")
    func dyingInTasks() {
        let stage = PoolStage {
            $0.poolMode = .session
            $0.defaultPoolSize = 1
            $0.serverResetQuery = "DIE"
        }
        let (a, b) = (stage.client(), stage.client())
        a.query("SELECT 'a'")
        b.query("SELECT 'b'")
        a.vanish()
        #expect(b.take().contains("row b"))
    }

    @Test("a reset that fails ends the server")
    func failingReset() {
        let stage = PoolStage {
            $0.poolMode = .session
            $0.serverResetQuery = "FAIL"
        }
        let a = stage.client()
        a.query("SELECT 'a'")
        a.vanish()
        expectClean(stage, servers: 0)
    }

    @Test("a reset may leave no transaction open")
    func resetInTransaction() {
        let stage = PoolStage {
            $0.poolMode = .session
            $0.serverResetQuery = "BEGIN"
        }
        let a = stage.client()
        a.query("SELECT 'a'")
        a.vanish()
        expectClean(stage, servers: 0)
    }

    @Test("a login that fails is told to those who wait, and to those who come soon after")
    func loginFails() {
        let stage = PoolStage { $0.serverLoginRetry = .seconds(15) }
        stage.postgres.loginError = ("28P01", "password authentication failed")
        #expect(stage.knock().take() == ["fatal 28P01 password authentication failed", "end"])
        #expect(stage.knock().take().first?.contains("server login has been failing, cached error") ?? false)
        stage.postgres.loginError = nil
        #expect(stage.knock().take().first?.hasPrefix("fatal") ?? false)
        stage.pass(.seconds(16))
        #expect(stage.knock().take().last == "ready I")
    }

    @Test("a server that starts up keeps clients waiting (57P03)")
    func startingUp() {
        let stage = PoolStage { $0.serverLoginRetry = .seconds(2) }
        stage.postgres.loginError = ("57P03", "the database system is starting up")
        let a = stage.knock()
        #expect(a.take() == [])
        stage.postgres.loginError = nil
        stage.pass(.seconds(3))
        #expect(a.take().last == "ready I")
    }

    @Test("after server_login_retry a server that could not be reached is tried again")
    func retry() {
        let stage = PoolStage { $0.serverLoginRetry = .seconds(5) }
        stage.postgres.closedPorts = [5432]
        let a = stage.knock()
        stage.postgres.closedPorts = []
        stage.pass(.seconds(4))
        #expect(a.take() == [])
        stage.pass(.seconds(2))
        #expect(a.take().last == "ready I")
    }

    @Test("a login that takes longer than server_connect_timeout is given up")
    func connectTimeout() {
        let stage = PoolStage { $0.serverConnectTimeout = .seconds(3) }
        stage.postgres.silentPorts = [5432]
        _ = stage.knock()
        #expect(stage.driver.open.count == 2)
        stage.pass(.seconds(4))
        #expect(stage.driver.open.count == 1)
    }

    @Test("an error without SQLSTATE is an error all the same (CVE-2026-6666)")
    func errorWithoutCode() {
        let stage = PoolStage()
        stage.postgres.loginHangs = true
        let a = stage.knock()
        stage.driver.open[stage.servers[0].link]?.incoming += Say.message("E", [0])
        stage.postgres.loginHangs = false
        stage.pump()
        stage.pass(.seconds(16))
        #expect(a.take().last == "ready I")
    }

    @Test("a server that says what nobody asked for is given up")
    func unasked() {
        let stage = PoolStage()
        let a = stage.client()
        a.query("SELECT 'a'")
        stage.driver.open[stage.servers[0].link]?.incoming += Say.message("D", [0, 0])
        stage.pump()
        #expect(stage.serverCount == 0)
        #expect(a.query("SELECT 'b'").contains("row b"))
    }

    @Test("a connect_query is run once on each server, and one that fails is a failed login")
    func connectQuery() {
        let stage = PoolStage { $0.databases[0].connectQuery = "SET work_mem = '1MB'" }
        let a = stage.client()
        #expect(a.query("SHOW work_mem").contains("row 1MB"))
        let failing = PoolStage { $0.databases[0].connectQuery = "FAIL" }
        let b = failing.knock()
        b.query("SELECT 'b'")
        #expect(failing.serverCount == 0)
    }
}

extension EndTests {
    @Test("a client that vanishes in a query has no other query run in its name")
    func noTerminateInAQuery() {
        let stage = PoolStage()
        let a = stage.client()
        // Two bytes are missing: a Terminate message would fill them.
        a.ask(Array(Say.query("BEGIN") + Say.query("SELECT 'ab'").dropLast(2)))
        a.vanish()
        #expect(stage.postgres.executed == ["BEGIN"])
        expectClean(stage, servers: 0)
    }

    @Test("an error is not told in the middle of a row")
    func noErrorInARow() {
        let stage = PoolStage()
        let a = stage.client()
        a.query("SLEEP 'x'")
        guard let server = stage.driver.open[stage.servers[0].link] else { return }
        let row: [UInt8] = Say.message("D", [0, 1] + Say.big(300) + [UInt8](repeating: 0x61, count: 300))
        server.incoming += row.prefix(250)
        stage.pump()
        stage.postgres.crash()
        stage.pump()
        #expect(a.take() == ["end in a message"])
        #expect(a.wire.outgoing.isEmpty)
    }
}
