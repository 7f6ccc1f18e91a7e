import Languages
import PostgreSQLWire

/// How connections end.
extension Pooler {
    /// Tells a client why it must go, and closes it. `code`: SQLSTATE.
    func refuse(_ client: PoolClient, _ code: String, _ text: String, hint: String = "") {
        refuse(client, ServerMessage(severity: "FATAL", code: code, text: text, hint: hint))
    }

    /// The same with more to tell.
    func refuse(_ client: PoolClient, _ error: ServerMessage) {
        guard !client.isClosed else { return }
        let text = error.text
        if let errand = client.errand { return finish(errand, failed: text) }
        // In the middle of a message it would be read as a part of it.
        if !client.isMidAnswer, client.server.map({ $0.state != .active || $0.passing == 0 }) ?? true {
            say(to: client) { BackendWriter.error(error, to: &$0) }
        }
        if configuration.logPoolerErrors { log(.warning, client, "pooler error: \(text)") }
        end(client, text, afterSending: true)
    }

    /// A client is gone, or says that it goes.
    func clientEnded(_ client: PoolClient, _ reason: String) {
        guard !client.isClosed else { return }
        end(client, reason, afterSending: false)
    }

    private func end(_ client: PoolClient, _ reason: String, afterSending: Bool) {
        client.isClosed = true
        if configuration.logDisconnections, client.state != .startup {
            log(
                .info, client,
                "closing because: \(reason) (age=\((now - client.connectedAt) / 1_000_000_000)s)")
        }
        if client.cancelKey != 0 { cancelKeys[client.cancelKey] = nil }
        forgetStatements(of: client)
        if let errand = client.secretErrand {
            client.secretErrand = nil
            clientEnded(errand, "nobody waits for auth_query any more")
        }
        if client.link >= 0 {
            driver.close(client.link, afterSending: afterSending)
            freeLink(client.link)
            clientCount -= 1
            permits.give(clientPlace)
        }
        guard let pool = client.pool else { return }
        pool.waiting.remove(client)
        pool.clientCount -= 1
        pool.database.clientCount -= 1
        pool.user.clientCount -= 1
        permits.give(pool.database.clientPlace)
        permits.give(pool.user.clientPlace)
        client.pool = nil
        if let server = client.server { leave(server, client) }
    }

    /// A server whose client is gone.
    private func leave(_ server: PoolServer, _ client: PoolClient) {
        let wasSettling = client.state == .settling || server.task != .none
        server.client = nil
        client.server = nil
        resume(server)
        // What the pool itself asks goes on; then the server is free.
        if wasSettling { return }
        guard server.isAtRest, server.mayRest, client.passing == 0 else {
            // A Terminate behind a part of a query would become the rest of it.
            close(server, "client disconnect while server was not ready", says: client.passing == 0)
            return launch(server.pool)
        }
        let resets = server.pool.mode == .session || server.isPinned || configuration.serverResetQueryAlways
        server.isPinned = false
        if resets, !configuration.serverResetQuery.isEmpty {
            begin(.reset, configuration.serverResetQuery, on: server)
        } else {
            rest(server)
        }
    }

    /// A server failed, or closed the connection.
    func serverEnded(_ server: PoolServer, _ reason: String) {
        guard !server.isClosed else { return }
        let pool = server.pool
        if server.state == .login { return loginFailed(server, code: "08006", reason) }
        let client = server.client
        let loss = client.map { lossOf(server, $0, reason) }
        close(server, server.fatal?.text ?? reason, says: false)
        if let client, let loss { refuse(client, loss) }
        launch(pool)
    }

    /// What a client is told when its server is lost: honestly whether a transaction might have been committed.
    private func lossOf(_ server: PoolServer, _ client: PoolClient, _ reason: String) -> ServerMessage {
        let isUnderWay = !server.mayRest || !server.outstanding.isEmpty
        let isOpen = server.transaction != UInt8(ascii: "I")
        if client.state == .active, isUnderWay, !isOpen || client.lastStatement != .cannotCommit {
            return Self.inDoubt(severity: "FATAL")
        }
        if let fatal = server.fatal { return fatal }
        return ServerMessage(
            severity: "FATAL", code: isOpen ? "57P01" : "08006", text: reason,
            detail: isOpen ? "The transaction was not committed." : "")
    }

    /// Closes a server that no client has, or whose client is told so by the caller.
    func close(_ server: PoolServer, _ reason: String, says: Bool = true) {
        guard !server.isClosed else { return }
        server.isClosed = true
        log(.info, server, "closing because: \(reason) (age=\((now - server.connectedAt) / 1_000_000_000)s)")
        var says = says
        if let client = server.client {
            if client.passing > 0 { says = false }
            if server.passing > 0 { client.isMidAnswer = true }
            client.server = nil
        }
        server.client = nil
        if says, server.state != .login { send(FrontendMessage.terminate, to: server) }
        server.pool.remove(server)
        permits.give(server.pool.place)
        permits.give(server.pool.database.serverPlace)
        permits.give(server.pool.user.serverPlace)
        driver.close(server.link, afterSending: says)
        freeLink(server.link)
    }

    // MARK: log

    func log(_ level: PoolLogLevel, _ client: PoolClient, _ sentence: String) {
        let database = client.pool?.database.name ?? "(nodb)"
        let user = client.user.isEmpty ? "(nouser)" : client.user
        driver.log(
            level,
            "C-\(client.number): \(database)/\(user)@\(client.peer.address):\(client.peer.port) \(sentence)")
    }

    func log(_ level: PoolLogLevel, _ server: PoolServer, _ sentence: String) {
        driver.log(
            level,
            "S-\(server.number): \(server.pool.database.name)/\(server.pool.user.name)@\(server.endpoint.text) \(sentence)"
        )
    }
}
