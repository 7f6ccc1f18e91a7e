import Languages
import PostgreSQLWire

/// How the pool gets a server.
extension Pooler {
    func beginLogin(_ server: PoolServer) {
        let settings = server.pool.database.settings
        let user = settings.user ?? server.pool.user.name
        var parameters: [(name: String, value: String)] = [
            ("user", user), ("database", settings.dbname ?? settings.name),
        ]
        if let value = settings.clientEncoding { parameters.append(("client_encoding", value)) }
        if let value = settings.datestyle { parameters.append(("datestyle", value)) }
        if let value = settings.timezone { parameters.append(("timezone", value)) }
        if let value = settings.applicationName { parameters.append(("application_name", value)) }
        server.login = ServerAuthentication(
            user: Array(user.utf8), credentials: credentials(for: server.pool),
            isForced: settings.user != nil,
            keys: server.pool.keys, sendsClearPassword: server.endpoint.isOnThisNode || !server.tls.isEmpty,
            entropy: driver.entropy(18))
        send(FrontendMessage.startup(parameters), to: server)
    }

    /// With what the pool shows a server who it is.
    private func credentials(for pool: ServerPool) -> ServerCredentials {
        guard let forced = pool.database.settings.user else { return pool.credentials }
        if let password = pool.database.settings.password { return .password(Array(password.utf8)) }
        if let secret = secrets[forced] { return ServerCredentials(secret) }
        return .none
    }

    /// A message while a server decides whether it lets us in.
    func takeLogin(_ type: UInt8, _ body: UnsafeRawBufferPointer, _ server: PoolServer) {
        switch type {
        case Answer.authentication:
            guard var login = server.login else { return }
            var output: [UInt8] = []
            let progress = login.handle(Array(body), to: &output)
            server.login = login
            if !output.isEmpty { send(output, to: server) }
            switch progress {
            case .waits: break
            case .accepted:
                if let keys = login.keys { server.pool.keys = keys }
                server.login = nil
                server.isLetIn = true
            case .failed(let code, let sentence): loginFailed(server, code: code, sentence)
            }
        case Answer.key:
            guard server.isLetIn, body.count >= 8 else {
                return loginFailed(server, code: "08P01", "the server's key is too short, or comes too early")
            }
            server.processIdentifier = Int32(
                bitPattern: UInt32(bigEndian: body.loadUnaligned(as: UInt32.self)))
            server.secret = Array(body[4...])
        case Answer.ready:
            guard server.isLetIn else {
                return loginFailed(server, code: "08P01", "the server is ready before it has let us in")
            }
            loggedIn(server)
        case Answer.error:
            let message = ServerMessage.read(body)
            loginFailed(server, code: message.code.isEmpty ? "08006" : message.code, message.text)
        case Answer.protocolVersion: break
        default: loginFailed(server, code: "08P01", "the server says something else than who it is")
        }
    }

    /// The lease's holder has yet to be promoted, or is none any more: nothing of it may be written or believed.
    private func isStandby(_ server: PoolServer) -> Bool {
        server.welcome.contains { $0.name == "in_hot_standby" && $0.value == "on" }
    }

    private func loggedIn(_ server: PoolServer) {
        let pool = server.pool
        if server.wasPrimary, isStandby(server) {
            return loginFailed(server, code: "57P03", "the lease's holder is not yet primary")
        }
        pool.logins -= 1
        pool.failure = nil
        pool.failuresInARow = 0
        pool.welcome = server.welcome
        server.state = .idle
        log(.info, server, "new connection to server")
        letIn(pool)
        if let query = pool.database.settings.connectQuery, !query.isEmpty {
            begin(.connectQuery, query, on: server)
        } else {
            rest(server)
        }
    }

    /// The pool's waiting clients are told when there is no other server to wait for.
    func loginFailed(_ server: PoolServer, code: String, _ text: String) {
        let pool = server.pool
        guard !server.isClosed else { return }
        log(.warning, server, "login failed: \(text)")
        close(server, text, says: false)
        pool.keys = nil
        pool.failuresInARow += 1
        pool.failure = (at: now, text: text, code: code)
        if pool.database.settings.followsLease { janitorAt = min(janitorAt, now + Self.promotionRetry) }
        // A server that only starts up, or cannot be reached just now, may be there soon (57P03, cannot_connect_now).
        guard pool.servers.isEmpty, code != "57P03", code != "08006" else { return }
        while let client = pool.waiting.popFirst() { refuse(client, code, text) }
    }
}
