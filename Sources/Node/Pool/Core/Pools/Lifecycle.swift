import Languages
import PostgreSQLWire

/// New settings, and the end.
extension Pooler {
    /// SIGUSR1: as PAUSE.
    public func pauseAll(at now: Nanoseconds) {
        self.now = now
        _ = act(on: .pause(nil))
    }

    /// SIGUSR2: as RESUME.
    public func resumeAll(at now: Nanoseconds) {
        self.now = now
        _ = act(on: .resume(nil))
    }

    /// Settings that were changed by RELOAD or SET. What is different for a database's servers replaces them one by one.
    func apply(_ new: PoolConfiguration) {
        configuration = new
        for settings in new.databases {
            if let known = databases[settings.name] {
                // An automatic one may have got a line of its own.
                known.isAutomatic = false
                let isElsewhere =
                    known.settings.host != settings.host || known.settings.port != settings.port
                    || known.settings.dbname != settings.dbname || known.settings.user != settings.user
                    || known.settings.password != settings.password
                    || known.settings.connectQuery != settings.connectQuery
                known.settings = settings
                if isElsewhere { reconnect(known) }
            } else {
                let entry = PoolDatabaseEntry(settings, isAutomatic: false, permits)
                entry.isPaused = isPaused
                databases[settings.name] = entry
            }
        }
        for database in databases.values where !database.isAutomatic {
            guard new.databases.contains(where: { $0.name == database.name }) == false else { continue }
            driver.log(.warning, "database \(database.name) is no longer configured: its connections end")
            remove(database)
        }
        for user in users.values { user.settings = new.user(named: user.name) }
        for database in databases.values {
            if database.isAutomatic {
                guard let settings = new.database(named: database.name) else {
                    remove(database)
                    continue
                }
                if settings != database.settings {
                    database.settings = settings
                    reconnect(database)
                }
            }
            for pool in database.pools {
                pool.mode = new.poolMode(database.settings, pool.user.settings)
                launch(pool)
            }
        }
        wakeJanitor()
    }

    /// Ends all that is connected with a database.
    func empty(_ database: PoolDatabaseEntry) {
        for client in clients where client.pool?.database === database {
            refuse(client, "57P01", "database removed")
        }
        for pool in database.pools { for server in pool.servers { close(server, "database removed") } }
    }

    private func remove(_ database: PoolDatabaseEntry) {
        empty(database)
        if databases[database.name] === database { databases[database.name] = nil }
    }

    /// SHUTDOWN WAIT_FOR_CLIENTS (SIGTERM) and WAIT_FOR_SERVERS (SIGINT): nobody new is let in, and `PoolDriver.stop` is called
    /// when clients, or servers, are done.
    public func shutDown(waitsForClients: Bool, at now: Nanoseconds) {
        self.now = now
        beginShutdown(waitsForClients ? .waitsForClients : .waitsForServers)
    }

    func beginShutdown(_ way: Lifecycle) {
        lifecycle = way
        if way == .waitsForServers {
            for client in clients where client.server == nil && client.console == nil {
                refuse(client, "57P01", "server shutting down")
            }
            for database in databases.values {
                for pool in database.pools { for server in pool.idle { close(server, "shutdown") } }
            }
        }
        lookAtShutdown()
        wakeJanitor()
    }

    /// Whether all that was waited for is done.
    func lookAtShutdown() {
        switch lifecycle {
        case .running: return
        case .waitsForClients:
            if clients.allSatisfy({ $0.console != nil }) { driver.finished() }
        case .waitsForServers:
            if databases.values.allSatisfy({
                $0.pools.allSatisfy { $0.servers.allSatisfy { $0.client == nil } }
            }) {
                driver.finished()
            }
        }
    }
}
