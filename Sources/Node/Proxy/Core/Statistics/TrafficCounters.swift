/// What a frontend counts. The proxy keeps one and adds to it; a snapshot is a copy.
public struct FrontendCounters: Sendable, Equatable {
    /// Client connections (`scur`, `smax`).
    public var sessions = Gauge()
    /// Accepted client connections (`rate`, `conn_rate`, `stot`, `conn_tot`).
    public var connections = RateCounter()
    /// Requests (`req_rate`, `req_tot`).
    public var requests = RateCounter()
    /// Bytes from clients.
    public var bytesIn: UInt64 = 0
    /// Bytes to clients.
    public var bytesOut: UInt64 = 0
    /// Requests refused by a rule or a limit (`dreq`).
    public var deniedRequests: UInt64 = 0
    /// Requests that were not HTTP, came too slowly or broke off (`ereq`).
    public var requestErrors: UInt64 = 0
    /// Requests that the proxy answered itself, such as for the statistics page (`intercepted`).
    public var intercepted: UInt64 = 0
    /// Failures of the proxy's own, such as no memory or no descriptor left (`eint`).
    public var internalErrors: UInt64 = 0
    /// Answers to clients.
    public var responses = ResponseCounters()

    /// Nothing counted yet.
    public init() {}

    /// Forgets the maxima (`clear counters`).
    public mutating func clearMaxima() {
        sessions.clearMaximum()
        connections.clearMaximum()
        requests.clearMaximum()
    }
}

/// What a server counts, and a backend for all its servers.
public struct ServingCounters: Sendable, Equatable {
    /// Requests that wait for a server below its `maxconn` (`qcur`, `qmax`).
    public var queue = Gauge()
    /// Requests in progress, connections in `mode tcp` (`scur`, `smax`).
    public var sessions = Gauge()
    /// The same as they came (`rate`, `rate_max`, `stot`, `lastsess`).
    public var sessionRate = RateCounter()
    /// Times that the balancing chose it (`lbtot`): neither from the queue nor for affinity.
    public var selections: UInt64 = 0
    /// Bytes from clients.
    public var bytesIn: UInt64 = 0
    /// Bytes to clients.
    public var bytesOut: UInt64 = 0
    /// Requests refused by a rule or a limit (`dreq`; backends only).
    public var deniedRequests: UInt64 = 0
    /// Answers refused because of what they were (`dresp`).
    public var deniedResponses: UInt64 = 0
    /// Attempts to connect that failed (`econ`).
    public var connectionErrors: UInt64 = 0
    /// Answers that were not HTTP, came too slowly or broke off (`eresp`).
    public var responseErrors: UInt64 = 0
    /// Attempts after a failed one (`wretr`).
    public var retries: UInt64 = 0
    /// Of these, on another server than the one first chosen (`wredis`).
    public var redispatches: UInt64 = 0
    /// Transfers that the client broke off (`cli_abrt`).
    public var clientAborts: UInt64 = 0
    /// Transfers that the server broke off (`srv_abrt`).
    public var serverAborts: UInt64 = 0
    /// Failures of the proxy's own (`eint`).
    public var internalErrors: UInt64 = 0
    /// Requests (`req_tot`).
    public var requests: UInt64 = 0
    /// Answers from servers.
    public var responses = ResponseCounters()
    /// Connections opened to servers (`connect`).
    public var connects: UInt64 = 0
    /// Requests on a connection that had served before (`reuse`).
    public var reuses: UInt64 = 0
    /// Connections open and idle now (`idle_conn_cur`; servers only).
    public var idleConnections: Int = 0
    /// Connections in use now (`used_conn_cur`; servers only).
    public var usedConnections: Int = 0
    /// Waiting in the queue (`qtime`).
    public var queueTime = TimeAverage()
    /// Connecting (`ctime`).
    public var connectTime = TimeAverage()
    /// From the request to the answer's header (`rtime`).
    public var responseTime = TimeAverage()
    /// From the request's first byte to the answer's last (`ttime`).
    public var totalTime = TimeAverage()

    /// Nothing counted yet.
    public init() {}

    /// Forgets the maxima (`clear counters`).
    public mutating func clearMaxima() {
        queue.clearMaximum()
        sessions.clearMaximum()
        sessionRate.clearMaximum()
        queueTime.clearMaximum()
        connectTime.clearMaximum()
        responseTime.clearMaximum()
        totalTime.clearMaximum()
    }
}
