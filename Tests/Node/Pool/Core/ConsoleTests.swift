import Languages
import Testing

@testable import Pool

@Suite("The console") struct ConsoleTests {
    @Test("who is neither administrator nor watcher does not get in")
    func strangers() {
        let stage = PoolStage()
        #expect(stage.knock("alice", "pgbouncer").take().last == "end")
        #expect(stage.knock("root", "pgbouncer").take().last == "ready I")
        #expect(stage.knock("watcher", "pgbouncer").take().last == "ready I")
    }

    @Test(
        "whoever may only look changes nothing, KILL_CLIENT included (CVE-2026-6667)",
        arguments: [
            "KILL_CLIENT 1", "KILL app", "PAUSE", "RESUME", "RELOAD", "SHUTDOWN", "SUSPEND", "RECONNECT",
            "DISABLE app",
            "ENABLE app", "WAIT_CLOSE", "SET max_client_conn = 1", "SHUTDOWN WAIT_FOR_CLIENTS",
        ])
    func onlyLooks(command: String) {
        let stage = PoolStage()
        let a = stage.client()
        let watcher = stage.client("watcher", "pgbouncer")
        #expect(watcher.query(command) == ["error 42501 admin access needed", "ready I"])
        #expect(watcher.ask(Say.extended(command)).contains("error 42501 admin access needed"))
        #expect(a.query("SELECT 'a'").contains("row a"))
        #expect(stage.driver.stops == 0)
    }

    @Test(
        "tables have PgBouncer's columns",
        arguments: [
            (
                "POOLS",
                "database user cl_active cl_waiting cl_active_cancel_req cl_waiting_cancel_req sv_active sv_active_cancel sv_being_canceled sv_idle sv_used sv_tested sv_login maxwait maxwait_us pool_mode load_balance_hosts"
            ),
            (
                "CLIENTS",
                "type user database replication state addr port local_addr local_port connect_time request_time wait wait_us close_needed ptr link remote_pid tls application_name prepared_statements id"
            ),
            (
                "SERVERS",
                "type user database replication state addr port local_addr local_port connect_time request_time wait wait_us close_needed ptr link remote_pid tls application_name prepared_statements id"
            ),
            (
                "DATABASES",
                "name host port database force_user pool_size min_pool_size reserve_pool_size server_lifetime pool_mode load_balance_hosts max_connections current_connections max_client_connections current_client_connections paused disabled"
            ),
            (
                "STATS_TOTALS",
                "database xact_count query_count server_assignment_count received sent xact_time query_time wait_time client_parse_count server_parse_count bind_count client_login_count"
            ),
        ])
    func columns(table: String, names: String) {
        let stage = PoolStage()
        stage.client().query("SELECT 'a'")
        let answer = stage.console().query("SHOW \(table);")
        // PgBouncer's come first: ours may follow.
        #expect(answer.first?.hasPrefix("columns \(names)") ?? false)
        #expect(answer.contains { $0.hasPrefix("row ") })
        #expect(answer.suffix(2) == ["complete SHOW", "ready I"])
    }

    @Test(
        "all tables are there, in both protocols",
        arguments: [
            "STATS", "STATS_TOTALS", "STATS_AVERAGES", "TOTALS", "SERVERS", "CLIENTS", "POOLS", "PEER_POOLS",
            "LISTS", "USERS",
            "DATABASES", "PEERS", "FDS", "SOCKETS", "ACTIVE_SOCKETS", "CONFIG", "MEM", "DNS_HOSTS",
            "DNS_ZONES", "VERSION",
            "STATE", "HELP",
        ])
    func tables(name: String) {
        let stage = PoolStage()
        let root = stage.console()
        let simple = root.query("SHOW \(name)")
        #expect(simple.suffix(2) == ["complete SHOW", "ready I"])
        let extended = root.ask(Say.extended("SHOW \(name)"))
        #expect(extended.prefix(2) == ["parsed", "bound"])
        #expect(extended.suffix(2) == ["complete SHOW", "ready I"])
    }

    @Test("an error in the extended protocol skips to the Sync")
    func extendedError() {
        let stage = PoolStage()
        let root = stage.console()
        #expect(
            root.ask(Say.bind("nothing") + Say.execute() + Say.sync).map { String($0.prefix(11)) }
                == ["error 26000", "ready I"])
        #expect(root.query("NONSENSE").first?.hasPrefix("error 42601") ?? false)
    }

    @Test("PAUSE waits for transactions, closes servers, and keeps clients until RESUME")
    func pause() {
        let stage = PoolStage()
        let (a, root) = (stage.client(), stage.console())
        a.query("BEGIN")
        #expect(root.query("PAUSE app") == [])
        a.query("COMMIT")
        stage.pass(.seconds(1))
        #expect(root.take() == ["complete PAUSE", "ready I"])
        #expect(stage.serverCount == 0)
        #expect(a.query("SELECT 'a'") == [])
        #expect(root.query("RESUME app").first == "complete RESUME")
        stage.pass(.seconds(1))
        #expect(a.take().contains("row a"))
    }

    @Test("a database that is made from * while all is paused is paused, too")
    func pauseOfNew() {
        let stage = PoolStage { $0.fallbackDatabase = PoolStage.database("*") }
        let root = stage.console()
        root.query("PAUSE")
        let a = stage.knock("alice", "fresh")
        #expect(a.take() == [])
        root.query("RESUME")
        #expect(a.take().last == "ready I")
    }

    @Test("RECONNECT replaces servers, those in a transaction when it ends")
    func reconnect() {
        let stage = PoolStage()
        let (a, b, root) = (stage.client(), stage.client(), stage.console())
        a.query("BEGIN")
        b.query("SELECT 'b'")
        root.query("RECONNECT")
        #expect(stage.serverCount == 1)
        a.query("COMMIT")
        #expect(stage.serverCount == 0)
        #expect(root.query("WAIT_CLOSE") == ["complete WAIT_CLOSE", "ready I"])
        #expect(a.query("SELECT 'a'").contains("row a"))
    }

    @Test("KILL ends clients and servers of a database, KILL_CLIENT one client, also itself")
    func kill() {
        let stage = PoolStage { $0.databases.append(PoolStage.database("other")) }
        let (a, b, root) = (stage.client("alice", "app"), stage.client("alice", "other"), stage.console())
        a.query("BEGIN")
        b.query("BEGIN")
        root.query("KILL app")
        #expect(a.isClosed)
        #expect(!b.isClosed)
        let number = stage.pooler.sessions[Int(b.wire.link)]?.number ?? 0
        #expect(root.query("KILL_CLIENT \(number)").first == "complete KILL_CLIENT")
        #expect(b.isClosed)
        let own = stage.pooler.sessions[Int(root.wire.link)]?.number ?? 0
        root.query("KILL_CLIENT \(own)")
        #expect(root.isClosed)
        #expect(stage.driver.violations == [])
        #expect(stage.pooler.clientCount == 0)
    }

    @Test("a database that is disabled lets nobody new in")
    func disable() {
        let stage = PoolStage()
        let (a, root) = (stage.client(), stage.console())
        root.query("DISABLE app")
        #expect(stage.knock().take().last == "end")
        #expect(a.query("SELECT 'a'").contains("row a"))
        root.query("ENABLE app")
        #expect(stage.knock().take().last == "ready I")
    }

    @Test("SUSPEND stops all but the console until RESUME")
    func suspend() {
        let stage = PoolStage()
        let (a, root) = (stage.client(), stage.console())
        root.query("SUSPEND")
        #expect(a.query("SELECT 'a'") == [])
        root.query("RESUME")
        stage.pump()
        #expect(a.take().contains("row a"))
    }

    @Test("SHUTDOWN stops at once, its other modes when clients or servers are done")
    func shutdown() {
        let now = PoolStage()
        now.console().query("SHUTDOWN")
        #expect(now.driver.stops == 1)

        let clients = PoolStage()
        let (a, root) = (clients.client(), clients.console())
        root.query("SHUTDOWN WAIT_FOR_CLIENTS")
        clients.pass(.seconds(1))
        #expect(clients.knock().take().first?.hasPrefix("fatal 57P03") ?? false)
        #expect(a.query("SELECT 'a'").contains("row a"))
        #expect(clients.driver.stops == 0)
        a.ask(Say.terminate)
        clients.pass(.seconds(1))
        #expect(clients.driver.stops >= 1)

        let servers = PoolStage()
        let (b, idle) = (servers.client(), servers.client())
        b.query("BEGIN")
        servers.console().query("SHUTDOWN WAIT_FOR_SERVERS")
        #expect(idle.isClosed)
        servers.pass(.seconds(1))
        #expect(servers.driver.stops == 0)
        b.query("COMMIT")
        servers.pass(.seconds(1))
        #expect(servers.driver.stops >= 1)
    }

    @Test("SET changes what may be changed, and says what may not")
    func set() {
        let stage = PoolStage { $0.defaultPoolSize = 1 }
        let (a, b, root) = (stage.client(), stage.client(), stage.console())
        a.query("BEGIN")
        b.query("SELECT 'b'")
        #expect(root.query("SET default_pool_size = 2") == ["complete SET", "ready I"])
        #expect(b.take().contains("row b"))
        #expect(root.query("SET listen_port = 1").first?.hasPrefix("error 22023") ?? false)
        #expect(root.query("SET nonsense = 1").first?.hasPrefix("error 22023") ?? false)
    }

    /// Settings of a stage, changed, as a file that was read anew would be.
    func reload(_ stage: PoolStage, _ change: (inout PoolConfiguration) -> Void) {
        var configuration = stage.pooler.configuration
        change(&configuration)
        stage.pooler.received(.reload(PoolReload(configuration, PoolStage.secrets)), at: stage.now)
        stage.pump()
    }

    @Test("a database that moves gets new servers, transactions end on the old ones")
    func move() {
        let stage = PoolStage()
        let (a, b) = (stage.client(), stage.client())
        a.query("BEGIN")
        b.query("SELECT 'b'")
        reload(stage) { $0.databases[0].port = 5433 }
        #expect(a.query("COMMIT").last == "ready I")
        #expect(b.query("SELECT 'b'").contains("row b"))
        #expect(stage.servers.allSatisfy { $0.endpoint.port == 5433 })
    }

    @Test("a database that is configured no more ends its clients")
    func remove() {
        let stage = PoolStage()
        let a = stage.client()
        a.query("SELECT 'a'")
        reload(stage) { $0.databases = [] }
        #expect(a.take() == ["fatal 57P01 database removed", "end"])
        #expect(stage.serverCount == 0)
        #expect(stage.knock().take().first?.hasPrefix("fatal 3D000") ?? false)
    }

    @Test("a database made from * that gets a line of its own keeps its clients")
    func ownLine() {
        let stage = PoolStage { $0.fallbackDatabase = PoolStage.database("*") }
        let a = stage.client("alice", "fresh")
        a.query("SELECT 'a'")
        reload(stage) { $0.databases.append(PoolStage.database("fresh", port: 5433)) }
        #expect(a.query("SELECT 'b'").contains("row b"))
        #expect(stage.servers.map { $0.endpoint.port } == [5433])
        #expect(stage.pooler.databases["fresh"]?.clientCount == 1)
    }

    @Test("a console that waits may send on only so far")
    func heldLimit() {
        let stage = PoolStage()
        stage.piece = 16_384
        let (a, root) = (stage.client(), stage.console())
        a.query("BEGIN")
        root.query("PAUSE app")
        for _ in 0..<30_000 { root.send(Say.query("SHOW STATE")) }
        stage.pump()
        #expect(root.wire.isPaused)
        a.query("COMMIT")
        stage.pass(.seconds(1))
        #expect(root.take().filter { $0 == "complete SHOW" }.count == 30_000)
    }
}
