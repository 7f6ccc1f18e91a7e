/// A line of `[databases]`: what clients call a database, and where that is.
///
/// A value that is nil was not set: ``PoolConfiguration`` or the user's ``PoolUser`` says it.
public struct PoolDatabase: Sendable, Equatable {
    /// What clients ask for; `*` for all that no other line names.
    public var name: String
    /// Where the line is in its file.
    public var line: Int
    /// Several are tried as `loadBalanceHosts` says; none: the Unix socket in `unix_socket_dir`.
    public var host: [PoolHost] = []
    /// The same on all hosts.
    public var port: UInt16 = 5432
    /// The server's name for it; nil: the one that the client asked for.
    public var dbname: String?
    /// As who the pool logs in, whoever the client is; nil: as the client's user.
    public var user: String?
    /// Goes with `user`.
    public var password: String?
    /// As who `authQuery` is run; nil: the global one.
    public var authUser: String?
    /// Instead of the global one.
    public var authQuery: String?
    /// In which database `authQuery` is run, instead of the global one.
    public var authDbname: String?
    /// Server connections of a pool of this database.
    public var poolSize: Int?
    /// Server connections that a pool keeps open.
    public var minPoolSize: Int?
    /// Server connections that a pool may open beyond `poolSize` when clients have waited too long.
    public var reservePoolSize: Int?
    /// Sent once on each new server connection.
    public var connectQuery: String?
    /// Instead of the global one.
    public var poolMode: PoolMode?
    /// Server connections of all pools of this database; 0: no limit, here and in the next.
    public var maxDbConnections: Int?
    /// Clients of this database.
    public var maxDbClientConnections: Int?
    /// Instead of the global one; `.zero` is never.
    public var queryWaitTimeout: Duration?
    /// Instead of the global one; `.zero` is after one use.
    public var serverLifetime: Duration?
    /// How `host` is gone through.
    public var loadBalanceHosts: PoolHostBalance = .roundRobin
    /// Which servers will do.
    public var targetSessionAttrs: PoolTarget = .any
    /// Sent in the start-up message.
    public var clientEncoding: String?
    /// Sent in the start-up message.
    public var datestyle: String?
    /// Sent in the start-up message.
    public var timezone: String?
    /// Sent in the start-up message.
    public var applicationName: String?

    // Our own words, which stand in lines that begin with ";pinode", too, so that PgBouncer reads the same file.

    /// `follow = lease`: `host` names all members of the cluster's database, and writes go to the holder of its lease alone.
    public var followsLease = false
    /// What standbys may answer.
    public var readStandbys: PoolReadStandbys = .off
    /// Who is sure to see a write, where standbys answer.
    public var readYourWrites: PoolReadYourWrites = .session
    /// How far behind a standby may be.
    public var maxStandbyLag: PoolLag = .bytes(16 << 20)

    /// A database of which only the name is known.
    public init(name: String, line: Int = 0) {
        self.name = name
        self.line = line
    }

    /// The same under a client's name for it, and the server's where the line says none.
    func called(_ name: String, server: String) -> PoolDatabase {
        var copy = self
        copy.name = name
        if copy.dbname == nil { copy.dbname = server }
        return copy
    }

    /// The same on standbys.
    var onlyReading: PoolDatabase {
        var copy = self
        copy.targetSessionAttrs = .preferStandby
        return copy
    }
}
