import Languages
import PostgreSQLWire

/// How a client gets in: its first packet, and who it is.
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

    private func start(_ client: PoolClient, _ message: StartupMessage) {
        guard let user = message.value(of: "user"), !user.isEmpty else {
            return refuse(client, "28000", "no PostgreSQL user name specified in startup packet")
        }
        client.user = String(decoding: user, as: UTF8.self)
        let name = message.value(of: "database").map { String(decoding: $0, as: UTF8.self) } ?? client.user
        client.databaseName = name
        if message.needsNegotiation {
            say(to: client) {
                BackendWriter.negotiateProtocolVersion(
                    minor: message.spokenMinor, unknown: message.protocolOptions, to: &$0)
            }
        }
        guard takeParameters(of: message, client) else { return }
        if name != Self.consoleName {
            guard lifecycle == .running else { return refuse(client, "57P03", "server shutting down") }
            guard permits.count(clientPlace) <= configuration.maxClientConn || mayUseReserved(client) else {
                return refuse(
                    client, "53300", "no more connections allowed (max_client_conn)",
                    hint: "max_client_conn is \(configuration.maxClientConn).")
            }
            guard let database = database(named: name) else {
                return refuse(client, "3D000", "no such database: \(name)")
            }
            guard !database.isDisabled else {
                return refuse(client, "57P03", "database \"\(name)\" is disabled")
            }
        }
        authenticate(client, message)
    }

    /// The database that the console pretends to be.
    static let consoleName = "pgbouncer"

    private func mayUseReserved(_ client: PoolClient) -> Bool {
        configuration.adminUsers.contains(client.user)
            && permits.count(clientPlace) <= configuration.maxClientConn
                + configuration.adminReservedConnections
    }

    /// What a client asked for at the beginning; false: it was refused.
    private func takeParameters(of message: StartupMessage, _ client: PoolClient) -> Bool {
        for parameter in message.parameters {
            let name = String(decoding: parameter.name, as: UTF8.self)
            let value = String(decoding: parameter.value, as: UTF8.self)
            switch name {
            case "user", "database": continue
            case "replication":
                if configuration.ignoreStartupParameters.contains(name) { continue }
                refuse(
                    client, "08P01", "unsupported startup parameter: replication",
                    hint: "Connect to the server itself for replication.")
                return false
            default: break
            }
            if let index = names.index(of: name) {
                client.parameters[index] = value
                if name == "application_name" { setApplicationName(client, value, index) }
            } else if !configuration.ignoreStartupParameters.contains(name) {
                refuse(
                    client, "08P01", "unsupported startup parameter: \(name)",
                    hint: "ignore_startup_parameters may name it.")
                return false
            }
        }
        return true
    }

    private func setApplicationName(_ client: PoolClient, _ value: String, _ index: Int) {
        client.applicationName = value
        if configuration.applicationNameAddHost {
            // PostgreSQL keeps 63 bytes of it.
            client.parameters[index] = "\(value) - \(client.peer.address):\(client.peer.port)"
        }
    }

    // MARK: who it is

    private func authenticate(_ client: PoolClient, _ message: StartupMessage) {
        if client.databaseName == Self.consoleName, client.peer.isOwnUser, client.user == Self.consoleName {
            return openConsole(client, isAdministrator: true)
        }
        guard let method = method(for: client) else { return accept(client, .none) }
        var settings = ClientAuthentication.Settings(method: method, mockKey: secrets.mockKey)
        settings.iterations = configuration.scramIterations
        var known = ClientAuthentication.Client(user: Array(client.user.utf8))
        known.isEncrypted = !client.tls.isEmpty
        known.account = client.peer.systemUser.map { Array($0.utf8) }
        var login = ClientAuthentication(
            settings, client: known, entropy: driver.entropy(32), made: users[client.user]?.madeSecret)
        client.state = .login
        let lookup = lookUp(client)
        advance(client, &login) { $0.start(lookup, to: &$1) }
    }

    /// How a client must show who it is; nil: not at all (`any`).
    private func method(for client: PoolClient) -> ClientAuthentication.Method? {
        switch configuration.authType {
        case .any: return nil
        case .trust: return .trust
        case .plain: return .plain
        case .md5: return .md5
        case .scramSHA256: return .scram
        case .cert: return .cert
        case .hba: break
        }
        let rule = secrets.rules.rule(
            for: client.user, database: client.databaseName, address: PoolAddress(client.peer.address),
            isTLS: !client.tls.isEmpty, isLocal: client.peer.isUnix)
        switch rule?.method {
        case nil, .reject: return .reject
        case .trust: return .trust
        case .md5: return .md5
        case .scramSHA256: return .scram
        case .password: return .plain
        case .cert: return .cert
        case .peer:
            // A map may let an account in under other names.
            guard let account = client.peer.systemUser,
                secrets.maps.allows(account, as: client.user, map: rule?.map)
            else { return .reject }
            return .trust
        }
    }

    private func lookUp(_ client: PoolClient) -> ClientAuthentication.Lookup {
        if let secret = secrets[client.user] { return .found(secret) }
        guard client.databaseName != Self.consoleName, authUser(of: client) != nil else { return .unknown }
        return .elsewhere
    }

    /// One step of a login.
    private func advance(
        _ client: PoolClient, _ login: inout ClientAuthentication,
        _ step: (inout ClientAuthentication, inout [UInt8]) -> ClientAuthentication.Progress
    ) {
        var output: [UInt8] = []
        let progress = step(&login, &output)
        if !output.isEmpty { send(output, to: client) }
        client.login = login
        switch progress {
        case .waits: break
        case .asksForSecret: askForSecret(of: client)
        case .accepted(let credentials):
            client.login = nil
            if let made = login.madeSecret { user(named: client.user).madeSecret = made }
            accept(client, credentials)
        case .refused(let refusal):
            client.login = nil
            log(.warning, client, refusal.log)
            refuse(client, refusal.code, refusal.text)
        }
    }

    /// A password message may be so long. In bytes.
    private static let passwordLimit = 8 * 1024

    /// Messages of a login.
    func takeLogin(_ bytes: UnsafeRawBufferPointer, from client: PoolClient) -> Int {
        var at = 0
        while client.state == .login, bytes.count - at >= MessageHeader.size, !client.isClosed {
            // While the secret is looked up the client has nothing to say.
            guard var login = client.login, client.secretErrand == nil else { return at }
            guard let header = MessageHeader(bytes, at: at, limit: Self.passwordLimit) else {
                refuse(client, "08P01", "a message of the login is too long or broken")
                return bytes.count
            }
            guard bytes.count - at >= header.total else { return at }
            let body = Array(bytes[(at + MessageHeader.size)..<(at + header.total)])
            at += header.total
            switch header.type {
            case Ask.password: advance(client, &login) { $0.handle(.message(body), to: &$1) }
            case Ask.terminate: clientEnded(client, "client close request")
            default: refuse(client, "08P01", "a password is expected, and something else came")
            }
        }
        return at
    }

    /// What `auth_query` found.
    func secretFound(_ lookup: ClientAuthentication.Lookup, for client: PoolClient) {
        client.secretErrand = nil
        guard var login = client.login else { return }
        advance(client, &login) { $0.handle(.secret(lookup), to: &$1) }
        if !client.isClosed, client.state == .login { digestHeld(client) }
    }

    // MARK: in

    private func accept(_ client: PoolClient, _ credentials: ServerCredentials) {
        if client.databaseName == Self.consoleName {
            let isAdministrator = configuration.adminUsers.contains(client.user)
            guard isAdministrator || configuration.statsUsers.contains(client.user) else {
                return refuse(
                    client, "42501", "not allowed",
                    hint: "admin_users and stats_users say who may use the console.")
            }
            return openConsole(client, isAdministrator: isAdministrator)
        }
        guard let database = database(named: client.databaseName) else {
            return refuse(client, "3D000", "no such database: \(client.databaseName)")
        }
        letIn(client, database, credentials)
    }

    func database(named name: String) -> PoolDatabaseEntry? {
        if let known = databases[name] { return known }
        guard let settings = configuration.database(named: name) else { return nil }
        let entry = PoolDatabaseEntry(settings, isAutomatic: true, permits)
        entry.isPaused = isPaused
        databases[name] = entry
        return entry
    }

    func user(named name: String) -> PoolUserEntry {
        if let known = users[name] { return known }
        let entry = PoolUserEntry(name: name, settings: configuration.user(named: name), permits)
        users[name] = entry
        return entry
    }

    /// A client has shown who it is.
    private func letIn(_ client: PoolClient, _ database: PoolDatabaseEntry, _ credentials: ServerCredentials)
    {
        let user = user(named: client.user)
        guard
            permits.take(
                database.clientPlace, below: configuration.maxDbClientConnections(database.settings) ?? 0)
        else { return refuse(client, "53300", "client connections exceeded (max_db_client_connections)") }
        guard
            permits.take(user.clientPlace, below: configuration.maxUserClientConnections(user.settings) ?? 0)
        else {
            permits.give(database.clientPlace)
            return refuse(client, "53300", "client connections exceeded (max_user_client_connections)")
        }
        let pool = pool(database, user)
        pool.credentials = credentials
        join(client, pool)
        database.traffic.clientLogins += 1
        if configuration.logConnections {
            let tls = client.tls.isEmpty ? "no" : client.tls
            log(.info, client, "login attempt: db=\(database.name) user=\(client.user) tls=\(tls)")
        }
        if pool.welcome != nil { return welcome(client, pool) }
        if let failure = pool.failure, pool.servers.isEmpty, !database.settings.followsLease,
            now - failure.at < configuration.serverLoginRetry.nanoseconds
        {
            return refuse(
                client, failure.code,
                "server login has been failing, cached error: \(failure.text) (server_login_retry)")
        }
        client.state = .welcome
        enqueue(client, in: pool)
        launch(pool)
    }

    /// A client, for whom places have been taken, belongs to a pool until it ends.
    func join(_ client: PoolClient, _ pool: ServerPool) {
        client.pool = pool
        pool.clientCount += 1
        pool.database.clientCount += 1
        pool.user.clientCount += 1
    }

    func pool(_ database: PoolDatabaseEntry, _ user: PoolUserEntry) -> ServerPool {
        if let known = database.pools.first(where: { $0.user === user }) { return known }
        let pool = ServerPool(database: database, user: user, permits)
        pool.mode = configuration.poolMode(database.settings, user.settings)
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
            if let text = configuration.loginNotifyMessage {
                BackendWriter.notice(ServerMessage(severity: "NOTICE", code: "00000", text: text), to: &bytes)
            }
            BackendWriter.readyForQuery(.idle, to: &bytes)
        }
        client.state = .idle
        client.lastActiveAt = now
        digestHeld(client)
    }

    /// Where a key says whose client it is: in the low bits of what clients take for a process's number.
    static let workerShift: UInt64 = 32
    private static let workerBits: UInt64 = 0x1F << 32

    private func newCancelKey(_ client: PoolClient) -> UInt64 {
        var key: UInt64 = 0
        while key == 0 || cancelKeys[key] != nil {
            for byte in driver.entropy(8) { key = key << 8 | UInt64(byte) }
            key = key & ~Self.workerBits | UInt64(driver.workerIndex) << Self.workerShift
        }
        cancelKeys[key] = client
        return key
    }
}
