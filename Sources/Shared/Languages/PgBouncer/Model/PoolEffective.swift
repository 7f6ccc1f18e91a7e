/// Which of several places counts: a user's line before the database's, and that before `[pgbouncer]`.
extension PoolConfiguration {
    /// When a pool's server connections are given back.
    public func poolMode(_ database: PoolDatabase, _ user: PoolUser?) -> PoolMode {
        user?.poolMode ?? database.poolMode ?? poolMode
    }

    /// Server connections of a pool.
    public func poolSize(_ database: PoolDatabase, _ user: PoolUser?) -> Int {
        user?.poolSize ?? database.poolSize ?? defaultPoolSize
    }

    /// Server connections that a pool keeps open, at most its size.
    public func minPoolSize(_ database: PoolDatabase, _ user: PoolUser?) -> Int {
        min(database.minPoolSize ?? minPoolSize, poolSize(database, user))
    }

    /// Server connections beyond the pool's size.
    public func reservePoolSize(_ database: PoolDatabase, _ user: PoolUser?) -> Int {
        user?.reservePoolSize ?? database.reservePoolSize ?? reservePoolSize
    }

    /// Server connections of a database; nil: no limit of its own.
    public func maxDbConnections(_ database: PoolDatabase) -> Int? {
        limit(database.maxDbConnections, maxDbConnections)
    }

    /// Clients of a database; nil: no limit of its own.
    public func maxDbClientConnections(_ database: PoolDatabase) -> Int? {
        limit(database.maxDbClientConnections, maxDbClientConnections)
    }

    /// Server connections of a user; nil: no limit of its own.
    public func maxUserConnections(_ user: PoolUser?) -> Int? {
        limit(user?.maxUserConnections, maxUserConnections)
    }

    /// Clients of a user; nil: no limit of its own.
    public func maxUserClientConnections(_ user: PoolUser?) -> Int? {
        limit(user?.maxUserClientConnections, maxUserClientConnections)
    }

    /// How long a client waits for a server connection; nil: for ever.
    public func queryWaitTimeout(_ database: PoolDatabase, _ user: PoolUser?) -> Duration? {
        timeout(user?.queryWaitTimeout ?? database.queryWaitTimeout, queryWaitTimeout)
    }

    /// How long a query may run; nil: for ever.
    public func queryTimeout(_ user: PoolUser?) -> Duration? { timeout(user?.queryTimeout, queryTimeout) }

    /// How long a transaction may take; nil: for ever.
    public func transactionTimeout(_ user: PoolUser?) -> Duration? {
        timeout(user?.transactionTimeout, transactionTimeout)
    }

    /// How long a client may be idle in a transaction; nil: for ever.
    public func idleTransactionTimeout(_ user: PoolUser?) -> Duration? {
        timeout(user?.idleTransactionTimeout, idleTransactionTimeout)
    }

    /// How long a client may be idle; nil: for ever.
    public func clientIdleTimeout(_ user: PoolUser?) -> Duration? {
        timeout(user?.clientIdleTimeout, clientIdleTimeout)
    }

    /// How old an unused server connection becomes; `.zero`: it is used once.
    public func serverLifetime(_ database: PoolDatabase) -> Duration {
        database.serverLifetime ?? serverLifetime
    }

    private func limit(_ own: Int?, _ general: Int?) -> Int? {
        guard let own else { return general }
        return own == 0 ? nil : own
    }

    private func timeout(_ own: Duration?, _ general: Duration?) -> Duration? {
        guard let own else { return general }
        return own == .zero ? nil : own
    }
}
