import Languages
import PostgreSQLWire

/// Times that are over.
extension Pooler {
    /// Times are looked at so often while there is anything to look at; they may be met so late. As PgBouncer's.
    static let janitorPeriod: Nanoseconds = 333_000_000

    /// When `time` should be called; nil: not before something else happens.
    public var deadline: Duration? { janitorAt == .max ? nil : .nanoseconds(janitorAt) }

    /// The same in nanoseconds.
    public var deadlineNanoseconds: Int64 { janitorAt }

    func wakeJanitor() {
        if janitorAt == .max { janitorAt = now + Self.janitorPeriod }
    }

    /// The deadline has come.
    public func time(at now: Nanoseconds) {
        self.now = now
        guard now >= janitorAt else { return }
        janitorAt = .max
        var isNeeded = false
        for session in sessions {
            guard let session, !session.isClosed else { continue }
            if session.isServer {
                check(unsafeDowncast(session, to: PoolServer.self))
                isNeeded = true
            } else if check(unsafeDowncast(session, to: PoolClient.self)) {
                isNeeded = true
            }
        }
        for (link, errand) in cancels {
            isNeeded = true
            if let limit = configuration.cancelWaitTimeout, now - errand.startedAt > limit.nanoseconds {
                finishCancel(link)
            }
        }
        forgetUnused()
        for database in databases.values {
            for pool in database.pools {
                if pool.waiting.first != nil || pool.failure != nil { launch(pool) }
                keepMinimum(pool)
                if pool.waiting.first != nil { isNeeded = true }
            }
        }
        if now - periodBegan >= configuration.statsPeriod.nanoseconds { endPeriod() }
        lookAtWaitingCommands()
        if !commandsThatWait.isEmpty { isNeeded = true }
        lookAtShutdown()
        if lifecycle != .running { isNeeded = true }
        if isNeeded { janitorAt = now + Self.janitorPeriod }
    }

    /// `autodb_idle_timeout`: databases that were made from the line `*`, when nobody has used them for long.
    private func forgetUnused() {
        guard let limit = configuration.autodbIdleTimeout, limit > .zero else { return }
        for database in Array(databases.values) where database.isAutomatic {
            guard database.clientCount == 0, database.serverCount == 0, !database.isPaused,
                !database.isDisabled
            else {
                database.unusedSince = 0
                continue
            }
            if database.unusedSince == 0 {
                database.unusedSince = now
            } else if now - database.unusedSince > limit.nanoseconds {
                databases[database.name] = nil
            }
        }
    }

    /// Whether a client has to be looked at again.
    private func check(_ client: PoolClient) -> Bool {
        func isOver(_ limit: Duration?, since start: Nanoseconds) -> Bool {
            guard let limit, limit > .zero, start > 0 else { return false }
            return now - start > limit.nanoseconds
        }
        let user = client.pool?.user.settings
        let database = client.pool?.database.settings
        switch client.state {
        case .startup, .login:
            if isOver(configuration.clientLoginTimeout, since: client.connectedAt) {
                refuse(client, "08006", "client_login_timeout")
            }
            return true
        case .welcome, .waiting:
            let limit =
                database.map { configuration.queryWaitTimeout($0, user) } ?? configuration.queryWaitTimeout
            if isOver(limit, since: client.waitingSince) {
                refuse(client, "57014", "query_wait_timeout")
            } else if let pool = client.pool, isLeaderless(pool),
                isOver(configuration.failoverWaitTimeout, since: max(client.waitingSince, leaderlessSince))
            {
                refuse(
                    client, "57P03", "the database has no primary",
                    hint: "No node holds its lease: see pidep database status.")
            } else if client.state == .waiting, !client.wasNotifiedOfWaiting,
                isOver(configuration.queryWaitNotify, since: client.waitingSince)
            {
                client.wasNotifiedOfWaiting = true
                notifyOfWaiting(client)
            }
            return true
        case .idle:
            let limit = configuration.clientIdleTimeout(user)
            if isOver(limit, since: client.lastActiveAt) { refuse(client, "57P05", "client_idle_timeout") }
            return limit != nil
        case .settling, .active:
            let isIdle = client.server?.outstanding.isEmpty ?? false
            if isOver(configuration.queryTimeout(user), since: client.queryAt) {
                refuse(client, "57014", "query_timeout")
            } else if isOver(
                configuration.transactionTimeout(user), since: client.transactionAt)
            {
                refuse(client, "25P04", "transaction_timeout")
            } else if isIdle, client.transactionAt > 0,
                isOver(
                    configuration.idleTransactionTimeout(user),
                    since: client.lastActiveAt)
            {
                refuse(client, "25P03", "idle_transaction_timeout")
            } else if isIdle, client.transactionAt == 0,
                isOver(configuration.clientIdleTimeout(user), since: client.lastActiveAt)
            {
                refuse(client, "57P05", "client_idle_timeout")
            }
            return true
        case .console: return false
        }
    }

    private func notifyOfWaiting(_ client: PoolClient) {
        var place = 1
        var other = client.previousWaiting
        while let ahead = other {
            place += 1
            other = ahead.previousWaiting
        }
        say(to: client) { bytes in
            BackendWriter.notice(
                ServerMessage(
                    severity: "NOTICE", code: "00000",
                    text: "No server connection available in postgres backend, client being queued",
                    detail: "It is number \(place) in the queue."), to: &bytes)
        }
    }

    private func check(_ server: PoolServer) {
        let age = now - server.connectedAt
        switch server.state {
        case .login:
            if let limit = configuration.serverConnectTimeout, age > limit.nanoseconds {
                loginFailed(server, code: "08006", "connect timeout")
            }
        case .idle:
            guard server.cancelsUnderWay == 0 else { return }
            let isSpare = server.pool.servers.count > minimum(server.pool)
            if let limit = configuration.serverIdleTimeout, isSpare,
                now - server.idleSince > limit.nanoseconds
            {
                close(server, "server idle timeout")
            } else if isTooOld(server) {
                close(server, "server lifetime over")
            }
        case .busy:
            // What the pool itself asks takes no longer than a login may.
            if let limit = configuration.serverConnectTimeout, now - server.taskSince > limit.nanoseconds {
                serverEnded(server, "the server did not answer the pool in time")
            }
        case .active: break
        }
    }

    private func minimum(_ pool: ServerPool) -> Int {
        configuration.minPoolSize(pool.database.settings, pool.user.settings)
    }

    private func keepMinimum(_ pool: ServerPool) {
        guard pool.clientCount > 0, pool.servers.count < minimum(pool), pool.logins == 0,
            !pool.database.isPaused, lifecycle == .running
        else { return }
        if let failure = pool.failure, now - failure.at < retryPause(pool) {
            return
        }
        connect(pool, evicts: false)
    }
}
