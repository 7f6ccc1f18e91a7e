import Languages

/// A connection of the pool, to a client or to a server, as core and driver call it. Numbers are used again.
public typealias Link = Int32

/// Where a server is.
public struct Endpoint: Sendable, Hashable {
    /// An address, or where the Unix socket is.
    public var host: PoolHost
    /// The port, also in the name of a Unix socket.
    public var port: UInt16

    /// An endpoint.
    public init(host: PoolHost, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Whether no network is in between.
    var isOnThisNode: Bool {
        switch host {
        case .address(.v4(let address)): address >> 24 == 127
        case .address(.v6(let high, let low)): high == 0 && low == 1
        case .folder, .abstract: true
        }
    }

    /// As it is told to people.
    public var text: String { "\(host.text):\(port)" }
}

/// Who came.
public struct Peer: Sendable, Equatable {
    /// An IP address, or `unix`.
    public var address: String
    /// Port; of a Unix socket 0.
    public var port: UInt16
    /// Of a Unix socket: the process at the other end.
    public var processIdentifier: Int32?
    /// Of a Unix socket: the name of the user whose process it is, if it has one.
    public var systemUser: String?
    /// Of a Unix socket: whether the process at the other end runs as the user that the pool runs as.
    public var isOwnUser = false

    /// Who came.
    public init(
        address: String, port: UInt16, processIdentifier: Int32? = nil, systemUser: String? = nil
    ) {
        self.address = address
        self.port = port
        self.processIdentifier = processIdentifier
        self.systemUser = systemUser
    }

    /// Whether it is on this node and no network is in between.
    public var isUnix: Bool { address == "unix" }
}

/// How much a line of the log matters.
public enum PoolLogLevel: Sendable {
    case error
    case warning
    case info
    case debug
}

/// What the pool's core has done for it: connections, and what a core has not: dice.
///
/// None of it calls the core back before it has returned.
public protocol PoolDriver: AnyObject {
    /// Queues bytes; they are valid during the call only and leave in order, at the end of the turn at the latest.
    func send(_ bytes: UnsafeRawBufferPointer, on link: Link)
    /// Bytes that have been queued and that the kernel has not taken yet. Once they were more than `Pooler.highWater`, `Pooler.drained`
    /// is called when all have gone.
    func queued(on link: Link) -> Int
    /// Opens a connection; `Pooler.connected` or `Pooler.ended` tells what came of it.
    func connect(_ link: Link, to endpoint: Endpoint)
    /// Closes; what was queued is still sent when `afterSending`. The link is free from now on, `ended` is not called.
    func close(_ link: Link, afterSending: Bool)
    /// Nothing is received until `resume`; that the connection ends is told.
    func pause(_ link: Link)
    /// Goes on receiving.
    func resume(_ link: Link)
    /// Where our end of a connection is, for people; nil for a Unix socket.
    func ownEnd(of link: Link) -> (address: String, port: UInt16)?
    /// The link's descriptor, for people.
    func descriptor(of link: Link) -> Int32
    /// Seconds since 1970, for people.
    func wallSeconds() -> Int64
    /// Reads the configuration anew and calls `Pooler.apply`, after this; otherwise says why not.
    func reload() -> String?
    /// Ends the process after this.
    func stop()
    /// This worker has nothing left to do of a shutdown that waits.
    func finished()
    /// How many workers there are, and which one this is, from 0 on.
    var workerCount: Int { get }
    var workerIndex: Int { get }
    /// Gives another worker a message.
    func tell(_ worker: Int, _ message: PoolMessage)
    /// What all workers count together.
    var permits: any PermitBook { get }
    /// So many unpredictable bytes.
    func entropy(_ count: Int) -> [UInt8]
    /// A line for the log.
    func log(_ level: PoolLogLevel, _ sentence: String)
}
