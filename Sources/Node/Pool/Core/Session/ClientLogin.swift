import Languages
import PostgreSQLWire

/// How a client gets in.
extension Pooler {
    func takeStartup(_ bytes: UnsafeRawBufferPointer, from client: PoolClient) -> Int {
        switch StartupPacket.parse(bytes.bytes) {
        case .needsMore: return 0
        case .directTLS:
            clientEnded(client, "TLS where none is spoken")
            return bytes.count
        case .violation(let violation):
            refuse(client, violation.code, violation.sentence)
            return bytes.count
        case .packet(.tls, let length), .packet(.gss, let length):
            // What came after the request was sent before the answer: someone in between may have put it there
            // (CVE-2021-23214).
            guard bytes.count == length else {
                clientEnded(client, "received unencrypted data after a request for encryption")
                return bytes.count
            }
            send([UInt8(ascii: "N")], to: client)
            return length
        case .packet(.cancel(let process, let secret), let length):
            takeCancel(process, secret, client)
            return length
        case .packet(.startup(let message), let length):
            start(client, message)
            return length
        }
    }

    func takeLogin(_ bytes: UnsafeRawBufferPointer, from client: PoolClient) -> Int { 0 }

    private func start(_ client: PoolClient, _ message: StartupMessage) {
        guard let user = message.value(of: "user"), !user.isEmpty else {
            return refuse(client, "28000", "no PostgreSQL user name specified in startup packet")
        }
        client.user = String(decoding: user, as: UTF8.self)
        let databaseName =
            message.value(of: "database").map { String(decoding: $0, as: UTF8.self) } ?? client.user
        if message.needsNegotiation {
            say(to: client) {
                BackendWriter.negotiateProtocolVersion(
                    minor: message.spokenMinor, unknown: message.protocolOptions, to: &$0)
            }
        }
        guard takeParameters(of: message, client) else { return }
        guard databaseName != "pgbouncer" else { return startConsole(client) }
        guard lifecycle == .running else { return refuse(client, "57P03", "server shutting down") }
        guard clientCount <= configuration.maxClientConn else {
            return refuse(client, "53300", "no more connections allowed (max_client_conn)")
        }
        guard let database = database(named: databaseName) else {
            return refuse(client, "3D000", "no such database: \(databaseName)")
        }
        guard !database.isDisabled else {
            return refuse(client, "57P03", "database \"\(databaseName)\" is disabled")
        }
        letIn(client, database)
    }

    private func startConsole(_ client: PoolClient) {
        let isOwner = client.peer.isOwnUser && client.user == "pgbouncer"
        let isAdministrator = isOwner || configuration.adminUsers.contains(client.user)
        guard isAdministrator || configuration.statsUsers.contains(client.user) else {
            return refuse(
                client, "42501", "not allowed",
                hint: "admin_users and stats_users say who may use the console.")
        }
        openConsole(client, isAdministrator: isAdministrator)
    }

    /// What a client asked for at the beginning; false: it was refused.
    private func takeParameters(of message: StartupMessage, _ client: PoolClient) -> Bool {
        for parameter in message.parameters {
            let name = String(decoding: parameter.name, as: UTF8.self)
            let value = String(decoding: parameter.value, as: UTF8.self)
            switch name {
            case "user", "database": continue
            case "replication":
                refuse(
                    client, "08P01", "unsupported startup parameter: replication",
                    hint: "Connect to the server itself for replication.")
                return false
            default: break
            }
            if let index = names.index(of: name) {
                client.parameters[index] = value
            } else if !configuration.ignoreStartupParameters.contains(name) {
                refuse(client, "08P01", "unsupported startup parameter: \(name)")
                return false
            }
            if name == "application_name" { client.applicationName = value }
        }
        return true
    }

    func database(named name: String) -> PoolDatabaseEntry? {
        if let known = databases[name] { return known }
        guard let settings = configuration.database(named: name) else { return nil }
        let entry = PoolDatabaseEntry(settings, isAutomatic: true)
        databases[name] = entry
        return entry
    }

    private func user(named name: String) -> PoolUserEntry {
        if let known = users[name] { return known }
        let entry = PoolUserEntry(name: name, settings: configuration.user(named: name))
        users[name] = entry
        return entry
    }

    /// A client has shown who it is.
    private func letIn(_ client: PoolClient, _ database: PoolDatabaseEntry) {
        let user = user(named: client.user)
        if let limit = database.settings.maxDbClientConnections ?? configuration.maxDbClientConnections,
            limit > 0, database.clientCount >= limit
        {
            return refuse(client, "53300", "client connections exceeded (max_db_client_connections)")
        }
        if let limit = user.settings?.maxUserClientConnections ?? configuration.maxUserClientConnections,
            limit > 0, user.clientCount >= limit
        {
            return refuse(client, "53300", "client connections exceeded (max_user_client_connections)")
        }
        let pool = pool(database, user)
        client.pool = pool
        pool.clientCount += 1
        database.clientCount += 1
        user.clientCount += 1
        database.traffic.clientLogins += 1
        if configuration.logConnections {
            log(.info, client, "login attempt: db=\(database.name) user=\(client.user)")
        }
        if pool.welcome != nil { return welcome(client, pool) }
        if let failure = pool.failure, pool.servers.isEmpty,
            now - failure.at < configuration.serverLoginRetry.nanoseconds
        {
            return refuse(
                client, failure.code,
                "server login has been failing, cached error: \(failure.text) (server_login_retry)")
        }
        client.state = .welcome
        client.waitingSince = now
        pool.waiting.append(client)
        launch(pool)
    }

    private func pool(_ database: PoolDatabaseEntry, _ user: PoolUserEntry) -> ServerPool {
        if let known = database.pools.first(where: { $0.user === user }) { return known }
        let pool = ServerPool(database: database, user: user)
        pool.mode = user.settings?.poolMode ?? database.settings.poolMode ?? configuration.poolMode
        database.pools.append(pool)
        return pool
    }

    /// Tells a client what a server is like, and that it may ask.
    func welcome(_ client: PoolClient, _ pool: ServerPool) {
        guard let welcome = pool.welcome else { return }
        client.waitingSince = 0
        client.cancelKey = newCancelKey(client)
        say(to: client) { bytes in
            BackendWriter.authenticationOk(to: &bytes)
            for (name, value) in welcome {
                var own = value
                if let index = names.index(of: name) {
                    if let wanted = client.parameters[index] {
                        own = wanted
                    } else {
                        client.parameters[index] = value
                    }
                }
                BackendWriter.parameterStatus(name, own, to: &bytes)
            }
            let key = client.cancelKey
            BackendWriter.backendKeyData(
                process: Int32(truncatingIfNeeded: key >> 32),
                secret: [
                    UInt8(truncatingIfNeeded: key >> 24), UInt8(truncatingIfNeeded: key >> 16),
                    UInt8(truncatingIfNeeded: key >> 8), UInt8(truncatingIfNeeded: key),
                ], to: &bytes)
            BackendWriter.readyForQuery(.idle, to: &bytes)
        }
        client.state = .idle
        client.lastActiveAt = now
        digestHeld(client)
    }

    private func newCancelKey(_ client: PoolClient) -> UInt64 {
        var key: UInt64 = 0
        while key == 0 || cancelKeys[key] != nil {
            for byte in driver.entropy(8) { key = key << 8 | UInt64(byte) }
        }
        cancelKeys[key] = client
        return key
    }
}
