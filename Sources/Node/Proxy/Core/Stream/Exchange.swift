import HTTP1

/// The part of a stream in which a request goes to a server and its answer comes back.
extension Stream {
    /// The next action, or nil when the phase or the bytes changed and all is to be looked at again.
    mutating func advanceExchange(_ now: Nanoseconds) -> Action? {
        if !clientOutput.isEmpty, !isClientBlocked { return .sendToClient }
        if !requestIsBroken, !serverOutput.isEmpty, !isServerBlocked { return .sendToServer }
        if !hasResponseHead {
            if !serverIn.isEmpty, clientOut.isEmpty {
                let before = serverIn.count
                readResponseHead(now)
                if phase != .exchange || hasResponseHead || serverIn.count != before { return nil }
            }
            if serverEnded, !hasResponseHead { return serverGone() }
        } else if clientOut.isEmpty, responseBody.approved == 0 {
            if !responseBody.isReceived, !serverIn.isEmpty {
                if let violation = responseBody.approve(&serverIn) {
                    fail(violation, at: 0, ofServer: true)
                    ending = .badResponse
                    phase = .closed
                    return .finishExchange(reusable: false)
                }
                return nil
            }
            if serverEnded, !responseBody.isReceived, serverIn.isEmpty, !responseBody.senderClosed() {
                ending = .serverAborted
                phase = .closed
                return .finishExchange(reusable: false)
            }
            if responseBody.isSent { return finish(now) }
        }
        if !requestIsBroken, requestBody.approved == 0, !requestBody.isReceived {
            if !clientIn.isEmpty {
                if let violation = requestBody.approve(&clientIn) {
                    fail(violation, at: 0, ofServer: false)
                    refuse(violation.status, .refused)
                    return .dropServer
                }
                if requestBody.approved > 0 || requestBody.isReceived { return nil }
            } else if clientEnded {
                ending = .clientAborted
                phase = .closed
                return .finishExchange(reusable: false)
            }
        }
        return .wait
    }

    /// Whether all of the request has been sent.
    var requestIsSent: Bool { serverOutSent == serverOut.count && requestBody.isSent }

    private mutating func readResponseHead(_ now: Nanoseconds) {
        switch responseParser.parse(UnsafeRawBufferPointer(serverIn.bytes).bytes, limits: policy.limits) {
        case .incomplete: return
        case .failed(let violation):
            fail(violation, at: responseParser.position, ofServer: true)
            refuse(502, .badResponse)
        case .complete:
            responseHead = responseParser.head
            responseParser = ResponseParser()
            takeResponseHead(now)
        }
    }

    private mutating func takeResponseHead(_ now: Nanoseconds) {
        if responseHead.status == 101 {
            guard request.asksForWebSocket,
                responseHead.fields.seen.isSuperset(of: [.upgradeOption, .webSocket])
            else { return refuse(502, .badResponse) }
            return beginWebSocket(now)
        }
        if responseHead.isInterim { return passInterim() }
        let framing = responseHead.framing(answering: request.method)
        // An answer before the end of its request: nobody knows how much more of it the client will send.
        if !requestIsSent || framing == .untilClose { keepsClient = false }
        if isStopping { keepsClient = false }
        var output = ChunkedBody.Output.chunks
        if framing == .chunked, !request.isVersion11 {
            output = .data
            keepsClient = false
        }
        let persistence: Rewriting.Persistence =
            !keepsClient ? .close : request.isVersion11 ? .implied : .keepAlive
        // What may be said about a length that does not come (HEAD, 304) stays in the fields.
        let chunked = responseHead.fields.seen.contains(.chunked) && output == .chunks && framing == .chunked
        guard writeHead(chunked: chunked, persistence) else { return refuse(502, .badResponse) }
        status = responseHead.status
        hasResponseHead = true
        responseStart = now
        if requestIsSent { serverOut.discard(pool); serverOutSent = 0 }
        responseBody = BodyRelay(framing, output: output)
        if let violation = responseBody.approve(&serverIn) {
            fail(violation, at: 0, ofServer: true)
            ending = .badResponse
            phase = .closed
            return
        }
        moveResponseBody()
        serverIn.releaseIfEmpty(pool)
    }

    private mutating func writeHead(chunked: Bool, _ persistence: Rewriting.Persistence) -> Bool {
        guard let room = clientOut.space(pool) else { return false }
        var writer = BufferWriter(room)
        Rewriting.response(
            responseHead, UnsafeRawBufferPointer(serverIn.bytes), chunked: chunked, persistence, to: &writer)
        guard !writer.overflowed else { return false }
        clientOut.added(writer.count)
        serverIn.removeFirst(responseHead.byteCount)
        return true
    }

    private mutating func moveResponseBody() {
        guard responseBody.approved > 0, let room = clientOut.space(pool, minimum: 0) else { return }
        let count = min(room.count, responseBody.approved)
        guard count > 0, let target = room.baseAddress, let source = serverIn.bytes.baseAddress else {
            return
        }
        target.copyMemory(from: source, byteCount: count)
        clientOut.added(count)
        responseBody.sent(count, from: &serverIn)
    }

    private mutating func passInterim() {
        interimCount += 1
        guard interimCount <= Self.maximumInterim else { return refuse(502, .badResponse) }
        // A client of HTTP/1.0 does not know them (RFC 9110 section 15.2).
        if request.isVersion11 {
            guard writeHead(chunked: false, .implied) else { return refuse(502, .badResponse) }
        } else {
            serverIn.removeFirst(responseHead.byteCount)
        }
        serverIn.releaseIfEmpty(pool)
    }

    private mutating func beginWebSocket(_ now: Nanoseconds) {
        guard writeHead(chunked: false, .webSocket) else { return refuse(502, .badResponse) }
        status = 101
        responseStart = now
        keepsClient = false
        serverOut.discard(pool)
        serverOutSent = 0
        phase = .tunnel
        requestBody = BodyRelay(.untilClose, output: .data)
        responseBody = BodyRelay(.untilClose, output: .data)
    }

    /// The server closed before its answer: perhaps it was about to while we wrote.
    private mutating func serverGone() -> Action? {
        if canRetry {
            prepareRetry()
            return .dropServer
        }
        refuse(502, .serverAborted)
        return .dropServer
    }

    /// A connection that had served before may have been closed by its server just as we wrote. Sending the request
    /// again is safe when doing it twice is doing it once, or nothing of it was sent.
    var canRetry: Bool {
        isReused && serverIn.isEmpty && !hasResponseHead && interimCount == 0 && !requestIsConsumed
            && (request.method.isIdempotent || serverOutSent == 0)
    }

    mutating func prepareRetry() {
        serverOutSent = 0
        requestIsBroken = false
        wantsFreshServer = true
        serverEnded = false
        isServerBlocked = false
        responseParser = ResponseParser()
        serverIn.discard(pool)
        phase = .dispatch
    }

    private mutating func finish(_ now: Nanoseconds) -> Action? {
        let complete = requestIsSent && !requestIsBroken
        if !complete { keepsClient = false }
        // Bytes behind the answer belong to nothing that we asked for.
        let reusable =
            complete && responseHead.keepsAlive && !serverEnded && serverIn.isEmpty
            && request.fields.seen.contains(.host)
        serverIn.discard(pool)
        serverOut.discard(pool)
        clientOut.releaseIfEmpty(pool)
        hasResponseHead = false
        interimCount = 0
        // If the answer's head went out before the proxy stopped, the client was told that it may ask again.
        if keepsClient {
            phase = .idle
        } else if complete, clientIn.isEmpty || clientEnded {
            // Nothing unread is left that could turn our close into a reset.
            phase = .closed
        } else {
            phase = .lingering
            discarded = 0
        }
        return .finishExchange(reusable: reusable)
    }
}
