/// The words of `[pgbouncer]` for times, TLS and sockets, and our own.
extension PoolWords {
    static let times: [Word] = [
        .timeout("query_timeout") { $1(&$0.queryTimeout) },
        .timeout("query_wait_timeout") { $1(&$0.queryWaitTimeout) },
        .timeout("cancel_wait_timeout") { $1(&$0.cancelWaitTimeout) },
        .timeout("client_idle_timeout") { $1(&$0.clientIdleTimeout) },
        .timeout("idle_transaction_timeout") { $1(&$0.idleTransactionTimeout) },
        .timeout("transaction_timeout") { $1(&$0.transactionTimeout) },
        .timeout("suspend_timeout") { $1(&$0.suspendTimeout) },
    ]

    static let tls: [Word] = [
        .choice("client_tls_sslmode") { $1(&$0.clientTlsSslmode) },
        .optionalText("client_tls_key_file", unit: "file") { $1(&$0.clientTlsKeyFile) },
        .optionalText("client_tls_cert_file", unit: "file") { $1(&$0.clientTlsCertFile) },
        .optionalText("client_tls_ca_file", unit: "file") { $1(&$0.clientTlsCaFile) },
        protocols("client_tls_protocols") { $1(&$0.clientTlsProtocols) },
        .text("client_tls_ciphers", unit: "OpenSSL's list, or default") { $1(&$0.clientTlsCiphers) },
        .optionalText("client_tls13_ciphers", unit: "OpenSSL's list") { $1(&$0.clientTls13Ciphers) },
        .text("client_tls_ecdhcurve", unit: "auto, none or a curve") { $1(&$0.clientTlsEcdhcurve) },
        PoolWord(
            "client_tls_dheparams", unit: "auto, none",
            expected: "auto or none; 1024 bits of legacy are too few",
            { $1(&$0.clientTlsDheparams) }, show: { $0 }, take: { $0 == "auto" || $0 == "none" ? $0 : nil }),
        .choice("server_tls_sslmode") { $1(&$0.serverTlsSslmode) },
        .optionalText("server_tls_ca_file", unit: "file") { $1(&$0.serverTlsCaFile) },
        .optionalText("server_tls_key_file", unit: "file") { $1(&$0.serverTlsKeyFile) },
        .optionalText("server_tls_cert_file", unit: "file") { $1(&$0.serverTlsCertFile) },
        protocols("server_tls_protocols") { $1(&$0.serverTlsProtocols) },
        .text("server_tls_ciphers", unit: "OpenSSL's list, or default") { $1(&$0.serverTlsCiphers) },
        .optionalText("server_tls13_ciphers", unit: "OpenSSL's list") { $1(&$0.serverTls13Ciphers) },
    ]

    private static func protocols(_ name: String, _ access: @escaping Word.Access<PoolTLSProtocols>) -> Word {
        PoolWord(
            name, unit: "tlsv1.0 to tlsv1.3, secure, all",
            expected: "a list of tlsv1.0, tlsv1.1, tlsv1.2 and tlsv1.3, or secure, or all", access,
            show: PoolProtocols.text, take: PoolProtocols.read)
    }

    static let buffers = "the sizes of the Reactor's buffers are fixed when the pool starts"

    static let sockets: [Word] = [
        .number("pkt_buf", 1...PoolNumbers.most, unit: "bytes", fixed: true, fate: .ignored(buffers)) {
            $1(&$0.pktBuf)
        },
        PoolWord(
            "max_packet_size", unit: "bytes", expected: "a number from 1024 to 4294967295",
            { $1(&$0.maxPacketSize) },
            show: { "\($0)" },
            take: { text in
                guard let value = PoolNumbers.wideInteger(text), value >= 1024 else { return nil }
                return UInt32(exactly: value)
            }),
        .number("listen_backlog", 1...65535, fixed: true) { $1(&$0.listenBacklog) },
        .number("sbuf_loopcnt", 0...PoolNumbers.most, fate: .ignored(buffers)) { $1(&$0.sbufLoopcnt) },
        .flag("so_reuseport", fixed: true) { $1(&$0.soReuseport) },
        .flag("tcp_defer_accept") { $1(&$0.tcpDeferAccept) },
        .limit("tcp_socket_buffer", unit: "bytes, 0 is the kernel's") { $1(&$0.tcpSocketBuffer) },
        .flag("tcp_keepalive") { $1(&$0.tcpKeepalive) },
        .limit("tcp_keepcnt", upTo: 127, unit: "number, 0 is the kernel's") { $1(&$0.tcpKeepcnt) },
        .wholeSeconds("tcp_keepidle") { $1(&$0.tcpKeepidle) },
        .wholeSeconds("tcp_keepintvl") { $1(&$0.tcpKeepintvl) },
        .milliseconds("tcp_user_timeout") { $1(&$0.tcpUserTimeout) },
    ]

    /// Not PgBouncer's: for it they stand in lines that begin with `;pinode`.
    static let own: [Word] = [
        .limit("workers", upTo: 256, unit: "number, 0 is one a core", fixed: true) { $1(&$0.workers) },
        .number("admin_reserved_connections", 0...1000) { $1(&$0.adminReservedConnections) },
        .time("failover_wait_timeout") { $1(&$0.failoverWaitTimeout) },
        .choice("session_features") { $1(&$0.sessionFeatures) },
    ]

    /// The names of `own`.
    public static let ownNames = own.map { $0.name }
}

/// `client_tls_protocols` and `server_tls_protocols`.
enum PoolProtocols {
    private static let versions: [(String, PoolTLSProtocols)] = [
        ("tlsv1.0", .tls10), ("tlsv1.1", .tls11), ("tlsv1.2", .tls12), ("tlsv1.3", .tls13),
    ]

    @Sendable static func read(_ text: String) -> PoolTLSProtocols? {
        guard let names = PoolNumbers.list(text), !names.isEmpty else { return nil }
        var result: PoolTLSProtocols = []
        for name in names {
            switch name {
            case "secure": result.formUnion(.secure)
            case "all", "legacy": result.formUnion(.all)
            default:
                guard let version = versions.first(where: { $0.0 == name }) else { return nil }
                result.formUnion(version.1)
            }
        }
        return result
    }

    @Sendable static func text(_ protocols: PoolTLSProtocols) -> String {
        if protocols == .secure { return "secure" }
        if protocols == .all { return "all" }
        var text = ""
        for (name, version) in versions where protocols.contains(version) {
            text += text.isEmpty ? name : "," + name
        }
        return text
    }
}

/// `listen_addr` and `unix_socket_dir`.
enum PoolListen {
    private static let all: [PoolAddress] = [.v4(0), .v6(high: 0, low: 0)]
    private static let local: [PoolAddress] = [.v4(0x7f00_0001), .v6(high: 0, low: 1)]

    @Sendable static func addresses(_ text: String) -> [PoolAddress]? {
        guard let names = PoolNumbers.list(text) else { return nil }
        var result: [PoolAddress] = []
        for name in names {
            let these: [PoolAddress]
            switch name {
            case "*": these = all
            case "localhost": these = local
            default:
                guard let address = PoolAddress(name) else { return nil }
                these = [address]
            }
            for address in these where !result.contains(address) { result.append(address) }
        }
        return result
    }

    @Sendable static func text(_ addresses: [PoolAddress]) -> String {
        if addresses == all { return "*" }
        var text = ""
        for address in addresses { text += text.isEmpty ? address.text : "," + address.text }
        return text
    }

    @Sendable static func folder(_ text: String) -> String?? {
        if text.isEmpty { return .some(nil) }
        // sun_path has 108 bytes: the folder, a slash, .s.PGSQL.65535, and a NUL in file systems.
        guard text.utf8.first == UInt8(ascii: "/") || text.utf8.first == UInt8(ascii: "@"),
            text.utf8.count > 1,
            text.utf8.count <= 92
        else { return nil }
        return .some(text)
    }
}
