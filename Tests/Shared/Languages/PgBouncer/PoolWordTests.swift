import Foundation
import Testing

@testable import Languages

/// The words of PgBouncer's manual (config.md of 1.25 and what its development has added since), each with a fate.
@Suite struct PoolWordTests {
    static let general = words(
        """
        logfile pidfile listen_addr listen_port unix_socket_dir unix_socket_mode unix_socket_group user pool_mode
        max_client_conn default_pool_size min_pool_size reserve_pool_size reserve_pool_timeout max_db_connections
        max_db_client_connections max_user_connections max_user_client_connections server_round_robin
        track_extra_parameters ignore_startup_parameters peer_id disable_pqexec application_name_add_host conffile
        service_name job_name stats_period max_prepared_statements scram_iterations
        auth_type auth_hba_file auth_ident_file auth_file auth_user auth_query auth_dbname auth_ldap_options
        syslog syslog_ident syslog_facility log_connections log_disconnections log_pooler_errors log_stats verbose
        admin_users stats_users
        server_reset_query server_reset_query_always server_check_delay server_check_query server_fast_close
        server_lifetime server_idle_timeout server_connect_timeout server_login_retry client_login_timeout
        autodb_idle_timeout pool_idle_timeout dns_max_ttl dns_nxdomain_ttl dns_zone_check_period resolv_conf
        query_wait_notify login_notify_message
        client_tls_sslmode client_tls_key_file client_tls_cert_file client_tls_ca_file client_tls_protocols
        client_tls_ciphers client_tls13_ciphers client_tls_ecdhcurve client_tls_dheparams
        server_tls_sslmode server_tls_ca_file server_tls_key_file server_tls_cert_file server_tls_protocols
        server_tls_ciphers server_tls13_ciphers
        query_timeout query_wait_timeout cancel_wait_timeout client_idle_timeout idle_transaction_timeout
        transaction_timeout suspend_timeout
        pkt_buf max_packet_size listen_backlog sbuf_loopcnt so_reuseport tcp_defer_accept tcp_socket_buffer
        tcp_keepalive tcp_keepcnt tcp_keepidle tcp_keepintvl tcp_user_timeout
        """)
    static let database = words(
        """
        dbname host port user password auth_user auth_query auth_dbname pool_size min_pool_size reserve_pool_size
        reserve_pool connect_query pool_mode query_wait_timeout load_balance_hosts target_session_attrs
        max_db_connections max_db_client_connections server_lifetime client_encoding datestyle timezone
        application_name
        """)
    static let user = words(
        """
        pool_size reserve_pool_size pool_mode max_user_connections query_timeout query_wait_timeout
        idle_transaction_timeout transaction_timeout client_idle_timeout max_user_client_connections
        """)
    static let peer = words("host port pool_size")

    private static func words(_ text: String) -> [String] {
        text.split { $0 == " " || $0 == "\n" }.map(String.init)
    }

    @Test("every word of the manual has a fate, and no word is made up")
    func complete() {
        #expect(
            PoolWords.configuration.map { $0.name }.sorted() == (Self.general + PoolWords.ownNames).sorted())
        #expect(
            PoolWords.database.map { $0.name }.sorted()
                == (Self.database + PoolWords.ownDatabaseNames).sorted())
        #expect(PoolWords.user.map { $0.name }.sorted() == Self.user.sorted())
        #expect(PoolWords.peer.map { $0.name }.sorted() == Self.peer.sorted())
    }

    /// `max_client_conn` as `maxClientConn`.
    static func property(_ word: String) -> String {
        let parts = word.split(separator: "_")
        return String(parts[0])
            + parts.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    @Test("every property is named as its word, and every word has its property")
    func properties() {
        func names(_ value: Any) -> Set<String> {
            Set(Mirror(reflecting: value).children.compactMap { $0.label })
        }
        #expect(
            names(PoolConfiguration()).subtracting(["databases", "fallbackDatabase", "users", "peers"])
                == Set(PoolWords.configuration.map { Self.property($0.name) }))
        #expect(
            names(PoolDatabase(name: "x")).subtracting(["name", "line", "followsLease"])
                == Set(PoolWords.database.map { Self.property($0.name) }).subtracting([
                    "follow", "reservePool",
                ]))
        #expect(
            names(PoolUser(name: "x")).subtracting(["name", "line"])
                == Set(PoolWords.user.map { Self.property($0.name) }))
        #expect(
            names(PoolPeer(id: 1)).subtracting(["id", "line"])
                == Set(PoolWords.peer.map { Self.property($0.name) }))
    }

    @Test("a word reaches its own property, and no other's")
    func own() {
        // Values that no default is: whatever a word takes of them must change what it shows, and only that.
        let samples = [
            "1", "0", "7", "0700", "@x", "require", "statement", "cert", "192.0.2.7", "tlsv1.3", "none",
            "pin", "allow", "5000", "x",
        ]
        let defaults = PoolWords.configuration.map { $0.text(in: PoolConfiguration()) }
        for word in PoolWords.configuration {
            var changed = PoolConfiguration()
            let before = word.text(in: changed)
            for sample in samples where word.text(in: changed) == before {
                _ = word.set(&changed, to: sample)
            }
            #expect(word.text(in: changed) != before, "\(word.name)")
            let others = zip(PoolWords.configuration, defaults).filter { $0.text(in: changed) != $1 }
            #expect(others.map { $0.0.name } == [word.name])
        }
    }

    @Test("the three fates are told apart")
    func fates() {
        let refused = PoolWords.configuration.filter { if case .refused = $0.fate { true } else { false } }
        #expect(refused.map { $0.name } == ["conffile", "auth_ldap_options"])
        for word in PoolWords.configuration {
            guard case .ignored = word.fate else { continue }
            let value = word.text(in: PoolConfiguration())
            let text =
                "[databases]\n* =\n[pgbouncer]\nauth_file = f\n\(word.name) = \(value.isEmpty ? "x" : value)\n"
            let found = PoolConfiguration.parse(text, file: "f").1
            #expect(found.map { $0.severity } == [.warning], "\(word.name)")
        }
    }
}
