import Languages
import PostgreSQLWire

/// The pool without its sockets: clients, servers, who has whom, and who waits.
///
/// A driver tells it what came (`accepted`, `received`, `connected`, `ended`, `drained`, `time`) and does what it says through
/// `PoolDriver`. One for each thread.
public final class Pooler {
    /// What is in force now.
    public internal(set) var configuration: PoolConfiguration
    unowned(unsafe) let driver: any PoolDriver
    let names: ParameterNames

    var secrets: PoolSecrets

    var now: Nanoseconds = 0
    private var lastNumber: UInt64 = 0
    /// By link.
    var sessions: [Session?] = []
    private var freeLinks: [Link] = []
    /// Commands of consoles that all workers carry out, and those that this one has not carried out yet.
    var gatherings: [UInt64: Gathering] = [:]
    var commandsThatWait: [(wait: CommandWait, number: UInt64, worker: Int)] = []
    let permits: any PermitBook
    let clientPlace: Int
    /// All that are there.
    public internal(set) var clientCount = 0

    var databases: [String: PoolDatabaseEntry] = [:]
    var users: [String: PoolUserEntry] = [:]
    var queries = PreparedQueries()
    var cancelKeys: [UInt64: PoolClient] = [:]
    /// Cancel requests on their way to servers, by link.
    var cancels: [Link: CancelErrand] = [:]
    /// When `time` has something to do; `.max`: never.
    var janitorAt: Nanoseconds = .max
    var lifecycle = Lifecycle.running
    /// PAUSE without a name, SUSPEND.
    var isPaused = false
    var isSuspended = false
    /// Who may write, for databases that follow the lease, and since when nobody may; 0: somebody may.
    var leadership: Leadership?
    var leaderlessSince: Nanoseconds = 0
    /// When the present `stats_period` began.
    var periodBegan: Nanoseconds = 0
    /// What `relay` has decided to forward and has not sent yet: whoever puts something in between sends it first.
    var window = RelayWindow()
    /// What a client is told in place of the error that was just read.
    var replacement: ServerMessage?
    /// Written into before it is sent; kept for its room.
    var scratch: [UInt8] = []

    enum Lifecycle {
        case running
        /// SHUTDOWN WAIT_FOR_CLIENTS: no new clients.
        case waitsForClients
        /// SHUTDOWN WAIT_FOR_SERVERS: no client gets a server any more.
        case waitsForServers
    }

    /// A pool with nobody in it.
    public init(
        _ configuration: PoolConfiguration, secrets: PoolSecrets, driver: any PoolDriver, now: Duration
    ) {
        self.secrets = secrets
        self.configuration = configuration
        self.driver = driver
        self.now = now.nanoseconds
        periodBegan = self.now
        leaderlessSince = max(1, self.now)
        permits = driver.permits
        clientPlace = permits.place("clients")
        lastNumber = UInt64(driver.workerIndex)
        names = ParameterNames(extra: configuration.trackExtraParameters)
        for settings in configuration.databases {
            databases[settings.name] = PoolDatabaseEntry(settings, isAutomatic: false, permits)
        }
    }

    // MARK: what the driver tells

    /// A client came. Returns the link that its connection has from now on.
    public func accepted(from peer: Peer, at now: Nanoseconds) -> Link {
        self.now = now
        let link = takeLink()
        let client = PoolClient(
            number: nextNumber(), link: link, peer: peer, parameters: SessionParameters(names), now: now)
        sessions[Int(link)] = client
        clientCount += 1
        _ = permits.take(clientPlace, below: 0)
        wakeJanitor()
        return link
    }

    /// Bytes came. They are valid during the call only.
    @inline(__always)
    public func received(_ bytes: UnsafeRawBufferPointer, on link: Link, at now: Nanoseconds) {
        self.now = now
        guard let session = sessions[Int(link)] else { return }
        if session.isServer {
            takeAnswers(bytes, from: unsafeDowncast(session, to: PoolServer.self))
        } else {
            takeRequests(bytes, from: unsafeDowncast(session, to: PoolClient.self))
        }
    }

    /// The connection that `PoolDriver.connect` began is there.
    public func connected(_ link: Link, at now: Nanoseconds) {
        self.now = now
        if cancels[link] != nil { return sendCancel(link) }
        guard let session = sessions[Int(link)], session.isServer else { return }
        beginLogin(unsafeDowncast(session, to: PoolServer.self))
    }

    /// The peer sends no more, or the connection failed with `problem`.
    public func ended(_ link: Link, _ problem: String?, at now: Nanoseconds) {
        self.now = now
        if cancels[link] != nil { return finishCancel(link) }
        guard let session = sessions[Int(link)] else { return }
        if session.isServer {
            serverEnded(unsafeDowncast(session, to: PoolServer.self), problem ?? "server conn crashed?")
        } else {
            clientEnded(unsafeDowncast(session, to: PoolClient.self), problem ?? "client close request")
        }
    }

    /// All that was queued has gone, after it had been more than `highWater`: whoever was held back for its sake goes on.
    public func drained(_ link: Link, at now: Nanoseconds) {
        self.now = now
        guard let session = sessions[Int(link)] else { return }
        if session.isServer {
            if let client = unsafeDowncast(session, to: PoolServer.self).client { resume(client) }
        } else if let server = unsafeDowncast(session, to: PoolClient.self).server {
            resume(server)
        }
    }

    // MARK: links

    /// All clients that are there.
    var clients: [PoolClient] {
        sessions.compactMap { session in
            guard let session, !session.isServer else { return nil }
            return unsafeDowncast(session, to: PoolClient.self)
        }
    }

    /// Who had this link, unless it is gone and the link another's.
    func client(_ link: Link, number: UInt64) -> PoolClient? {
        guard let session = sessions[Int(link)], !session.isServer, session.number == number else {
            return nil
        }
        return unsafeDowncast(session, to: PoolClient.self)
    }

    func takeLink() -> Link {
        if let link = freeLinks.popLast() { return link }
        sessions.append(nil)
        return Link(sessions.count - 1)
    }

    func freeLink(_ link: Link) {
        sessions[Int(link)] = nil
        freeLinks.append(link)
    }

    func nextNumber() -> UInt64 {
        // No two workers give the same.
        lastNumber += UInt64(driver.workerCount)
        return lastNumber
    }

    // MARK: sending

    /// A connection with more than this queued makes whoever feeds it wait, until the driver calls `drained`. In bytes.
    public static let highWater = 64 * 1024

    @inline(__always)
    func send(_ bytes: UnsafeRawBufferPointer, to session: Session) {
        if bytes.count > 0 { driver.send(bytes, on: session.link) }
    }

    func send(_ bytes: [UInt8], to session: Session) {
        bytes.withUnsafeBytes { send($0, to: session) }
    }

    /// Writes messages and sends them.
    func say(to session: Session, _ write: (inout [UInt8]) -> Void) {
        var bytes: [UInt8] = []
        swap(&bytes, &scratch)
        bytes.removeAll(keepingCapacity: true)
        write(&bytes)
        bytes.withUnsafeBytes { send($0, to: session) }
        swap(&bytes, &scratch)
    }

    /// Puts messages of the pool's own behind what the client has sent so far.
    func insert(to server: PoolServer, _ write: (inout [UInt8]) -> Void) {
        flushWindow(server)
        say(to: server, write)
    }

    @inline(__always)
    func flushWindow(_ server: PoolServer) {
        let ready = window
        window.from = window.end
        if ready.end > ready.from {
            send(UnsafeRawBufferPointer(rebasing: ready.bytes[ready.from..<ready.end]), to: server)
        }
    }

    func pause(_ session: Session) {
        guard !session.isPaused else { return }
        session.isPaused = true
        driver.pause(session.link)
    }

    func resume(_ session: Session) {
        guard session.isPaused else { return }
        session.isPaused = false
        driver.resume(session.link)
    }

    /// After bytes of `source` went to `target`: `source` waits while too much of it has not left yet.
    @inline(__always)
    func holdBack(_ source: Session, for target: Session) {
        if driver.queued(on: target.link) > Self.highWater { pause(source) }
    }
}

/// Bytes of a client that go to its server as they are.
struct RelayWindow {
    var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    var from = 0
    var end = 0
}
