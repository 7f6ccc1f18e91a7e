import HTTP1
import Languages

/// What the configuration says about the streams of one frontend and its backend, in the form in which the data
/// path needs it. Each worker has its own: shared objects would be counted by all cores at once.
public final class StreamPolicy {
    /// `mode http`, not `mode tcp`.
    public let isHTTP: Bool
    /// How large a head may be.
    public let limits: HeadLimits
    /// Nil: every request is answered 503.
    public let backend: Int?
    /// `retries`.
    public let retries: Int
    /// `timeout client`, `http-request`, `http-keep-alive`, `queue`, `connect`, `server`, `tunnel`.
    public let client: Nanoseconds
    /// `timeout http-request`.
    public let httpRequest: Nanoseconds
    /// `timeout http-keep-alive`.
    public let keepAlive: Nanoseconds
    /// `timeout queue`.
    public let queue: Nanoseconds
    /// `timeout connect`.
    public let connect: Nanoseconds
    /// `timeout server`.
    public let server: Nanoseconds
    /// `timeout tunnel`.
    public let tunnel: Nanoseconds
    /// `X-Forwarded-For: `, or nothing.
    public let forwardedFor: [UInt8]
    /// `option forwardfor if-none`.
    public let forwardedForIfNone: Bool
    /// `option forwardfor except`.
    public let forwardedForExcept: HAProxyConfiguration.Network?
    /// The field's name is X-Forwarded-For itself, whose presence the parser notes.
    let forwardedForIsUsual: Bool
    /// `stats uri` of the frontend, then of the backend.
    public let statistics: [HAProxyConfiguration.Statistics]
    let statisticsURIs: [[UInt8]]

    /// What these two halves say.
    public init(_ frontend: HAProxyConfiguration.Frontend, _ backend: HAProxyConfiguration.Backend?) {
        isHTTP = frontend.mode == .http
        limits = HeadLimits(bytes: BufferPool.bufferSize - BufferPool.reserve)
        self.backend = frontend.defaultBackend
        typealias Defaults = HAProxyConfiguration.Defaults
        retries = backend?.retries ?? Defaults.retries
        client = frontend.clientTimeout.nanoseconds
        httpRequest = frontend.httpRequestTimeout.nanoseconds
        keepAlive = frontend.httpKeepAliveTimeout.nanoseconds
        queue = (backend?.queueTimeout ?? Defaults.queueTimeout).nanoseconds
        connect = (backend?.connectTimeout ?? Defaults.connectTimeout).nanoseconds
        server = (backend?.serverTimeout ?? Defaults.serverTimeout).nanoseconds
        tunnel = (backend?.tunnelTimeout ?? Defaults.tunnelTimeout).nanoseconds
        let forward = frontend.forwardFor ?? backend?.forwardFor
        forwardedFor = forward.map { Array($0.header.utf8) + Array(": ".utf8) } ?? []
        forwardedForIfNone = forward?.onlyIfNone ?? false
        forwardedForExcept = forward?.except
        forwardedForIsUsual = forward.map { Self.isUsual($0.header) } ?? true
        var pages: [HAProxyConfiguration.Statistics] = []
        if let page = frontend.statistics { pages.append(page) }
        if let page = backend?.statistics { pages.append(page) }
        statistics = pages
        statisticsURIs = pages.map { Array($0.uri.utf8) }
    }

    private static func isUsual(_ name: String) -> Bool {
        var bytes = Array(name.utf8)
        bytes.append(0x3A)
        return bytes.span.bytes.equals(ByteRange(0, bytes.count - 1), lowercase: "x-forwarded-for")
    }

    /// Which statistics page a target asks for: its `stats uri` is the target's beginning.
    func statisticsPage(_ bytes: RawSpan, _ target: ByteRange) -> Int? {
        page: for index in statisticsURIs.indices {
            let uri = statisticsURIs[index]
            guard target.count >= uri.count else { continue }
            for offset in 0..<uri.count where bytes.byte(target.lower + offset) != uri[offset] {
                continue page
            }
            return index
        }
        return nil
    }
}

/// Where a client is.
public struct Peer: Equatable, Sendable {
    /// IPv4 or IPv6.
    public var address: HAProxyConfiguration.Address
    /// The TCP port.
    public var port: UInt16

    /// An address and a port.
    public init(address: HAProxyConfiguration.Address, port: UInt16) {
        self.address = address
        self.port = port
    }
}
