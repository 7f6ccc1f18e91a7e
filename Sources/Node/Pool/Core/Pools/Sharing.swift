import Languages
import PostgreSQLWire

/// Servers are limited for the whole process, and each worker has its own: who has more than its share gives some up for a worker
/// whose clients wait.
extension Pooler {
    /// A worker asks others so often at most.
    private static let askPause: Nanoseconds = 100_000_000

    /// What a worker may claim of a pool's servers.
    private func share(_ pool: ServerPool) -> Int { max(1, size(pool) / driver.workerCount) }

    /// There is no place for another server: perhaps others have more than they should.
    func askOthers(for pool: ServerPool) {
        guard driver.workerCount > 1, pool.servers.count < share(pool), now - pool.askedAt > Self.askPause
        else { return }
        pool.askedAt = now
        tellOthers(.want(database: pool.database.name, user: pool.user.name))
    }

    func tellOthers(_ message: PoolMessage) {
        for worker in 0..<driver.workerCount where worker != driver.workerIndex {
            driver.tell(worker, message)
        }
    }

    /// Another worker, or the role, tells something.
    public func received(_ message: PoolMessage, at now: Nanoseconds) {
        self.now = now
        switch message {
        case .want(let database, let user): yield(database, user)
        case .freed(let database, let user):
            if let pool = existingPool(database, user) { launch(pool) }
        case .command(let text, let number, let from): perform(text, number, for: from)
        case .answer(let answer, let number): gather(answer, number)
        case .cancel(let key): if let client = cancelKeys[key] { cancel(client) }
        case .leadership(let leadership): led(by: leadership, at: now)
        case .reload(let new):
            secrets = new.secrets
            for user in users.values { user.madeSecret = nil }
            apply(new.configuration)
        }
    }

    private func existingPool(_ database: String, _ user: String) -> ServerPool? {
        databases[database]?.pools.first { $0.user.name == user }
    }

    private func yield(_ database: String, _ user: String) {
        guard let entry = databases[database] else { return }
        if let pool = existingPool(database, user), pool.waiting.first == nil, let server = pool.idle.first {
            give(server)
        } else if let server = entry.pools.lazy.compactMap({ $0.waiting.first == nil ? $0.idle.first : nil })
            .first,
            configuration.maxDbConnections(entry.settings) != nil
        {
            give(server)
        } else if let pool = existingPool(database, user), pool.servers.count > share(pool) {
            pool.owesServer = true
        }
    }

    /// Closes a server so that another worker may have one.
    func give(_ server: PoolServer) {
        let pool = server.pool
        pool.owesServer = false
        close(server, "another worker's clients wait")
        tellOthers(.freed(database: pool.database.name, user: pool.user.name))
    }
}
