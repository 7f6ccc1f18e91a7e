/// What a file says as a whole.
extension PoolParser {
    mutating func checkWhole() {
        checkListening()
        checkAuthentication()
        checkTLS()
        for database in configuration.databases { check(database) }
        if let fallback = configuration.fallbackDatabase { check(fallback) }
        if configuration.databases.isEmpty, configuration.fallbackDatabase == nil {
            warn(
                "no database stands in this file",
                "Write [databases] and NAME = host=192.0.2.1, or * = host=192.0.2.1")
        }
        if !configuration.peers.isEmpty, configuration.peerId == nil {
            warn(
                "there are peers, but this pool has no peer_id",
                "Write peer_id = 1 into [pgbouncer], each pool its own")
        }
    }

    private func place(_ word: String) -> (file: String, line: Int)? { places[word] }

    private mutating func checkListening() {
        guard configuration.listenAddr.isEmpty, configuration.unixSocketDir == nil else { return }
        report(
            "the pool would listen nowhere: there is no listen_addr, and unix_socket_dir is empty",
            "Write listen_addr = * into [pgbouncer]", at: place("unix_socket_dir"))
    }

    private mutating func checkAuthentication() {
        let type = configuration.authType
        let all = configuration.databases + (configuration.fallbackDatabase.map { [$0] } ?? [])
        switch type {
        case .any:
            for database in all where database.user == nil {
                report(
                    "auth_type = any, but the database \(database.name) has no user",
                    "Write user=NAME into its line: nobody says else as whom to log in there",
                    at: lines["database " + database.name])
            }
        case .hba where configuration.authHbaFile == nil:
            report("auth_type = hba, but there is no auth_hba_file", "Write its name", at: place("auth_type"))
        case .trust, .plain, .md5, .scramSHA256, .cert, .hba:
            if configuration.authFile == nil, configuration.authUser == nil,
                !all.contains(where: { $0.authUser != nil })
            {
                warn(
                    "nobody can log in: there is neither an auth_file nor an auth_user",
                    "Name the users in the file of auth_file", at: place("auth_type"))
            }
        }
        if type == .cert, configuration.clientTlsSslmode != .verifyCA,
            configuration.clientTlsSslmode != .verifyFull
        {
            warn(
                "auth_type = cert, but clients' certificates are not checked",
                "Write client_tls_sslmode = verify-full", at: place("auth_type"))
        }
        if let name = configuration.authDbname, configuration.database(named: name) == nil {
            report(
                "auth_dbname = \(name) is none of the databases", "Write a line for it into [databases]",
                at: place("auth_dbname"))
        }
        if configuration.authIdentFile != nil, type != .hba {
            warn(
                "auth_ident_file is read with auth_type = hba only", "Remove it", at: place("auth_ident_file")
            )
        }
    }

    private mutating func checkTLS() {
        let client = configuration.clientTlsSslmode
        if client != .disable {
            if configuration.clientTlsKeyFile == nil || configuration.clientTlsCertFile == nil {
                report(
                    "client_tls_sslmode = \(client.rawValue) needs client_tls_key_file and client_tls_cert_file",
                    "Name both, in PEM", at: place("client_tls_sslmode"))
            }
            if client == .verifyCA || client == .verifyFull, configuration.clientTlsCaFile == nil {
                report(
                    "client_tls_sslmode = \(client.rawValue) needs client_tls_ca_file",
                    "Name who signs clients' certificates, in PEM", at: place("client_tls_sslmode"))
            }
        }
        let server = configuration.serverTlsSslmode
        if server == .verifyCA || server == .verifyFull, configuration.serverTlsCaFile == nil {
            report(
                "server_tls_sslmode = \(server.rawValue) needs server_tls_ca_file",
                "Name who signs servers' certificates, in PEM", at: place("server_tls_sslmode"))
        }
        if (configuration.serverTlsKeyFile == nil) != (configuration.serverTlsCertFile == nil) {
            report(
                "server_tls_key_file and server_tls_cert_file go together", "Name both, or none",
                at: place("server_tls_key_file") ?? place("server_tls_cert_file"))
        }
    }

    private mutating func check(_ database: PoolDatabase) {
        let place = lines["database " + database.name]
        if database.followsLease {
            let addresses = database.host.filter { host in
                if case .address = host { return true } else { return false }
            }
            if addresses.isEmpty || addresses.count != database.host.count {
                report(
                    "the database \(database.name) follows the lease, but its host is no list of addresses",
                    "Write host=192.0.2.1,192.0.2.2, all members of the cluster's database", at: place)
            }
        } else if database.readStandbys != .off {
            report(
                "the database \(database.name) has read_standbys = \(database.readStandbys.rawValue) without follow = lease",
                "Who the standbys are is known by the lease alone: write follow=lease, too", at: place)
        }
        if database.password != nil, database.user == nil {
            warn(
                "the password of the database \(database.name) is for nobody",
                "Write user=NAME, too, or remove it", at: place)
        }
        if let name = database.authDbname, configuration.database(named: name) == nil {
            report(
                "auth_dbname=\(name) is none of the databases", "Write a line for it into [databases]",
                at: place)
        }
    }
}
