import Languages
import PostgreSQLWire

/// What commands do.
extension Pooler {
    enum Outcome {
        case done
        case failed(code: String, String)
        case waits(CommandWait)
    }

    func act(on command: ConsoleCommand) -> Outcome {
        switch command {
        case .pause(let name): pause(name)
        case .resume(let name): resume(name)
        case .reconnect(let name): each(name) { reconnect($0) }
        case .kill(let name): each(name) { kill($0) }
        case .killClient(let number): killClient(number)
        case .disable(let name): each(name) { $0.isDisabled = true }
        case .enable(let name): each(name) { $0.isDisabled = false }
        case .suspend: suspend()
        case .reload: reloadWanted()
        case .waitClose(let name):
            databases(name) == nil
                ? .failed(code: "3D000", "no such database: \(name ?? "")") : .waits(.close(name))
        case .shutdown(let way): shutDown(way)
        case .set(let name, let value): set(name, value)
        case .show, .help, .empty, .unknown: .done
        }
    }

    /// The databases that a command means; nil: all.
    private func databases(_ name: String?) -> [PoolDatabaseEntry]? {
        guard let name else { return Array(databases.values) }
        return database(named: name).map { [$0] }
    }

    private func each(_ name: String?, _ body: (PoolDatabaseEntry) -> Void) -> Outcome {
        guard let found = databases(name) else {
            return .failed(code: "3D000", "no such database: \(name ?? "")")
        }
        for database in found { body(database) }
        return .done
    }

    private func pause(_ name: String?) -> Outcome {
        guard let found = databases(name) else {
            return .failed(code: "3D000", "no such database: \(name ?? "")")
        }
        if name == nil {
            guard !isPaused else { return .failed(code: "55000", "already suspended/paused") }
            isPaused = true
        }
        for database in found {
            if name != nil, database.isPaused {
                return .failed(code: "55000", "database \(database.name) already paused")
            }
            database.isPaused = true
            for pool in database.pools { for server in pool.idle { close(server, "pause mode") } }
        }
        return .waits(.pause(name))
    }

    private func resume(_ name: String?) -> Outcome {
        guard let found = databases(name) else {
            return .failed(code: "3D000", "no such database: \(name ?? "")")
        }
        if name == nil {
            guard isPaused || isSuspended || found.contains(where: { $0.isPaused }) else {
                return .failed(code: "55000", "pooler is not paused/suspended")
            }
            isPaused = false
            isSuspended = false
            for session in sessions { if let session { self.resume(session) } }
        } else if let database = found.first, !database.isPaused {
            return .failed(code: "55000", "database \(database.name) is not paused")
        }
        for database in found {
            database.isPaused = false
            for pool in database.pools { serve(pool) }
        }
        return .done
    }

    /// Idle servers for those who wait, and new ones.
    func serve(_ pool: ServerPool) {
        guard lifecycle != .waitsForServers, !pool.database.isPaused, !isLeaderless(pool) else { return }
        while pool.waiting.first != nil, let server = pool.idle.popLast() { rest(server) }
        launch(pool)
    }

    /// Servers are replaced as soon as they are given back.
    func reconnect(_ database: PoolDatabaseEntry) {
        for pool in database.pools {
            for server in pool.servers { server.closeNeeded = true }
            for server in pool.idle { close(server, "database configuration changed") }
            pool.failure = nil
            serve(pool)
        }
    }

    private func kill(_ database: PoolDatabaseEntry) {
        database.isPaused = true
        empty(database)
    }

    private func killClient(_ number: UInt64) -> Outcome {
        guard let client = clients.first(where: { $0.number == number }) else {
            return .failed(code: "02000", "client not found")
        }
        refuse(client, "57P01", "admin forced disconnect")
        return .done
    }

    private func suspend() -> Outcome {
        guard !isSuspended, !isPaused else { return .failed(code: "55000", "already suspended/paused") }
        isSuspended = true
        for session in sessions {
            guard let session else { continue }
            if session.isServer || unsafeDowncast(session, to: PoolClient.self).console == nil {
                pause(session)
            }
        }
        return .waits(.suspend)
    }

    private func reloadWanted() -> Outcome {
        if let problem = driver.reload() { return .failed(code: "F0000", problem) }
        return .done
    }

    private func shutDown(_ way: ConsoleCommand.Shutdown) -> Outcome {
        switch way {
        case .now: driver.stop()
        case .waitForServers: beginShutdown(.waitsForServers)
        case .waitForClients: beginShutdown(.waitsForClients)
        }
        return .done
    }

    private func set(_ name: String, _ value: String) -> Outcome {
        var changed = configuration
        if let problem = changed.set(name, to: value) { return .failed(code: "22023", problem) }
        apply(changed)
        return .done
    }

    // MARK: commands that wait

    /// Answers those that have come to their end.
    func lookAtWaitingCommands() {
        for (index, command) in commandsThatWait.enumerated().reversed() where isOver(command.wait) {
            commandsThatWait.remove(at: index)
            answer(.done, command.number, to: command.worker)
        }
    }

    private func isOver(_ wait: CommandWait) -> Bool {
        switch wait {
        case .pause(let name):
            return (databases(name) ?? []).allSatisfy { $0.serverCount == 0 || !$0.isPaused }
        case .close(let name):
            return (databases(name) ?? []).allSatisfy {
                $0.pools.allSatisfy { $0.servers.allSatisfy { !$0.closeNeeded } }
            }
        case .suspend:
            return sessions.allSatisfy { $0.map { $0.isClosed || driver.queued(on: $0.link) == 0 } ?? true }
        }
    }
}
