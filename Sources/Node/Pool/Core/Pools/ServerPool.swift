import Languages
import PostgreSQLWire

/// Servers of one database for one user, and clients that wait for them.
final class ServerPool {
    let database: PoolDatabaseEntry
    let user: PoolUserEntry
    /// All of them, in no order.
    var servers: [PoolServer] = []
    /// Those that nobody has; the one used last is taken first, so that the rest may age and go (as PgBouncer does).
    var idle: [PoolServer] = []
    var waiting = WaitQueue()
    /// Clients that belong to it.
    var clientCount = 0
    /// Servers that are not let in yet.
    var logins = 0
    /// Servers that are to show that they are alive.
    var checks = 0
    /// What the last server that was let in said it is like; nil: none was yet.
    var welcome: [(name: String, value: String)]?
    /// When a login failed last, and how; nil: the last one did not.
    var failure: (at: Nanoseconds, text: String, code: String)?
    /// With what the last client that was let in can log in to a server.
    var credentials = ServerCredentials.none
    /// What SCRAM made of the password at the last login.
    var keys: SCRAMKeys?
    /// Logins that have failed since the last one that did not.
    var failuresInARow = 0
    /// Turns with every connection.
    var nextHost = 0
    /// When servers belong to clients.
    var mode = PoolMode.session

    /// Where servers of all workers are counted.
    let place: Int
    /// When other workers were asked for one last.
    var askedAt: Nanoseconds = 0
    /// The next server that is given back is closed, for another worker.
    var owesServer = false

    init(database: PoolDatabaseEntry, user: PoolUserEntry, _ permits: any PermitBook) {
        place = permits.place("servers of database \(database.name) for \(user.name)")
        self.database = database
        self.user = user
    }

    func add(_ server: PoolServer) {
        server.place = servers.count
        servers.append(server)
        database.serverCount += 1
        user.serverCount += 1
    }

    func remove(_ server: PoolServer) {
        let last = servers.removeLast()
        if last !== server {
            servers[server.place] = last
            last.place = server.place
        }
        server.place = -1
        database.serverCount -= 1
        user.serverCount -= 1
        if server.state == .login { logins -= 1 }
        if server.state == .busy, server.task == .check { checks -= 1 }
        if server.state == .idle { idle.removeAll { $0 === server } }
    }
}

/// Clients in the order in which they came. It does not own them.
struct WaitQueue {
    private(set) unowned(unsafe) var first: PoolClient?
    private unowned(unsafe) var last: PoolClient?
    private(set) var count = 0

    mutating func append(_ client: PoolClient) {
        client.isQueued = true
        client.previousWaiting = last
        client.nextWaiting = nil
        if let last { last.nextWaiting = client } else { first = client }
        last = client
        count += 1
    }

    mutating func remove(_ client: PoolClient) {
        guard client.isQueued else { return }
        client.isQueued = false
        if let previous = client.previousWaiting {
            previous.nextWaiting = client.nextWaiting
        } else {
            first = client.nextWaiting
        }
        if let next = client.nextWaiting {
            next.previousWaiting = client.previousWaiting
        } else {
            last = client.previousWaiting
        }
        client.nextWaiting = nil
        client.previousWaiting = nil
        count -= 1
    }

    mutating func popFirst() -> PoolClient? {
        guard let client = first else { return nil }
        remove(client)
        return client
    }
}
