import Languages
import Testing

@testable import Pool

@Suite("Limits and the queue") struct LimitTests {
    /// Clients of one user, each in a transaction as far as servers go.
    func busy(_ stage: PoolStage, _ count: Int, _ user: String = "alice", _ database: String = "app")
        -> [TestClient]
    {
        (0..<count).map { _ in
            let client = stage.client(user, database)
            client.query("BEGIN")
            return client
        }
    }

    @Test("a pool has default_pool_size servers, and who comes later waits in order")
    func queue() {
        let stage = PoolStage { $0.defaultPoolSize = 2 }
        let first = busy(stage, 2)
        let (c, d) = (stage.client(), stage.client())
        #expect(c.query("SELECT 'c'") == [])
        #expect(d.query("SELECT 'd'") == [])
        #expect(stage.serverCount == 2)
        first[0].query("COMMIT")
        stage.pump()
        #expect(c.take().contains("row c"))
        #expect(d.take().contains("row d"))
    }

    @Test("whoever asks again stands behind those who wait already")
    func noOvertaking() {
        let stage = PoolStage { $0.defaultPoolSize = 1 }
        let a = busy(stage, 1)[0]
        let b = stage.client()
        b.query("SLEEP 'b'")
        a.ask(Say.query("COMMIT"))
        a.query("SELECT 'a'")
        #expect(a.take() == [])
        stage.postgres.wakeAll()
        stage.pump()
        #expect(b.take().contains("row b"))
        #expect(a.take().contains("row a"))
    }

    @Test("the reserve is used when somebody has waited for reserve_pool_timeout, and not before")
    func reserve() {
        let stage = PoolStage {
            $0.defaultPoolSize = 1
            $0.reservePoolSize = 1
            $0.reservePoolTimeout = .seconds(3)
        }
        _ = busy(stage, 1)
        let (b, c) = (stage.client(), stage.client())
        b.query("BEGIN")
        stage.pass(.milliseconds(2500))
        #expect(stage.serverCount == 1)
        stage.pass(.seconds(1))
        #expect(b.take().last == "ready T")
        #expect(stage.serverCount == 2)
        c.query("SELECT 'c'")
        stage.pass(.seconds(20))
        #expect(stage.serverCount == 2)
    }

    @Test("min_pool_size keeps servers open while there are clients")
    func minimum() {
        let stage = PoolStage { $0.minPoolSize = 3 }
        let a = stage.client()
        a.query("SELECT 'a'")
        stage.pass(.seconds(3))
        #expect(stage.serverCount == 3)
    }

    @Test("min_pool_size opens no more servers than the database may have")
    func minimumWithinLimits() {
        let stage = PoolStage {
            $0.minPoolSize = 5
            $0.maxDbConnections = 2
        }
        stage.client("alice").query("SELECT 'a'")
        stage.client("bob").query("SELECT 'a'")
        stage.pass(.seconds(5))
        #expect(stage.postgres.mostSessions == 2)
    }

    @Test("at max_db_connections another user's idle server makes room, and a busy one does not")
    func maxDbConnections() {
        let stage = PoolStage { $0.maxDbConnections = 1 }
        stage.client("alice").query("SELECT 'a'")
        let b = stage.client("bob")
        #expect(b.query("BEGIN").last == "ready T")
        #expect(stage.serverCount == 1)
        #expect(stage.driver.logged("evicted"))
        let c = stage.client("alice")
        #expect(c.query("SELECT 'c'") == [])
        b.query("COMMIT")
        stage.pass(.seconds(1))
        #expect(c.take().contains("row c"))
        #expect(stage.postgres.mostSessions <= 2)
        #expect(stage.serverCount == 1)
    }

    @Test("max_user_connections counts over all databases")
    func maxUserConnections() {
        let stage = PoolStage {
            $0.databases.append(PoolStage.database("other"))
            $0.maxUserConnections = 2
        }
        _ = busy(stage, 1, "alice", "app") + busy(stage, 1, "alice", "other")
        #expect(stage.client("alice").query("SELECT 'a'") == [])
        #expect(stage.client("bob").query("SELECT 'b'").contains("row b"))
    }

    @Test("max_client_conn is not exceeded, and leaves room for cancel requests")
    func maxClientConn() {
        let stage = PoolStage { $0.maxClientConn = 2 }
        let a = stage.client()
        a.query("SLEEP 'a'")
        _ = stage.client()
        let answer = stage.knock().take()
        #expect(answer == ["fatal 53300 no more connections allowed (max_client_conn)", "end"])
        a.cancel()
        #expect(a.take().first == "error 57014 canceling statement due to user request")
    }

    @Test("client limits of a database and of a user")
    func clientLimits() {
        let stage = PoolStage {
            $0.maxDbClientConnections = 3
            $0.maxUserClientConnections = 2
        }
        let a = stage.client("alice")
        _ = stage.client("alice")
        #expect(
            stage.knock("alice").take().first
                == "fatal 53300 client connections exceeded (max_user_client_connections)")
        _ = stage.client("bob")
        #expect(
            stage.knock("carol").take().first
                == "fatal 53300 client connections exceeded (max_db_client_connections)")
        a.ask(Say.terminate)
        #expect(stage.knock("carol").take().last == "ready I")
    }

    @Test("query_wait_notify tells the place in the queue once, query_wait_timeout ends the client")
    func queryWait() {
        let stage = PoolStage {
            $0.defaultPoolSize = 1
            $0.queryWaitNotify = .seconds(5)
            $0.queryWaitTimeout = .seconds(10)
        }
        _ = busy(stage, 1)
        let b = stage.client()
        b.query("SELECT 'b'")
        stage.pass(.seconds(4))
        #expect(b.take() == [])
        stage.pass(.seconds(4))
        #expect(
            b.take() == [
                "notice 00000 No server connection available in postgres backend, client being queued"
            ])
        stage.pass(.seconds(3))
        #expect(b.take() == ["fatal 57014 query_wait_timeout", "end"])
        #expect(stage.pooler.databases["app"]?.pools[0].waiting.count == 0)
    }

    @Test("a client's wait is counted as wait_time")
    func waitTime() {
        let stage = PoolStage { $0.defaultPoolSize = 1 }
        let a = busy(stage, 1)[0]
        let b = stage.client()
        b.query("SELECT 'b'")
        stage.pass(.seconds(2))
        a.query("COMMIT")
        #expect((stage.pooler.databases["app"]?.traffic.waitTime ?? 0) >= 2_000_000_000)
    }

    @Test("a server ends at its lifetime, but not in a transaction")
    func lifetime() {
        let stage = PoolStage { $0.serverLifetime = .seconds(60) }
        let a = stage.client()
        a.query("BEGIN")
        stage.pass(.seconds(70))
        #expect(stage.serverCount == 1)
        a.query("COMMIT")
        #expect(stage.serverCount == 0)
    }

    @Test("with server_lifetime = 0 each server is used once, and once it is")
    func lifetimeOfZero() {
        let stage = PoolStage { $0.serverLifetime = .zero }
        let a = stage.connect()
        a.send(Say.startup([("user", "alice"), ("database", "app")]))
        stage.postgres.silentPorts = [5432]
        stage.pump()
        stage.pass(.seconds(1))
        stage.postgres.silentPorts = []
        stage.pump()
        for index in 0..<3 { #expect(a.query("SELECT '\(index)'").contains("row \(index)")) }
        stage.pass(.seconds(1))
        #expect(stage.postgres.startups.count <= 4)
    }

    @Test("an idle server ends after server_idle_timeout, but min_pool_size stay")
    func idleTimeout() {
        let stage = PoolStage {
            $0.serverIdleTimeout = .seconds(30)
            $0.minPoolSize = 1
        }
        let clients = busy(stage, 3)
        for client in clients { client.query("COMMIT") }
        #expect(stage.serverCount == 3)
        stage.pass(.seconds(40))
        #expect(stage.serverCount == 1)
    }

    @Test("a server that was idle for server_check_delay is checked, one for each client who waits")
    func check() {
        let stage = PoolStage {
            $0.serverCheckDelay = .seconds(10)
            $0.serverCheckQuery = "SELECT 'check'"
        }
        for client in busy(stage, 3) { client.query("COMMIT") }
        stage.pass(.seconds(20))
        let a = stage.client()
        #expect(a.query("SELECT 'a'").contains("row a"))
        #expect(stage.postgres.executed.filter { $0 == "SELECT 'check'" }.count == 1)
        #expect(stage.serverCount == 3)
        #expect(a.query("SELECT 'b'").contains("row b"))
        #expect(stage.postgres.executed.filter { $0 == "SELECT 'check'" }.count == 1)
    }

    @Test("clients who come together have as many servers checked")
    func checks() {
        let stage = PoolStage {
            $0.defaultPoolSize = 3
            $0.serverCheckDelay = .seconds(10)
            $0.serverCheckQuery = "SELECT 'check'"
        }
        for client in busy(stage, 3) { client.query("COMMIT") }
        stage.pass(.seconds(20))
        let clients = (0..<3).map { _ in stage.client() }
        for client in clients { client.send(Say.query("BEGIN")) }
        stage.pump()
        for client in clients { #expect(client.take().last == "ready T") }
        #expect(stage.postgres.startups.count == 3)
    }

    @Test("a server that does not answer its check is given up, and the client gets another one")
    func deadCheck() {
        let stage = PoolStage { $0.serverCheckDelay = .seconds(10) }
        let a = stage.client()
        a.query("SELECT 'a'")
        stage.pass(.seconds(20))
        guard let server = stage.driver.open[stage.servers[0].link] else { return }
        stage.stalled = [server]
        a.query("SELECT 'b'")
        stage.pass(.seconds(20))
        #expect(a.take().contains("row b"))
    }

    @Test("a server that does not answer a client's settings is given up, and so is the client")
    func deadSettings() {
        let stage = PoolStage()
        let (a, b) = (stage.client(), stage.client("alice", "app", [("application_name", "b")]))
        a.query("SELECT 'a'")
        guard let server = stage.driver.open[stage.servers[0].link] else { return }
        stage.stalled = [server]
        b.query("SELECT 'b'")
        stage.pass(.seconds(20))
        #expect(b.take().last == "end")
        #expect(a.query("SELECT 'a'").contains("row a"))
    }

    @Test("server_round_robin takes the server that was used the longest ago")
    func roundRobin() {
        let stage = PoolStage { $0.serverRoundRobin = true }
        for client in busy(stage, 2) { client.query("COMMIT") }
        let order = stage.servers.map { $0.assignments }
        stage.client().query("SELECT 'a'")
        stage.client().query("SELECT 'b'")
        #expect(stage.servers.map { $0.assignments } == order.map { $0 + 1 })
    }

    @Test(
        "times that end a client say which",
        arguments: [
            ("client_idle_timeout", "57P05"), ("idle_transaction_timeout", "25P03"),
            ("query_timeout", "57014"),
            ("transaction_timeout", "25P04"),
        ])
    func timeouts(name: String, code: String) {
        let stage = PoolStage { _ = $0.set(name, to: "10") }
        let a = stage.client()
        if name != "client_idle_timeout" { a.query("BEGIN") }
        if name == "query_timeout" { a.query("SLEEP 'a'") }
        stage.pass(.seconds(8))
        #expect(!a.isClosed)
        stage.pass(.seconds(4))
        #expect(a.take().suffix(2) == ["fatal \(code) \(name)", "end"])
        #expect(stage.pooler.clientCount == 0)
    }

    @Test("a client that does not log in is gone after client_login_timeout")
    func loginTimeout() {
        let stage = PoolStage { $0.clientLoginTimeout = .seconds(5) }
        let a = stage.connect()
        stage.pass(.seconds(7))
        #expect(a.take().last == "end")
    }
}
