import Languages
import PostgreSQLWire

/// A database as clients name it, and what happens in it.
final class PoolDatabaseEntry {
    /// What the file says of it.
    var settings: PoolDatabase
    /// Made from the line `*`: forgotten when it has been unused for `autodb_idle_timeout`.
    var isAutomatic: Bool
    var traffic = Traffic()
    /// The same at the beginning and the end of the last whole `stats_period`, and how long that was.
    var periodStart = Traffic()
    var periodEnd = Traffic()
    var periodLength: Nanoseconds = 1
    /// Servers of all its pools.
    var serverCount = 0
    var clientCount = 0
    var pools: [ServerPool] = []
    /// PAUSE or KILL: no client gets a server until RESUME.
    var isPaused = false
    /// DISABLE: no new client is let in.
    var isDisabled = false
    var unusedSince: Nanoseconds = 0

    /// Where servers and clients of all workers are counted.
    let serverPlace: Int
    let clientPlace: Int

    init(_ settings: PoolDatabase, isAutomatic: Bool, _ permits: any PermitBook) {
        serverPlace = permits.place("servers of database \(settings.name)")
        clientPlace = permits.place("clients of database \(settings.name)")
        self.settings = settings
        self.isAutomatic = isAutomatic
    }

    var name: String { settings.name }
}

/// A user, in whatever databases.
final class PoolUserEntry {
    let name: String
    /// What `[users]` says.
    var settings: PoolUser?
    var serverCount = 0
    var clientCount = 0
    /// What SCRAM made of a password in clear text: slow to make, so kept.
    var madeSecret: SCRAMSecret?

    /// Where servers and clients of all workers are counted.
    let serverPlace: Int
    let clientPlace: Int

    init(name: String, settings: PoolUser?, _ permits: any PermitBook) {
        serverPlace = permits.place("servers of user \(name)")
        clientPlace = permits.place("clients of user \(name)")
        self.name = name
        self.settings = settings
    }
}
