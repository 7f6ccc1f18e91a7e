import Languages

@testable import Pool

/// A pool between clients and a PostgreSQL, all in memory, with a clock that stands until it is moved.
final class PoolStage {
    let driver: ScriptedDriver
    let pooler: Pooler
    let postgres = PostgresModel()
    private(set) var now: Nanoseconds = 1_000_000_000
    /// Bytes move in pieces of at most so many.
    var piece = Int.max

    init(seed: UInt64 = 1, _ change: (inout PoolConfiguration) -> Void = { _ in }) {
        driver = ScriptedDriver(seed: seed)
        pooler = Pooler(
            Self.configuration(change), secrets: Self.secrets, driver: driver, now: .nanoseconds(now))
    }

    /// Nobody has one.
    static var secrets: PoolSecrets { PoolSecrets(entropy: [UInt8](repeating: 7, count: 32)) }

    /// Transaction mode, one database `app`, an administrator `root` and nothing in the log but what goes wrong.
    static func configuration(_ change: (inout PoolConfiguration) -> Void = { _ in }) -> PoolConfiguration {
        var configuration = PoolConfiguration()
        configuration.poolMode = .transaction
        configuration.authType = .any
        configuration.adminUsers = ["root"]
        configuration.statsUsers = ["watcher"]
        configuration.logStats = false
        configuration.logConnections = false
        configuration.databases = [database("app")]
        change(&configuration)
        return configuration
    }

    static func database(_ name: String, port: UInt16 = 5432) -> PoolDatabase {
        var database = PoolDatabase(name: name)
        database.host = [PoolHost("192.0.2.1")!]
        database.port = port
        return database
    }

    // MARK: clients

    /// A connection on which nothing was said yet.
    func connect(_ peer: Peer = Peer(address: "198.51.100.7", port: 40_000)) -> TestClient {
        TestClient(driver.accept(pooler.accepted(from: peer, at: now)), self)
    }

    /// Connects and asks to be let in; what it was told is still there to be taken.
    func knock(
        _ user: String = "alice", _ database: String = "app", _ more: [(name: String, value: String)] = []
    ) -> TestClient {
        let client = connect()
        client.send(Say.startup([("user", user), ("database", database)] + more))
        pump()
        return client
    }

    /// A client that has been let in.
    func client(
        _ user: String = "alice", _ database: String = "app", _ more: [(name: String, value: String)] = []
    ) -> TestClient {
        let client = knock(user, database, more)
        _ = client.take()
        return client
    }

    /// The console for an administrator.
    func console() -> TestClient { client("root", "pgbouncer") }

    // MARK: what moves

    /// Moves bytes until nothing moves any more.
    func pump() {
        var moved = true
        while moved {
            moved = false
            for wire in driver.wires where !wire.isOver {
                if connect(wire) { moved = true }
                if toPool(wire, piece) { moved = true }
                if toPeer(wire, piece) { moved = true }
                if end(wire) { moved = true }
            }
            driver.wires.removeAll { $0.isOver }
        }
    }

    /// Tells the pool what became of a connection that it wants.
    func connect(_ wire: Wire) -> Bool {
        guard wire.isConnecting, !wire.isClosed, let endpoint = wire.endpoint else { return false }
        guard postgres.answers(endpoint) else { return false }
        wire.isConnecting = false
        guard !postgres.refuses(endpoint) else {
            wire.isOver = true
            pooler.ended(wire.link, "Connection refused", at: now)
            return true
        }
        wire.peer = PostgresSession(wire, postgres)
        pooler.connected(wire.link, at: now)
        return true
    }

    /// At most `limit` bytes from a peer to the pool.
    func toPool(_ wire: Wire, _ limit: Int) -> Bool {
        guard !wire.isClosed, !wire.isPaused, !wire.isConnecting, !wire.incoming.isEmpty else { return false }
        let bytes = Array(wire.incoming.prefix(limit))
        wire.incoming.removeFirst(bytes.count)
        bytes.withUnsafeBytes { pooler.received($0, on: wire.link, at: now) }
        return true
    }

    /// At most `limit` bytes from the pool to a peer; the end of the connection when there are none.
    func toPeer(_ wire: Wire, _ limit: Int) -> Bool {
        guard let peer = wire.peer else {
            if wire.isClosed { wire.isOver = true }
            return false
        }
        guard !wire.outgoing.isEmpty else {
            guard wire.isClosed, !wire.isOver else { return false }
            wire.isOver = true
            peer.closed()
            return true
        }
        // A session that works does not read on; the kernel's buffers are small here.
        guard (peer as? PostgresSession)?.reads ?? true, stalled.allSatisfy({ $0 !== wire }) else {
            return false
        }
        let bytes = Array(wire.outgoing.prefix(limit))
        wire.outgoing.removeFirst(bytes.count)
        peer.receive(bytes)
        if wire.outgoing.isEmpty, wire.tellsWhenDrained, !wire.isClosed {
            wire.tellsWhenDrained = false
            pooler.drained(wire.link, at: now)
        }
        return true
    }

    /// Peers that do not read.
    var stalled: [Wire] = []

    /// Tells the pool that a peer is gone.
    func end(_ wire: Wire) -> Bool {
        guard let problem = wire.peerEnded, !wire.isClosed, wire.incoming.isEmpty || wire.isPaused else {
            if wire.isClosed, wire.peerEnded != nil { wire.isOver = true }
            return false
        }
        wire.isOver = true
        pooler.ended(wire.link, problem, at: now)
        return true
    }

    // MARK: time

    /// Lets time pass; the pool is called when it wants to be, and everything that follows happens.
    func pass(_ time: Duration) {
        let end = now + time.nanoseconds
        while pooler.deadlineNanoseconds <= end {
            now = max(now, pooler.deadlineNanoseconds)
            pooler.time(at: now)
            pump()
        }
        now = end
        pump()
    }

    /// Moves the clock alone.
    func tick(_ time: Nanoseconds) { now += time }

    // MARK: what is there

    /// Connections to PostgreSQL that are open, those of cancel requests left out.
    var serverCount: Int { postgres.sessions.count }

    var servers: [PoolServer] {
        pooler.sessions.compactMap {
            $0.flatMap { $0.isServer ? unsafeDowncast($0, to: PoolServer.self) : nil }
        }
    }
}
