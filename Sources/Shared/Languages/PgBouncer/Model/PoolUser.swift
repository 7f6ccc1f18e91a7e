/// A line of `[users]`: what is different for one user. A value that is nil was not set.
public struct PoolUser: Sendable, Equatable {
    /// The client's user.
    public var name: String
    /// Where the line is in its file.
    public var line: Int
    /// Instead of the database's.
    public var poolMode: PoolMode?
    /// Server connections of each of the user's pools.
    public var poolSize: Int?
    /// Server connections beyond `poolSize`.
    public var reservePoolSize: Int?
    /// Server connections of all the user's pools; 0: no limit, here and in the next.
    public var maxUserConnections: Int?
    /// The user's clients.
    public var maxUserClientConnections: Int?
    /// Instead of the global one; `.zero` is never, here and below.
    public var queryTimeout: Duration?
    /// Instead of the database's.
    public var queryWaitTimeout: Duration?
    /// Instead of the global one.
    public var transactionTimeout: Duration?
    /// Instead of the global one.
    public var idleTransactionTimeout: Duration?
    /// Instead of the global one.
    public var clientIdleTimeout: Duration?

    /// A user of whom only the name is known.
    public init(name: String, line: Int = 0) {
        self.name = name
        self.line = line
    }
}

/// A line of `[peers]`: another pool that may have to be told of a cancel request.
public struct PoolPeer: Sendable, Equatable {
    /// Its `peer_id`, 1 to 16383.
    public var id: UInt16
    /// Where the line is in its file.
    public var line: Int
    /// Where it listens; every peer has one.
    public var host: PoolHost?
    /// The port, also of its Unix socket.
    public var port: UInt16 = 6432
    /// Cancel requests that may be on their way to it at a time; nil: `default_pool_size`.
    public var poolSize: Int?

    /// A peer of which only the number is known.
    public init(id: UInt16, line: Int = 0) {
        self.id = id
        self.line = line
    }
}
