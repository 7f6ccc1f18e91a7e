import Languages

/// All that the statistics page, its CSV and the console show, taken at one moment.
///
/// The role fills it from its counters when somebody asks; nothing of it is kept on the way of traffic.
public struct StatisticsSnapshot: Sendable {
    /// When it was taken, since boot: what every other time in it is measured against.
    public var now: Duration
    /// The process.
    public var process: ProcessStatistics
    /// In the order of the file.
    public var sections: [SectionStatistics]
    /// The last requests and answers that broke a rule, the newest last.
    public var errors: [CapturedError]

    /// All that can be shown at this moment.
    public init(
        now: Duration, process: ProcessStatistics, sections: [SectionStatistics], errors: [CapturedError] = []
    ) {
        self.now = now
        self.process = process
        self.sections = sections
        self.errors = errors
    }
}

/// The process as a whole.
public struct ProcessStatistics: Sendable {
    /// Of the program, such as `0.1.0`.
    public var version: String
    /// Its process number.
    public var pid: Int
    /// The machine's name.
    public var hostName: String
    /// When it started, since boot.
    public var startedAt: Duration
    /// When it started, in seconds since 1970.
    public var startedAtUnixTime: Int64
    /// Threads that carry traffic.
    public var threads: Int
    /// Client connections that it holds at most.
    public var maxconn: Int
    /// Descriptors that it may open (`ulimit -n`).
    public var descriptorLimit: Int
    /// Client connections (`CurrConns`, `ConnRate`, `CumConns`).
    public var connections = Gauge()
    /// Accepted client connections.
    public var connectionRate = RateCounter()
    /// Requests of all frontends.
    public var requests: UInt64 = 0
    /// Bytes written to clients.
    public var bytesOut: UInt64 = 0
    /// Whether it has been told to stop and finishes what it has.
    public var isStopping = false
    /// What an operator lets the frontends do.
    public var frontends = FrontendsStatistics()
    /// Processor time used since the start (getrusage), both user and system; nil when not known.
    public var processorTime: Duration?
    /// Resident memory in bytes; nil when not known.
    public var residentBytes: UInt64?
    /// `node` of the `global` section.
    public var node: String?
    /// `description` of the `global` section.
    public var description: String?

    /// A process that has counted nothing yet.
    public init(
        version: String, pid: Int, hostName: String, startedAt: Duration, startedAtUnixTime: Int64,
        threads: Int, maxconn: Int, descriptorLimit: Int
    ) {
        self.version = version
        self.pid = pid
        self.hostName = hostName
        self.startedAt = startedAt
        self.startedAtUnixTime = startedAtUnixTime
        self.threads = threads
        self.maxconn = maxconn
        self.descriptorLimit = descriptorLimit
    }
}

/// A `frontend`, `backend` or `listen` section.
public struct SectionStatistics: Sendable {
    /// As the file has it.
    public var section: HAProxyConfiguration.Section
    /// Its listening half.
    public var frontend: FrontendStatistics?
    /// Its serving half.
    public var backend: BackendStatistics?

    /// One section's halves.
    public init(
        _ section: HAProxyConfiguration.Section, frontend: FrontendStatistics? = nil,
        backend: BackendStatistics? = nil
    ) {
        self.section = section
        self.frontend = frontend
        self.backend = backend
    }
}

/// A frontend.
public struct FrontendStatistics: Sendable {
    /// As the file has it.
    public var configuration: HAProxyConfiguration.Frontend
    /// What it has counted.
    public var counters: FrontendCounters
    /// Whether it accepts connections; not while the process stops.
    public var isOpen: Bool

    /// One frontend.
    public init(
        _ configuration: HAProxyConfiguration.Frontend, counters: FrontendCounters, isOpen: Bool = true
    ) {
        self.configuration = configuration
        self.counters = counters
        self.isOpen = isOpen
    }
}

/// A backend.
public struct BackendStatistics: Sendable {
    /// As the file has it.
    public var configuration: HAProxyConfiguration.Backend
    /// What it has counted.
    public var counters: ServingCounters
    /// In the order of the file.
    public var servers: [ServerStatistics]
    /// When it last went up or down, since boot; the start of the proxy at first.
    public var changedAt: Duration
    /// Times that its last server went down (`chkdown`).
    public var downs: UInt64
    /// Time without any server, up to `changedAt`.
    public var earlierDowntime: Duration

    /// One backend.
    public init(
        _ configuration: HAProxyConfiguration.Backend, counters: ServingCounters, servers: [ServerStatistics],
        changedAt: Duration, downs: UInt64 = 0, earlierDowntime: Duration = .zero
    ) {
        self.configuration = configuration
        self.counters = counters
        self.servers = servers
        self.changedAt = changedAt
        self.downs = downs
        self.earlierDowntime = earlierDowntime
    }

    /// Servers that new sessions may go to.
    public var usableServers: Int { servers.reduce(0) { $0 + ($1.state.isUsable ? 1 : 0) } }

    /// The sum of their weights.
    public var totalWeight: Int { servers.reduce(0) { $0 + ($1.state.isUsable ? $1.state.weight : 0) } }

    /// Whether it can serve. One without servers counts as up, as in HAProxy.
    public var isUp: Bool { servers.isEmpty || totalWeight > 0 }
}

/// A server.
public struct ServerStatistics: Sendable {
    /// As the file has it.
    public var configuration: HAProxyConfiguration.Server
    /// What it has counted.
    public var counters: ServingCounters
    /// What operators and health checks say.
    public var state: ServerState

    /// One server.
    public init(_ configuration: HAProxyConfiguration.Server, counters: ServingCounters, state: ServerState) {
        self.configuration = configuration
        self.counters = counters
        self.state = state
    }
}

/// A request or an answer that broke a rule of HTTP (`show errors`).
public struct CapturedError: Sendable, Equatable {
    /// Bytes kept of each.
    public static let maximumBytes = 1024

    /// Whose bytes they are.
    public enum Side: Sendable, Equatable {
        case request
        case response
    }

    /// Whose bytes they are.
    public var side: Side
    /// The frontend, or for an answer the backend.
    public var section: String
    /// The server, for an answer.
    public var server: String?
    /// The client's address and port.
    public var client: String
    /// When, in seconds since 1970.
    public var unixTime: Int64
    /// The rule that was broken, as a sentence without a full stop.
    public var reason: String
    /// The place of the byte at fault among all that came.
    public var position: Int
    /// What came, the first `maximumBytes` of it.
    public var bytes: [UInt8]

    /// One broken rule.
    public init(
        _ side: Side, section: String, server: String? = nil, client: String, unixTime: Int64, reason: String,
        position: Int, bytes: [UInt8]
    ) {
        self.side = side
        self.section = section
        self.server = server
        self.client = client
        self.unixTime = unixTime
        self.reason = reason
        self.position = position
        self.bytes = bytes.count > Self.maximumBytes ? Array(bytes.prefix(Self.maximumBytes)) : bytes
    }
}
