import Languages
import PostgreSQLWire

/// Who gets which server, and when it is given back.
extension Pooler {
    /// So many servers of a pool are asked to let us in at a time: each is a process that a small machine must start.
    static let loginsAtOnce = 4

    /// Gives a client a server if there is one; false: it waits, or is gone.
    func obtainServer(for client: PoolClient) -> Bool {
        guard let pool = client.pool else { return false }
        if lifecycle != .waitsForServers, !pool.database.isPaused, !isLeaderless(pool),
            pool.waiting.first == nil
        {
            while let server = takeIdle(pool) {
                if isUsed(server) {
                    pool.idle.append(server)
                    break
                }
                if use(server, for: client) { return client.state == .active }
            }
        }
        enqueue(client, in: pool)
        checkIdle(pool)
        launch(pool)
        return false
    }

    /// The idle server whose turn it is.
    private func takeIdle(_ pool: ServerPool) -> PoolServer? {
        guard configuration.serverRoundRobin, !pool.idle.isEmpty else { return pool.idle.popLast() }
        return pool.idle.removeFirst()
    }

    /// Idle servers have to show that they are alive first: as many do as there are clients who wait.
    private func checkIdle(_ pool: ServerPool) {
        guard lifecycle != .waitsForServers, !pool.database.isPaused, !isLeaderless(pool),
            let query = configuration.serverCheckQuery
        else { return }
        while pool.checks < pool.waiting.count, let server = takeIdle(pool) {
            if isUseless(server) { continue }
            begin(.check, query, on: server)
        }
    }

    /// Closes an idle server that must not be used again.
    private func isUseless(_ server: PoolServer) -> Bool {
        guard server.closeNeeded || isTooOld(server) else { return false }
        close(server, "server lifetime over")
        return true
    }

    func enqueue(_ client: PoolClient, in pool: ServerPool) {
        if client.state != .welcome { client.state = .waiting }
        client.waitingSince = now
        client.wasNotifiedOfWaiting = false
        pool.waiting.append(client)
        wakeJanitor()
    }

    /// Takes an idle server for a client; false: it is of no use.
    private func use(_ server: PoolServer, for client: PoolClient) -> Bool {
        if isUseless(server) { return false }
        link(client, server)
        return true
    }

    func isTooOld(_ server: PoolServer) -> Bool {
        let lifetime = configuration.serverLifetime(server.pool.database.settings)
        // Zero is after one use, and logging in takes time, too: each is used once at least.
        if server.assignments == 0, lifetime == .zero { return false }
        return now - server.connectedAt > lifetime.nanoseconds
    }

    private func link(_ client: PoolClient, _ server: PoolServer) {
        let pool = server.pool
        server.client = client
        server.state = .active
        server.assignments += 1
        client.server = server
        client.state = .active
        pool.database.traffic.assignments += 1
        if client.waitingSince > 0 {
            pool.database.traffic.waitTime += now - client.waitingSince
            client.waitingSince = 0
        }
        if client.parameters.values != server.parameters.values {
            let text = client.parameters.statements(on: server.parameters, names)
            if !text.isEmpty {
                client.state = .settling
                begin(.settings, text, on: server)
            }
        }
    }

    /// ReadyForQuery has gone to the client.
    func ready(_ server: PoolServer, _ client: PoolClient) {
        let traffic = server.pool.database
        client.lastActiveAt = now
        traffic.traffic.queries += 1
        if client.queryAt > 0 {
            traffic.traffic.queryTime += now - client.queryAt
            client.queryAt = 0
        }
        if client.isPaused, server.outstanding.count <= Self.pipelineLimit / 2 { resume(client) }
        server.mayRest = server.outstanding.isEmpty
        guard server.mayRest else { return }
        if server.transaction == UInt8(ascii: "I") {
            traffic.traffic.transactions += 1
            if client.transactionAt > 0 {
                traffic.traffic.transactionTime += now - client.transactionAt
                client.transactionAt = 0
            }
        } else if server.pool.mode == .statement {
            return refuse(
                client, "08P01", "transaction blocks not allowed in statement pooling mode")
        }
        if server.isAtRest, client.passing == 0 { finish(server) }
    }

    /// A server's work for its client is done for now.
    func finish(_ server: PoolServer) {
        if server.closeNeeded, server.pool.mode == .session, configuration.serverFastClose,
            let client = server.client
        {
            return refuse(client, "57P01", "server connection closed (server_fast_close)")
        }
        guard server.pool.mode != .session else { return }
        guard !server.isPinned else { return }
        unlink(server)
        if server.closeNeeded { return rest(server) }
        if configuration.serverResetQueryAlways, !configuration.serverResetQuery.isEmpty {
            return begin(.reset, configuration.serverResetQuery, on: server)
        }
        rest(server)
    }

    /// Takes a server from its client, which may go on without one.
    func unlink(_ server: PoolServer) {
        guard let client = server.client else { return }
        server.client = nil
        client.server = nil
        if client.state == .active || client.state == .settling { client.state = .idle }
        resume(server)
        // What it sent last may still be on its way: nobody would tell it any more when that has left.
        resume(client)
    }

    /// A server that belongs to nobody: the first that waits gets it.
    func rest(_ server: PoolServer) {
        server.task = .none
        server.idleSince = now
        let pool = server.pool
        if server.closeNeeded || isTooOld(server) {
            close(server, server.closeNeeded ? "close_needed" : "server lifetime over")
            return launch(pool)
        }
        if server.cancelsUnderWay > 0 {
            server.state = .idle
            return
        }
        if pool.owesServer { return give(server) }
        if !pool.database.isPaused, !isLeaderless(pool), lifecycle != .waitsForServers {
            while let client = pool.waiting.popFirst() {
                if client.state == .welcome {
                    welcome(client, pool)
                    continue
                }
                link(client, server)
                if let errand = client.errand {
                    ask(errand)
                } else if client.state == .active {
                    digestHeld(client)
                }
                // It may have had nothing to ask after all.
                if server.client != nil || server.isClosed { return }
                if server.state == .idle || server.state == .busy { return }
            }
        } else {
            letIn(pool)
        }
        server.state = .idle
        pool.idle.append(server)
        if pool.database.isPaused {
            close(server, "pause mode")
        } else if !mayLead(server) {
            close(server, "a switchover begins")
        }
        wakeJanitor()
    }

    /// Tells those who wait for it only what servers are like.
    func letIn(_ pool: ServerPool) {
        guard pool.welcome != nil else { return }
        var next = pool.waiting.first
        while let client = next {
            next = client.nextWaiting
            guard client.state == .welcome else { continue }
            pool.waiting.remove(client)
            welcome(client, pool)
        }
    }

    // MARK: new servers

    func size(_ pool: ServerPool) -> Int {
        configuration.poolSize(pool.database.settings, pool.user.settings)
    }

    private func reserve(_ pool: ServerPool) -> Int {
        configuration.reservePoolSize(pool.database.settings, pool.user.settings)
    }

    /// Opens as many servers as those who wait need and as may be.
    func launch(_ pool: ServerPool) {
        guard lifecycle == .running || lifecycle == .waitsForClients, !pool.database.isPaused,
            !isLeaderless(pool)
        else { return }
        if let failure = pool.failure, now - failure.at < retryPause(pool) {
            return
        }
        while pool.logins < min(pool.waiting.count - pool.checks, Self.loginsAtOnce) {
            // After a failure one is enough to see whether it is over.
            if pool.failure != nil, pool.logins > 0 { return }
            guard connect(pool) else { return }
        }
    }

    /// Takes the places that a new server needs; false: there is none.
    /// `evicts`: for somebody who waits; then another pool's idle server has to go.
    private func takePlaces(_ pool: ServerPool, evicts: Bool) -> Bool {
        guard takeOwnPlace(pool) else {
            askOthers(for: pool)
            return false
        }
        let databaseLimit = configuration.maxDbConnections(pool.database.settings) ?? 0
        guard
            permits.take(pool.database.serverPlace, below: databaseLimit)
                || evicts && evict(from: pool.database.pools)
                    && permits.take(pool.database.serverPlace, below: databaseLimit)
        else {
            permits.give(pool.place)
            askOthers(for: pool)
            return false
        }
        let userLimit = configuration.maxUserConnections(pool.user.settings) ?? 0
        guard
            permits.take(pool.user.serverPlace, below: userLimit)
                || evicts
                    && evict(from: databases.values.flatMap { $0.pools }.filter { $0.user === pool.user })
                    && permits.take(pool.user.serverPlace, below: userLimit)
        else {
            permits.give(pool.place)
            permits.give(pool.database.serverPlace)
            askOthers(for: pool)
            return false
        }
        return true
    }

    /// A place in the pool itself, or of its reserve for those who have waited too long.
    private func takeOwnPlace(_ pool: ServerPool) -> Bool {
        let limit = size(pool)
        if permits.take(pool.place, below: limit) { return true }
        guard let first = pool.waiting.first, let patience = configuration.reservePoolTimeout,
            now - first.waitingSince >= patience.nanoseconds, reserve(pool) > 0,
            permits.take(pool.place, below: limit + reserve(pool))
        else { return false }
        driver.log(.info, "\(pool.database.name)/\(pool.user.name): taking connection from reserve_pool")
        return true
    }

    /// Closes the longest idle server of these pools, so that another pool may have one; false: none is idle.
    private func evict(from pools: [ServerPool]) -> Bool {
        var oldest: PoolServer?
        for pool in pools {
            for server in pool.idle where server.idleSince < (oldest?.idleSince ?? .max) { oldest = server }
        }
        guard let oldest else { return false }
        close(oldest, "evicted")
        return true
    }

    /// Opens a server, if there may be one more; false: there may not.
    @discardableResult
    func connect(_ pool: ServerPool, evicts: Bool = true) -> Bool {
        guard let endpoint = endpoint(for: pool), takePlaces(pool, evicts: evicts) else { return false }
        let link = takeLink()
        let server = PoolServer(
            number: nextNumber(), link: link, pool: pool, endpoint: endpoint, epoch: leadership?.epoch ?? 0,
            parameters: SessionParameters(names), now: now)
        server.wasPrimary = pool.database.settings.followsLease && endpoint.host == leadership?.primary
        sessions[Int(link)] = server
        pool.add(server)
        pool.logins += 1
        driver.connect(link, to: endpoint)
        wakeJanitor()
        return true
    }

    private func endpoint(for pool: ServerPool) -> Endpoint? {
        let settings = pool.database.settings
        if settings.followsLease { return followed(pool) }
        guard !settings.host.isEmpty else {
            return Endpoint(host: .folder(configuration.unixSocketDir ?? "/tmp"), port: settings.port)
        }
        let host = settings.host[pool.nextHost % settings.host.count]
        if settings.loadBalanceHosts == .roundRobin || pool.failure != nil {
            pool.nextHost = (pool.nextHost + 1) % settings.host.count
        }
        return Endpoint(host: host, port: settings.port)
    }
}
