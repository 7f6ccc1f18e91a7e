import HTTP1

/// One client connection and, one after the other, its exchanges with servers: everything that decides, and no
/// socket. The driver reports what happened (`clientReceived`, `serverConnected`, `timedOut`…), calls `advance`
/// and does what it says, until it says `wait`; then it reads where `wants…Bytes` says so.
///
/// Bytes flow through at most four buffers, each borrowed only while it has something in it. A direction reads
/// on only when what it had is sent: a slow reader on one side stops the reading on the other.
public struct Stream {
    /// What the driver must do next.
    public enum Action: Equatable, Sendable {
        /// Nothing before the next event.
        case wait
        /// Write `clientOutput`, then report `clientSent` or `clientBlocked`.
        case sendToClient
        /// Write `serverOutput`, then report `serverSent`, `serverBlocked` or `serverFailed`.
        case sendToServer
        /// Get a connection to a server of the backend, then report `serverConnected`, `serverConnecting`,
        /// `queued` or `refuse`. With `fresh` one that has not served before.
        case chooseServer(fresh: Bool)
        /// A request for the statistics page of this number, its target in `target`: call `answer`.
        case answerStatistics(Int)
        /// The exchange is over; with `reusable` the server connection can serve another one, otherwise it is to
        /// be closed. Without a server connection there is nothing to do but count.
        case finishExchange(reusable: Bool)
        /// Drop the server connection and leave the queue; the exchange goes on without.
        case dropServer
        /// The client has sent all; tell the server so (shutdown(2)).
        case endServerOutput
        /// The server has sent all; tell the client so.
        case endClientOutput
        /// Close the client's connection.
        case closeClient
    }

    /// Where an exchange stands.
    enum Phase: UInt8 {
        /// Between requests.
        case idle
        /// A request's head is coming.
        case head
        /// The head is sound; a server connection is to be found.
        case dispatch
        case queued
        case connecting
        /// Bytes go to and from the server.
        case exchange
        /// Bytes go both ways without being understood.
        case tunnel
        /// An answer of our own is being made, then sent.
        case statistics
        case answering
        /// All is sent; the client gets a moment to read it and stop sending (RFC 9112 section 9.6).
        case lingering
        case closed
    }

    /// Why an exchange ended, in the letters of HAProxy's logs (proxy-facts 1.5).
    public enum Ending: UInt8, Equatable, Sendable {
        case normal
        case clientAborted
        case clientTimedOut
        case serverAborted
        case serverTimedOut
        /// The request broke a rule.
        case refused
        /// The server's answer broke a rule.
        case badResponse
        case queueTimedOut
        case noServer
        case connectFailed
        /// We answered ourselves.
        case local
        /// We lacked a buffer.
        case exhausted
    }

    /// Interim answers (1xx) of one exchange that we pass on.
    static let maximumInterim = 8
    /// Bytes that are read and thrown away from a client that goes on sending after its answer.
    static let maximumDiscard = 1 << 20
    /// How long such a client is listened to.
    static let lingerTime: Nanoseconds = 1_000_000_000
    /// How long an idle client may still ask once the proxy stops, and is answered with `Connection: close`: a request
    /// that is on its way while its connection closes is lost.
    static let stoppingIdleTime: Nanoseconds = 2_000_000_000

    /// What the configuration says.
    public unowned(unsafe) let policy: StreamPolicy
    unowned(unsafe) let pool: BufferPool
    /// The client, where its address is known.
    public let peer: Peer?

    var phase: Phase
    var clientIn = Buffer()
    var clientOut = Buffer()
    var serverIn = Buffer()
    var serverOut = Buffer()
    var isClientBlocked = false
    var isServerBlocked = false
    /// The client sends no more.
    var clientEnded = false
    var serverEnded = false
    var clientOutputEnded = false
    var serverOutputEnded = false

    var parser = RequestParser()
    /// The request's head; its offsets count from where it began.
    public internal(set) var request = RequestHead()
    var requestBody = BodyRelay()
    /// How much of `serverOut` (head and perhaps body) has been sent; it stays until the server answers, so that
    /// it can be sent again.
    var serverOutSent = 0
    /// Bytes of the body went out past `serverOut`: the request cannot be sent again.
    var requestIsConsumed = false
    /// The server takes no more of the request.
    var requestIsBroken = false
    /// The present server connection has served before.
    public internal(set) var isReused = false
    var attempts = 0
    var wantsFreshServer = false

    var responseParser = ResponseParser()
    var responseHead = ResponseHead()
    var responseBody = BodyRelay()
    var hasResponseHead = false
    var interimCount = 0
    var keepsClient = false
    /// A long answer of our own, and how much of it has been sent.
    var ownBody = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    var ownBodySent = 0
    var askedForStatistics = false
    var discarded = 0

    /// An exchange has begun and the driver has not counted it yet (`accounted`).
    public internal(set) var isUnaccounted = false
    /// The status that the client got or gets, 0 before.
    public internal(set) var status = 0
    /// Why the exchange ended, or ends.
    public internal(set) var ending: Ending = .normal
    /// The rule that was broken, by whom, and where in `faultyBytes`.
    public internal(set) var violation: Violation?
    /// The server broke it, not the client.
    public internal(set) var violationIsServers = false
    /// Where the line with the fault begins.
    public internal(set) var faultPosition = 0
    /// The proxy is stopping: the connection ends with this exchange.
    public var isStopping: Bool { stoppingSince != nil }
    var stoppingSince: Nanoseconds?

    /// When the present request's first byte came, its server was asked for, and the answer's head was there.
    public internal(set) var requestStart: Nanoseconds = 0
    /// When its server was asked for.
    public internal(set) var dispatchStart: Nanoseconds = 0
    /// When its last byte went to the server.
    public internal(set) var requestSentAt: Nanoseconds = 0
    /// When the answer's head was there, 0 before.
    public internal(set) var responseStart: Nanoseconds = 0

    var waiting: Wait = .firstRequest
    var waitingSince: Nanoseconds
    /// Set by everything that moves bytes: inactivity begins again.
    var progressed = true

    /// A client that has just connected.
    public init(_ policy: StreamPolicy, pool: BufferPool, peer: Peer?, now: Nanoseconds) {
        self.policy = policy
        self.pool = pool
        self.peer = peer
        phase = policy.isHTTP ? .idle : .dispatch
        waitingSince = now
        requestStart = now
        dispatchStart = now
        isUnaccounted = !policy.isHTTP
        if !policy.isHTTP { requestSentAt = now }
    }

    /// Gives its buffers back; nothing may be called after it.
    public mutating func discard() {
        clientIn.discard(pool)
        clientOut.discard(pool)
        serverIn.discard(pool)
        serverOut.discard(pool)
        freeOwnBody()
        phase = .closed
    }

    private mutating func freeOwnBody() {
        ownBody.deallocate()
        ownBody = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }

    /// Whether a request or tunnel is under way.
    public var isBusy: Bool { phase != .idle && phase != .lingering && phase != .closed }
    /// Whether bytes go both ways without being understood.
    public var isTunnel: Bool { phase == .tunnel }

    /// The proxy stops: the connection ends with the exchange that is under way, or the next one.
    public mutating func stop(at now: Nanoseconds) {
        if stoppingSince == nil { stoppingSince = now }
    }

    /// The proxy does not stop after all.
    public mutating func goOn() { stoppingSince = nil }

    // MARK: The next thing to do

    /// What to do next.
    public mutating func advance(at now: Nanoseconds) -> Action {
        while true {
            switch phase {
            case .idle, .head:
                guard let action = advanceHead(now) else { continue }
                return action
            case .dispatch:
                if policy.backend == nil {
                    refuse(503, .noServer)
                    continue
                }
                return .chooseServer(fresh: wantsFreshServer)
            case .queued, .connecting: return .wait
            case .exchange:
                guard let action = advanceExchange(now) else { continue }
                return action
            case .tunnel:
                guard let action = advanceTunnel() else { continue }
                return action
            case .statistics:
                guard !askedForStatistics, let page = statisticsPage else { return .wait }
                askedForStatistics = true
                return .answerStatistics(page)
            case .answering:
                guard let action = advanceAnswer() else { continue }
                return action
            case .lingering:
                if clientEnded || discarded > Self.maximumDiscard {
                    phase = .closed
                    continue
                }
                if !clientOutputEnded {
                    clientOutputEnded = true
                    return .endClientOutput
                }
                discarded += clientIn.count
                clientIn.discard(pool)
                return .wait
            case .closed: return .closeClient
            }
        }
    }

    private mutating func advanceHead(_ now: Nanoseconds) -> Action? {
        if clientIn.isEmpty {
            clientIn.releaseIfEmpty(pool)
            if clientEnded {
                phase = .closed
                return nil
            }
            return .wait
        }
        if phase == .idle {
            phase = .head
            requestStart = now
            parser = RequestParser()
        }
        switch parser.parse(UnsafeRawBufferPointer(clientIn.bytes).bytes, limits: policy.limits) {
        case .incomplete:
            guard clientEnded else { return .wait }
            beginAccount()
            ending = .clientAborted
            phase = .closed
            return .finishExchange(reusable: false)
        case .failed(let violation):
            request = parser.head
            beginAccount()
            fail(violation, at: parser.position, ofServer: false)
            refuse(violation.status, .refused)
        case .complete: beginRequest(now)
        }
        return nil
    }

    /// From here to the driver's `accounted` there is something to count.
    private mutating func beginAccount() {
        isUnaccounted = true
        status = 0
        ending = .normal
        responseStart = 0
    }

    private mutating func beginRequest(_ now: Nanoseconds) {
        request = parser.head
        beginAccount()
        keepsClient = request.keepsAlive && !isStopping
        dispatchStart = now
        attempts = 0
        wantsFreshServer = false
        if !policy.statisticsURIs.isEmpty,
            policy.statisticsPage(UnsafeRawBufferPointer(clientIn.bytes).bytes, request.target) != nil
        {
            phase = .statistics
            askedForStatistics = false
            return
        }
        guard policy.backend != nil else { return refuse(503, .noServer) }
        guard let room = serverOut.space(pool) else { return refuse(503, .exhausted) }
        let bytes = UnsafeRawBufferPointer(clientIn.bytes)
        var writer = BufferWriter(room)
        Rewriting.request(request, bytes, from: peer, policy: policy, to: &writer)
        guard !writer.overflowed else {
            serverOut.discard(pool)
            return refuse(431, .refused)
        }
        clientIn.removeFirst(request.byteCount)
        requestBody = BodyRelay(request.framing, output: .chunks)
        serverOut.added(writer.count)
        serverOutSent = 0
        requestIsConsumed = false
        requestIsBroken = false
        phase = .dispatch
        // The body's first bytes go with the head: one write, and they can be sent again.
        if let violation = requestBody.approve(&clientIn) {
            fail(violation, at: 0, ofServer: false)
            serverOut.discard(pool)
            return refuse(violation.status, .refused)
        }
        if requestBody.approved > 0 { moveBody() }
        clientIn.releaseIfEmpty(pool)
    }

    private mutating func moveBody() {
        guard let room = serverOut.space(pool, minimum: 0) else { return }
        let count = min(room.count, requestBody.approved)
        guard count > 0, let target = room.baseAddress, let source = clientIn.bytes.baseAddress else {
            return
        }
        target.copyMemory(from: source, byteCount: count)
        serverOut.added(count)
        requestBody.sent(count, from: &clientIn)
    }

    /// Notes who broke which rule.
    mutating func fail(_ violation: Violation, at position: Int, ofServer: Bool) {
        self.violation = violation
        violationIsServers = ofServer
        faultPosition = position
    }

    /// Answers with an error of our own and closes; after a response has begun it can only close.
    public mutating func refuse(_ status: Int, _ ending: Ending) {
        self.ending = ending
        guard policy.isHTTP, !hasResponseHead, phase != .tunnel, phase != .answering, phase != .lingering
        else {
            phase = .closed
            return
        }
        keepsClient = false
        self.status = status
        // Behind an interim answer that is still on its way.
        if let room = clientOut.space(pool) {
            var writer = BufferWriter(room)
            LocalAnswer.write(status, withBody: request.method != .head, to: &writer)
            clientOut.added(writer.count)
            phase = .answering
        } else {
            phase = .closed
        }
    }

    /// The target of the present request.
    public var target: String { request.target.text(in: UnsafeRawBufferPointer(clientIn.bytes).bytes) }

    /// The page that is asked for, in phase `statistics`.
    public var statisticsPage: Int? {
        guard phase == .statistics else { return nil }
        return policy.statisticsPage(UnsafeRawBufferPointer(clientIn.bytes).bytes, request.target)
    }

    /// Answers the present request with these bytes, a whole response that says `Connection: close`.
    public mutating func answer(_ bytes: [UInt8], status: Int) {
        guard phase == .statistics else { return }
        ownBody = .allocate(byteCount: bytes.count, alignment: 1)
        ownBody.copyBytes(from: bytes)
        ownBodySent = 0
        self.status = status
        ending = .local
        keepsClient = false
        phase = .answering
    }

    private mutating func advanceAnswer() -> Action? {
        if !clientOutput.isEmpty { return isClientBlocked ? .wait : .sendToClient }
        freeOwnBody()
        clientOut.releaseIfEmpty(pool)
        serverOut.discard(pool)
        serverIn.discard(pool)
        phase = .lingering
        discarded = 0
        return .finishExchange(reusable: false)
    }
}
