import HTTP1

/// Which timeout a stream is under.
public enum Wait: UInt8, Equatable, Sendable {
    case firstRequest
    case nextRequest
    case requestHead
    case queue
    case connect
    /// The client sends its body, or takes its answer.
    case client
    case server
    case tunnel
    case linger
    /// Something of our own, which does not wait for anybody outside.
    case nothing
}

extension Stream {
    private var currentWait: Wait {
        switch phase {
        case .idle: waiting == .firstRequest ? .firstRequest : .nextRequest
        case .head: .requestHead
        case .queued: .queue
        case .connecting: .connect
        case .exchange:
            if isClientBlocked {
                .client
            } else if isServerBlocked || hasResponseHead || requestIsBroken || requestBody.isReceived {
                .server
            } else {
                .client
            }
        case .tunnel: .tunnel
        case .answering: .client
        case .lingering: .linger
        case .dispatch, .statistics, .closed: .nothing
        }
    }

    private func length(of wait: Wait) -> Nanoseconds {
        switch wait {
        case .firstRequest, .requestHead: policy.httpRequest
        case .nextRequest: policy.keepAlive
        case .queue: policy.queue
        case .connect: policy.connect
        case .client: policy.client
        case .server: policy.server
        case .tunnel: policy.tunnel
        case .linger: Self.lingerTime
        case .nothing: policy.server
        }
    }

    /// When `timedOut` is to be called, given that `advance` just said `wait`.
    public mutating func deadline(at now: Nanoseconds) -> Nanoseconds {
        let wait = currentWait
        if wait != waiting {
            // A head's time runs from its first byte, the first one's from the connection on.
            if !(waiting == .firstRequest && wait == .requestHead) { waitingSince = now }
            if wait == .requestHead, waiting != .firstRequest { waitingSince = requestStart }
            waiting = wait
        } else if progressed, wait == .client || wait == .server || wait == .tunnel {
            waitingSince = now
        }
        progressed = false
        let end = waitingSince + length(of: wait)
        guard let stoppingSince, wait == .firstRequest || wait == .nextRequest else { return end }
        return min(end, max(stoppingSince, waitingSince) + Self.stoppingIdleTime)
    }

    /// The deadline has passed.
    public mutating func timedOut() {
        switch waiting {
        case .firstRequest, .nextRequest, .linger: phase = .closed
        case .requestHead:
            request = RequestHead()
            isUnaccounted = true
            refuse(408, .clientTimedOut)
        case .queue: refuse(503, .queueTimedOut)
        case .connect: break
        case .client: refuse(408, .clientTimedOut)
        case .server: refuse(504, .serverTimedOut)
        case .tunnel:
            ending = .normal
            phase = .closed
        case .nothing: refuse(503, .exhausted)
        }
    }

    /// What the stream waits for.
    public var wait: Wait { waiting }
}
