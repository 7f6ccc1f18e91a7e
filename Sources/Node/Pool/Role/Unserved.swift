import Languages

/// Words that the language knows and the role does not serve yet: what someone relies on for safety is an error, the rest a warning.
enum Unserved {
    /// A sentence for each, and whether the file can be used all the same.
    static func problems(in configuration: PoolConfiguration, file: String) -> (
        sentences: [String], isUsable: Bool
    ) {
        var errors: [String] = []
        var warnings: [String] = []
        switch configuration.clientTlsSslmode {
        case .disable: break
        case .allow, .prefer:
            warnings.append("client_tls_sslmode: TLS is not spoken yet, clients that prefer it go on without")
        case .require, .verifyCA, .verifyFull:
            errors.append(
                "client_tls_sslmode = \(configuration.clientTlsSslmode.rawValue): TLS is not spoken yet. Write disable, "
                    + "and let the network be one that you trust")
        }
        switch configuration.serverTlsSslmode {
        case .disable, .allow, .prefer: break
        case .require, .verifyCA, .verifyFull:
            errors.append(
                "server_tls_sslmode = \(configuration.serverTlsSslmode.rawValue): TLS is not spoken yet. Write disable, "
                    + "and let the network be one that you trust")
        }
        if configuration.authType == .cert {
            errors.append("auth_type = cert needs TLS, which is not spoken yet. Write scram-sha-256")
        }
        let original = PoolConfiguration()
        func warn(_ isSet: Bool, _ word: String) {
            if isSet { warnings.append("\(word) changes nothing yet") }
        }
        warn(configuration.poolIdleTimeout != nil, "pool_idle_timeout")
        warn(configuration.suspendTimeout != original.suspendTimeout, "suspend_timeout")
        warn(
            configuration.peerId != nil || !configuration.peers.isEmpty,
            "peer_id: cancel requests through another node")
        warn(configuration.soReuseport, "so_reuseport")
        warn(configuration.tcpSocketBuffer != nil, "tcp_socket_buffer")
        warn(configuration.unixSocketGroup != nil, "unix_socket_group")
        let databases = configuration.databases + (configuration.fallbackDatabase.map { [$0] } ?? [])
        warn(
            databases.contains { $0.readStandbys == .auto },
            "read_standbys = auto: reads go to the primary; it")
        return ((errors + warnings).map { "\(file): \($0)." }, errors.isEmpty)
    }
}
