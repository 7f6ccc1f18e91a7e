import HTTP1

/// What the driver asks and reports.
extension Stream {
    // MARK: Bytes

    /// What to write to the client now.
    public var clientOutput: UnsafeRawBufferPointer {
        if !clientOut.isEmpty { return UnsafeRawBufferPointer(clientOut.bytes) }
        if phase == .answering {
            return UnsafeRawBufferPointer(rebasing: ownBody[min(ownBodySent, ownBody.count)...])
        }
        return UnsafeRawBufferPointer(rebasing: serverIn.bytes[..<responseBody.approved])
    }

    /// What to write to the server now.
    public var serverOutput: UnsafeRawBufferPointer {
        if serverOutSent < serverOut.count {
            return UnsafeRawBufferPointer(rebasing: serverOut.bytes[serverOutSent...])
        }
        return UnsafeRawBufferPointer(rebasing: clientIn.bytes[..<requestBody.approved])
    }

    /// So much of `clientOutput` was written.
    public mutating func clientSent(_ count: Int) {
        progressed = true
        if !clientOut.isEmpty {
            clientOut.removeFirst(count)
            clientOut.releaseIfEmpty(pool)
        } else if phase == .answering {
            ownBodySent += count
        } else {
            responseBody.sent(count, from: &serverIn)
        }
    }

    /// So much of `serverOutput` was written.
    public mutating func serverSent(_ count: Int, at now: Nanoseconds) {
        progressed = true
        requestSentAt = now
        if serverOutSent < serverOut.count {
            serverOutSent += count
        } else {
            requestIsConsumed = true
            requestBody.sent(count, from: &clientIn)
        }
    }

    /// The client's socket takes no more for now (`true`), or again (`false`).
    public mutating func clientBlocked(_ blocked: Bool) { isClientBlocked = blocked }

    /// The server's socket takes no more for now (`true`), or again (`false`).
    public mutating func serverBlocked(_ blocked: Bool) { isServerBlocked = blocked }

    /// Whether bytes of the client are of use now.
    public var wantsClientBytes: Bool {
        guard !clientEnded else { return false }
        switch phase {
        case .idle, .head, .lingering: return true
        case .exchange:
            return !requestIsBroken && !requestBody.isReceived && requestBody.approved == 0
        case .tunnel: return requestBody.approved == 0 && clientIn.isEmpty
        case .dispatch, .queued, .connecting, .statistics, .answering, .closed: return false
        }
    }

    /// Whether bytes of the server are of use now.
    public var wantsServerBytes: Bool {
        guard !serverEnded else { return false }
        switch phase {
        case .exchange:
            guard hasResponseHead else { return clientOut.isEmpty }
            return clientOut.isEmpty && responseBody.approved == 0 && !responseBody.isReceived
        case .tunnel: return responseBody.approved == 0 && serverIn.isEmpty
        default: return false
        }
    }

    /// Room for the client's bytes; nil when no buffer is left.
    public mutating func clientSpace() -> UnsafeMutableRawBufferPointer? { clientIn.space(pool) }

    /// Room for the server's bytes; nil when no buffer is left.
    public mutating func serverSpace() -> UnsafeMutableRawBufferPointer? { serverIn.space(pool) }

    /// So many bytes of the client were put into `clientSpace`.
    public mutating func clientReceived(_ count: Int) {
        clientIn.added(count)
        progressed = true
    }

    /// So many bytes of the server were put into `serverSpace`.
    public mutating func serverReceived(_ count: Int) {
        serverIn.added(count)
        progressed = true
    }

    /// The client sends no more.
    public mutating func clientClosed() { clientEnded = true }

    /// The server sends no more.
    public mutating func serverClosed() { serverEnded = true }

    /// The client's connection broke: nobody is there to answer.
    public mutating func clientFailed() {
        guard phase != .closed else { return }
        if isBusy, phase != .answering { ending = .clientAborted }
        phase = .closed
    }

    /// Writing to the server failed. Its answer may have come before, so reading goes on until the end.
    public mutating func serverWriteFailed() { requestIsBroken = true }

    /// The server's connection broke.
    public mutating func serverFailed() {
        serverEnded = true
        requestIsBroken = true
        if phase == .tunnel {
            ending = .serverAborted
            phase = .closed
        }
    }

    // MARK: Servers

    /// A server connection is there, a new one or one that has served before.
    public mutating func serverConnected(reused: Bool) {
        isReused = reused
        serverEnded = false
        isServerBlocked = false
        progressed = true
        if policy.isHTTP {
            phase = .exchange
            hasResponseHead = false
            interimCount = 0
            responseParser = ResponseParser()
        } else {
            phase = .tunnel
            requestBody = BodyRelay(.untilClose, output: .data)
            responseBody = BodyRelay(.untilClose, output: .data)
        }
    }

    /// A connection to a server has been begun.
    public mutating func serverConnecting() {
        phase = .connecting
        progressed = true
    }

    /// All servers have as many requests as they may.
    public mutating func queued() { phase = .queued }

    /// The connection could not be made; another attempt, unless there were enough: then 503.
    /// Returns whether it will be tried again.
    public mutating func connectFailed() -> Bool {
        attempts += 1
        guard attempts <= policy.retries else {
            refuse(503, .connectFailed)
            return false
        }
        phase = .dispatch
        return true
    }

    /// Attempts so far that failed to connect.
    public var failedAttempts: Int { attempts }

    /// The queue has a place for it again.
    public mutating func dequeued() { if phase == .queued { phase = .dispatch } }

    /// Whether it waits for a server below its `maxconn`.
    public var isQueued: Bool { phase == .queued }
    /// Whether a connection to a server is being made.
    public var isConnecting: Bool { phase == .connecting }
    /// Whether a statistics answer is awaited.
    public var awaitsStatistics: Bool { phase == .statistics }

    /// Bytes with the fault in them, for `show errors`.
    public var faultyBytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(violationIsServers ? serverIn.bytes : clientIn.bytes)
    }

    /// Whether a server connection, made or in the making, is of use now.
    public var usesServer: Bool { phase == .connecting || phase == .exchange || phase == .tunnel }

    /// The exchange has been counted.
    public mutating func accounted() { isUnaccounted = false }

    /// The fault has been noted.
    public mutating func clearViolation() { violation = nil }
}
