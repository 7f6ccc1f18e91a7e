import Languages
import PostgreSQLWire

/// How the pool gets a server.
extension Pooler {
    func beginLogin(_ server: PoolServer) {
        let settings = server.pool.database.settings
        var parameters: [(name: String, value: String)] = [
            ("user", settings.user ?? server.pool.user.name),
            ("database", settings.dbname ?? settings.name),
        ]
        if let value = settings.clientEncoding { parameters.append(("client_encoding", value)) }
        if let value = settings.datestyle { parameters.append(("datestyle", value)) }
        if let value = settings.timezone { parameters.append(("timezone", value)) }
        if let value = settings.applicationName { parameters.append(("application_name", value)) }
        send(FrontendMessage.startup(parameters), to: server)
    }

    /// A message while a server decides whether it lets us in.
    func takeLogin(_ type: UInt8, _ body: UnsafeRawBufferPointer, _ server: PoolServer) {
        switch type {
        case Answer.authentication:
            guard body.count == 4, body.allSatisfy({ $0 == 0 }) else {
                return loginFailed(server, code: "28000", "the server wants a password")
            }
        case Answer.key:
            guard body.count >= 8 else {
                return loginFailed(server, code: "08P01", "the server's key is too short")
            }
            server.processIdentifier = Int32(
                bitPattern: UInt32(bigEndian: body.loadUnaligned(as: UInt32.self)))
            server.secret = Array(body[4...])
        case Answer.ready: loggedIn(server)
        case Answer.error:
            let message = ServerMessage.read(body)
            loginFailed(server, code: message.code, message.text)
        case Answer.protocolVersion: break
        default: loginFailed(server, code: "08P01", "the server says something else than who it is")
        }
    }

    private func loggedIn(_ server: PoolServer) {
        let pool = server.pool
        pool.logins -= 1
        pool.failure = nil
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
        log(.warning, server, "login failed: \(text)")
        close(server, text, says: false)
        pool.failure = (at: now, text: text, code: code)
        // A server that only starts up will be there soon (57P03, cannot_connect_now).
        guard pool.servers.isEmpty, code != "57P03", code != "08006" else { return }
        while let client = pool.waiting.popFirst() { refuse(client, code, text) }
    }
}
