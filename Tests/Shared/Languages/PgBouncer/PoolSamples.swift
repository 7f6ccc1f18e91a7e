import Diagnostics
import Languages
import Testing

/// Files of PgBouncer's language for the tests.
enum PoolSamples {
    /// The least that serves anybody.
    static let small = """
        ; one database for everybody in userlist.txt
        [databases]
        app = host=192.0.2.1 port=5432 dbname=app

        [pgbouncer]
        listen_addr = 192.0.2.10
        listen_port = 6432
        auth_type = scram-sha-256
        auth_file = /etc/pgbouncer/userlist.txt
        pool_mode = transaction
        """

    /// Words that PgBouncer 1.18 has, most of them.
    static let old = """
        [databases]
        * = host=192.0.2.9 auth_user=lookup
        app = host=192.0.2.1,192.0.2.2 port=5433 dbname=main user=app password='a ''quoted'' one' pool_size=5 min_pool_size=1
        mail = host=/run/postgresql reserve_pool=2 connect_query='set work_mem = ''4MB''' pool_mode=session \\
        max_db_connections=7 client_encoding=UTF8 datestyle=ISO timezone=UTC application_name=mail
        here =

        [users]
        report = pool_mode=session max_user_connections=3
        someone = pool_mode=Transaction

        # comments of both kinds
        [pgbouncer]
        listen_addr = 127.0.0.1, ::1
        listen_port = 5432
        unix_socket_dir = /run/pinode
        unix_socket_mode = 0770
        auth_type = md5
        auth_file = /etc/pgbouncer/userlist.txt
        auth_query = SELECT usename, passwd FROM pg_shadow WHERE usename=$1
        admin_users = admin, postgres
        stats_users = stats
        pool_mode = transaction
        max_client_conn = 500
        default_pool_size = 10
        min_pool_size = 1
        reserve_pool_size = 3
        reserve_pool_timeout = 2.5
        max_db_connections = 50
        max_user_connections = 40
        server_round_robin = 1
        ignore_startup_parameters = extra_float_digits, options
        disable_pqexec = 0
        application_name_add_host = 1
        stats_period = 30
        log_connections = 0
        log_disconnections = 0
        log_pooler_errors = 1
        log_stats = 0
        verbose = 1
        server_reset_query = DEALLOCATE ALL
        server_reset_query_always = 1
        server_check_delay = 0.5
        server_check_query = select 1
        server_fast_close = 1
        server_lifetime = 0
        server_idle_timeout = 0
        server_connect_timeout = 3
        server_login_retry = 1
        client_login_timeout = 10
        autodb_idle_timeout = 60
        client_tls_protocols = tlsv1.2,tlsv1.3
        client_tls_ciphers = HIGH
        client_tls_ecdhcurve = auto
        client_tls_dheparams = auto
        server_tls_sslmode = disable
        server_tls_protocols = all
        query_timeout = 30
        query_wait_timeout = 0
        client_idle_timeout = 3600
        idle_transaction_timeout = 60
        suspend_timeout = 5
        max_packet_size = 1048576
        listen_backlog = 256
        so_reuseport = 1
        tcp_defer_accept = 0
        tcp_socket_buffer = 65536
        tcp_keepalive = 1
        tcp_keepcnt = 3
        tcp_keepidle = 60
        tcp_keepintvl = 10
        tcp_user_timeout = 5000
        """.joinedContinuations

    /// Words that are newer, and our own.
    static let new = """
        [databases]
        app = host=192.0.2.1,192.0.2.2 auth_query='SELECT * FROM lookup($1)' auth_dbname=app reserve_pool_size=1 \\
        load_balance_hosts=disable server_lifetime=60 query_wait_timeout=-1 max_db_client_connections=80 \\
        target_session_attrs=read-write
        ;pinode app = follow=lease read_standbys=auto read_your_writes=user max_standby_lag=500ms

        [users]
        report = pool_size=2 reserve_pool_size=0 query_timeout=5.5 query_wait_timeout=1 idle_transaction_timeout=0 \\
        transaction_timeout=30 client_idle_timeout=600 max_user_client_connections=9

        [peers]
        1 = host=192.0.2.10
        2 = host=/run/peer port=7000 pool_size=9

        [pgbouncer]
        listen_addr = *
        peer_id = 1
        auth_type = hba
        auth_hba_file = /etc/pinode/pool.hba
        auth_ident_file = /etc/pinode/pool.ident
        auth_user = lookup
        max_prepared_statements = 0
        scram_iterations = 10000
        track_extra_parameters = IntervalStyle, search_path
        max_db_client_connections = 90
        max_user_client_connections = 70
        transaction_timeout = 120
        cancel_wait_timeout = 1
        query_wait_notify = 0
        pool_idle_timeout = 7200
        login_notify_message = pooled
        client_tls_sslmode = verify-full
        client_tls_key_file = /etc/ssl/pool.key
        client_tls_cert_file = /etc/ssl/pool.pem
        client_tls_ca_file = /etc/ssl/ca.pem
        client_tls13_ciphers = TLS_AES_128_GCM_SHA256
        ;pinode workers = 2
        ;pinode admin_reserved_connections = 5
        ;pinode failover_wait_timeout = 10
        ;pinode session_features = refuse
        """.joinedContinuations
}

extension String {
    /// PgBouncer has no lines that go on in the next one; our samples would be too wide without.
    var joinedContinuations: String { split(separator: "\\\n").joined() }
}

/// The configuration of a file in which nothing is wrong.
func pool(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) -> PoolConfiguration {
    let (configuration, diagnostics) = PoolConfiguration.parse(text, file: "pool.ini")
    #expect(diagnostics == [], sourceLocation: sourceLocation)
    return configuration
}

/// The sentences about a file.
func complaints(_ text: String) -> [String] {
    PoolConfiguration.parse(text, file: "pool.ini").1.map { $0.sentence }
}
