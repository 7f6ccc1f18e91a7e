import PostgreSQLWire

/// What the pool itself asks of servers, one simple query at a time.
extension Pooler {
    func begin(_ task: PoolServer.Task, _ text: String, on server: PoolServer) {
        server.task = task
        server.taskFailed = false
        server.taskSince = now
        if task == .check { server.pool.checks += 1 }
        server.state = .busy
        send(FrontendMessage.query(text), to: server)
        wakeJanitor()
    }

    /// ReadyForQuery after what the pool itself asked.
    func finishTask(_ server: PoolServer) {
        let task = server.task
        server.task = .none
        if task == .check { server.pool.checks -= 1 }
        switch task {
        case .none, .check: rest(server)
        case .secret:
            let errand = server.client?.errand
            server.state = .active
            server.mayRest = true
            if let errand { finish(errand, failed: server.taskFailed ? "the server refused it" : nil) }
            if !server.isClosed, server.state == .active, server.client == nil { rest(server) }
        case .reset:
            server.statements.removeAll()
            guard !server.taskFailed, server.transaction == UInt8(ascii: "I") else {
                close(server, "server_reset_query failed")
                return launch(server.pool)
            }
            rest(server)
        case .connectQuery:
            guard !server.taskFailed else {
                server.state = .login
                server.pool.logins += 1
                return loginFailed(server, code: "08006", "connect_query failed")
            }
            rest(server)
        case .settings:
            guard let client = server.client else {
                if server.taskFailed {
                    close(server, "the client is gone")
                    return launch(server.pool)
                }
                return rest(server)
            }
            guard !server.taskFailed else {
                close(server, "a client's settings were refused")
                launch(server.pool)
                return refuse(
                    client, "22023", "a setting of the session cannot be set on the server",
                    hint: "Look at client_encoding, DateStyle, TimeZone and application_name of the client.")
            }
            // As the server writes them: what means the same is not set again.
            client.parameters = server.parameters
            server.state = .active
            client.state = .active
            digestHeld(client)
        }
    }
}
