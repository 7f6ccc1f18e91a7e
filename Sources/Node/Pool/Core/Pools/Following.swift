import Languages
import PostgreSQLWire

/// Who may write in the cluster's database, as the role `database` says.
public struct Leadership: Sendable, Equatable {
    /// The lease's epoch: each holder has a greater one than those before it.
    public var epoch: UInt64
    /// Where its holder's PostgreSQL is; nil: nobody holds it, or it does not take connections yet.
    public var primary: PoolHost?
    /// A switchover is about to begin: transactions that run may end, none may begin.
    public var isChanging: Bool

    /// Who may write.
    public init(epoch: UInt64, primary: PoolHost?, isChanging: Bool = false) {
        self.epoch = epoch
        self.primary = primary
        self.isChanging = isChanging
    }
}

/// Databases with `follow = lease`: their servers are the lease's holder's, and of this epoch.
extension Pooler {
    /// The lease is another's, or nobody's, or its holder is about to give it away.
    ///
    /// Nothing is ever sent to an old primary: connections of an older epoch are closed at once, whatever they do. Clients
    /// that have none wait.
    public func led(by new: Leadership, at now: Nanoseconds) {
        self.now = now
        // What is older has been overtaken by what we know.
        if let leadership, new.epoch < leadership.epoch { return }
        let old = leadership
        leadership = new
        if new.primary != nil { leaderlessSince = 0 } else if leaderlessSince == 0 { leaderlessSince = now }
        guard old != new else { return }
        for database in databases.values where database.settings.followsLease {
            for pool in database.pools {
                follow(pool, isNew: old?.epoch != new.epoch || old?.primary != new.primary)
            }
        }
        wakeJanitor()
    }

    private func follow(_ pool: ServerPool, isNew: Bool) {
        guard let leadership else { return }
        if isNew {
            pool.failure = nil
            pool.failuresInARow = 0
            for server in pool.servers where server.wasPrimary {
                if server.epoch != leadership.epoch || server.endpoint.host != leadership.primary {
                    lose(server)
                }
            }
        }
        if leadership.isChanging {
            for server in pool.idle where server.wasPrimary { close(server, "a switchover begins") }
        } else {
            serve(pool)
        }
    }

    /// A server that has no right to anything any more.
    private func lose(_ server: PoolServer) {
        guard server.state != .login else {
            return close(server, "the lease is another's", says: false)
        }
        serverEnded(server, "the database has failed over to another node")
    }

    /// Whether a pool's clients must wait for a leader.
    func isLeaderless(_ pool: ServerPool) -> Bool {
        guard pool.database.settings.followsLease, standby(for: pool) == nil else { return false }
        guard let leadership else { return true }
        return leadership.primary == nil || leadership.isChanging
    }

    /// Whether a server may be used for another transaction.
    @inline(__always)
    func mayLead(_ server: PoolServer) -> Bool {
        guard server.wasPrimary else { return true }
        return server.epoch == leadership?.epoch && leadership?.isChanging == false
    }

    /// Where the next server of a pool that follows the lease is; nil: nowhere now.
    func followed(_ pool: ServerPool) -> Endpoint? {
        let port = pool.database.settings.port
        if let host = standby(for: pool) {
            pool.nextHost += 1
            return Endpoint(host: host, port: port)
        }
        return leadership?.primary.map { Endpoint(host: $0, port: port) }
    }

    /// The next standby for a database that prefers them (`NAME_ro`); nil where it does not, and when none lets us in.
    private func standby(for pool: ServerPool) -> PoolHost? {
        let settings = pool.database.settings
        guard settings.targetSessionAttrs == .preferStandby || settings.targetSessionAttrs == .standby else {
            return nil
        }
        let hosts = settings.host.filter { $0 != leadership?.primary }
        guard !hosts.isEmpty, pool.failuresInARow < hosts.count || settings.targetSessionAttrs == .standby
        else {
            return nil
        }
        return hosts[pool.nextHost % hosts.count]
    }

    /// After a failed login at the lease's holder it is tried again so soon: it may be about to be promoted.
    static let promotionRetry: Nanoseconds = 25_000_000

    /// After a failed login none is tried for so long.
    func retryPause(_ pool: ServerPool) -> Nanoseconds {
        pool.database.settings.followsLease ? Self.promotionRetry : configuration.serverLoginRetry.nanoseconds
    }
}
