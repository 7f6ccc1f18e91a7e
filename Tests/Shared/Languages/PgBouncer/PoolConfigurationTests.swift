import Languages
import Testing

@Suite struct PoolConfigurationTests {
    @Test("an empty file has PgBouncer's defaults")
    func defaults() {
        let configuration = PoolConfiguration()
        let said = [
            "listen_port": "6432", "unix_socket_dir": "/tmp", "unix_socket_mode": "0777",
            "pool_mode": "session",
            "max_client_conn": "100", "default_pool_size": "20", "reserve_pool_timeout": "5",
            "auth_type": "md5",
            "max_prepared_statements": "200", "scram_iterations": "4096", "server_reset_query": "DISCARD ALL",
            "server_check_query": "<empty>", "server_check_delay": "30", "server_lifetime": "3600",
            "server_idle_timeout": "600", "server_connect_timeout": "15", "server_login_retry": "15",
            "client_login_timeout": "60", "autodb_idle_timeout": "3600", "query_wait_timeout": "120",
            "query_wait_notify": "5", "cancel_wait_timeout": "10", "suspend_timeout": "10",
            "query_timeout": "0",
            "pkt_buf": "4096", "max_packet_size": "2147483647", "listen_backlog": "128", "sbuf_loopcnt": "5",
            "tcp_defer_accept": "1", "tcp_keepalive": "1", "tcp_user_timeout": "0",
            "client_tls_sslmode": "disable",
            "server_tls_sslmode": "prefer", "client_tls_protocols": "secure",
            "track_extra_parameters": "IntervalStyle",
            "stats_period": "60", "peer_id": "0", "listen_addr": "", "dns_max_ttl": "15",
        ]
        for word in PoolWords.configuration {
            if let text = said[word.name] { #expect(word.text(in: configuration) == text, "\(word.name)") }
        }
    }

    @Test("a database's line has all its values, quotes undone")
    func database() throws {
        let configuration = pool(PoolSamples.old)
        let app = try #require(configuration.databases.first { $0.name == "app" })
        #expect(app.host.map { $0.text } == ["192.0.2.1", "192.0.2.2"])
        #expect(app.port == 5433)
        #expect(app.dbname == "main")
        #expect(app.password == "a 'quoted' one")
        let mail = try #require(configuration.databases.first { $0.name == "mail" })
        #expect(mail.host == [.folder("/run/postgresql")])
        #expect(mail.connectQuery == "set work_mem = '4MB'")
        #expect(mail.reservePoolSize == 2)
        #expect(mail.poolMode == .session)
        #expect(configuration.fallbackDatabase?.authUser == "lookup")
        #expect(configuration.databases.map { $0.name } == ["app", "mail", "here"])
        #expect(configuration.databases.last?.host == [])
    }

    @Test("a general setting has its value")
    func general() {
        let configuration = pool(PoolSamples.old)
        #expect(configuration.listenAddr.map { $0.text } == ["127.0.0.1", "::1"])
        #expect(configuration.unixSocketMode == 0o770)
        #expect(configuration.reservePoolTimeout == .milliseconds(2500))
        #expect(configuration.serverLifetime == .zero)
        #expect(configuration.serverIdleTimeout == nil)
        #expect(configuration.queryWaitTimeout == nil)
        #expect(configuration.tcpUserTimeout == .seconds(5))
        #expect(configuration.tcpKeepidle == .seconds(60))
        #expect(configuration.adminUsers == ["admin", "postgres"])
        #expect(configuration.authQuery == "SELECT usename, passwd FROM pg_shadow WHERE usename=$1")
        #expect(configuration.serverTlsProtocols == .all)
        #expect(configuration.serverCheckQuery == "select 1")
        #expect(configuration.user(named: "someone")?.poolMode == .transaction)
    }

    @Test("newer words and our own have their values")
    func newer() throws {
        let configuration = pool(PoolSamples.new)
        let app = try #require(configuration.databases.first)
        #expect(app.followsLease)
        #expect(app.readStandbys == .auto)
        #expect(app.readYourWrites == .user)
        #expect(app.maxStandbyLag == .time(.milliseconds(500)))
        #expect(app.targetSessionAttrs == .readWrite)
        #expect(app.loadBalanceHosts == .disable)
        #expect(app.queryWaitTimeout == nil)
        #expect(app.authQuery == "SELECT * FROM lookup($1)")
        #expect(configuration.peers.map { $0.id } == [1, 2])
        #expect(configuration.peers.last?.host == .folder("/run/peer"))
        #expect(configuration.peerId == 1)
        #expect(configuration.workers == 2)
        #expect(configuration.sessionFeatures == .refuse)
        #expect(configuration.failoverWaitTimeout == .seconds(10))
        #expect(configuration.listenAddr.map { $0.text } == ["0.0.0.0", "::"])
        let report = try #require(configuration.user(named: "report"))
        #expect(report.queryTimeout == .milliseconds(5500))
        #expect(configuration.idleTransactionTimeout(report) == nil)
        #expect(configuration.transactionTimeout(report) == .seconds(30))
        #expect(configuration.transactionTimeout(nil) == .seconds(120))
    }

    @Test("a user's line counts before the database's, and that before the general one")
    func precedence() throws {
        let configuration = pool(
            """
            [databases]
            a = host=192.0.2.1 pool_size=7 max_db_connections=0 min_pool_size=30
            b = host=192.0.2.1
            [users]
            u = pool_size=3 pool_mode=statement
            [pgbouncer]
            auth_file = f
            pool_mode = transaction
            default_pool_size = 9
            max_db_connections = 50
            """)
        let a = try #require(configuration.database(named: "a"))
        let b = try #require(configuration.database(named: "b"))
        let u = configuration.user(named: "u")
        #expect(configuration.poolSize(a, u) == 3)
        #expect(configuration.poolSize(a, nil) == 7)
        #expect(configuration.poolSize(b, nil) == 9)
        #expect(configuration.minPoolSize(a, u) == 3)
        #expect(configuration.maxDbConnections(a) == nil)
        #expect(configuration.maxDbConnections(b) == 50)
        #expect(configuration.poolMode(a, u) == .statement)
        #expect(configuration.poolMode(a, nil) == .transaction)
    }

    @Test("a client's database is its line, the read-only twin of one, or what the star says")
    func lookup() {
        let configuration = pool(
            """
            [databases]
            * = host=192.0.2.9
            app = host=192.0.2.1,192.0.2.2
            plain = host=192.0.2.1 dbname=other
            ;pinode app = follow=lease read_standbys=explicit
            [pgbouncer]
            auth_file = f
            """)
        #expect(configuration.database(named: "plain")?.dbname == "other")
        let twin = configuration.database(named: "app_ro")
        #expect(twin?.dbname == "app")
        #expect(twin?.targetSessionAttrs == .preferStandby)
        #expect(twin?.followsLease == true)
        let star = configuration.database(named: "plain_ro")
        #expect(star?.dbname == "plain_ro")
        #expect(star?.host.first?.text == "192.0.2.9")
        #expect(PoolConfiguration().database(named: "app") == nil)
        #expect(configuration.database(named: "_ro")?.dbname == "_ro")
        let all = pool(
            "[databases]\n* = host=192.0.2.9\n;pinode * = follow=lease read_standbys=auto\n[pgbouncer]\nauth_file = f\n"
        )
        #expect(all.database(named: "any_ro")?.dbname == "any")
        #expect(all.database(named: "any_ro")?.targetSessionAttrs == .preferStandby)
        #expect(all.database(named: "any")?.targetSessionAttrs == .any)
    }

    @Test("the console's SET changes what a file may say, and nothing else")
    func set() {
        var configuration = PoolConfiguration()
        #expect(configuration.set("default_pool_size", to: "7") == nil)
        #expect(configuration.defaultPoolSize == 7)
        #expect(
            configuration.set("default_pool_size", to: "many")
                == "default_pool_size = many is not a number from 1 to 100000000")
        #expect(configuration.set("listen_port", to: "7") == "listen_port can be changed by a new start only")
        #expect(configuration.set("logfile", to: "x")?.hasPrefix("logfile changes nothing: ") == true)
        #expect(configuration.set("conffile", to: "x")?.hasPrefix("conffile is PgBouncer's") == true)
        #expect(
            configuration.set("nonsense", to: "7")
                == "\"nonsense\" is not a word that pinode knows in [pgbouncer]")
    }

    @Test(
        "what a word shows is what it reads",
        arguments: [PoolSamples.old, PoolSamples.new, PoolSamples.small])
    func roundTrip(text: String) {
        let configuration = pool(text)
        var copy = PoolConfiguration()
        for word in PoolWords.configuration {
            #expect(word.set(&copy, to: word.text(in: configuration)) == nil, "\(word.name)")
        }
        copy.databases = configuration.databases
        copy.fallbackDatabase = configuration.fallbackDatabase
        copy.users = configuration.users
        copy.peers = configuration.peers
        #expect(copy == configuration)
    }
}
