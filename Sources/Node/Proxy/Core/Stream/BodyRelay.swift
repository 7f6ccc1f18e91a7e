import HTTP1

/// A body on its way through a buffer: how much of it may be sent on now, and whether it has all come.
struct BodyRelay {
    private enum Rest {
        case length(Int64)
        case chunked(ChunkedBody)
        case untilClose
        case finished
    }

    private var rest: Rest = .finished
    /// Bytes at the buffer's beginning that may be sent on.
    private(set) var approved = 0
    /// Bytes behind them that were removed.
    private var gap = 0

    init() {}

    /// A body that begins with the buffer's next byte. `output` says what a receiver of chunks understands.
    init(_ framing: BodyFraming, output: ChunkedBody.Output) {
        switch framing {
        case .none: rest = .finished
        case .length(let length): rest = length > 0 ? .length(length) : .finished
        case .chunked: rest = .chunked(ChunkedBody(output))
        case .untilClose: rest = .untilClose
        }
    }

    /// Everything that belongs to the body has been received.
    var isReceived: Bool { if case .finished = rest { true } else { false } }

    /// Everything has been sent on as well.
    var isSent: Bool { isReceived && approved == 0 }

    /// A body that lasts until its sender closes.
    var lastsUntilClose: Bool { if case .untilClose = rest { true } else { false } }

    /// Looks at what is in the buffer. Only when nothing approved is left: a body is read as fast as it is sent.
    mutating func approve(_ buffer: inout Buffer) -> Violation? {
        guard approved == 0, !buffer.isEmpty else { return nil }
        switch rest {
        case .finished: break
        case .untilClose: approved = buffer.count
        case .length(let length):
            approved = Int(min(length, Int64(buffer.count)))
            rest = length > Int64(approved) ? .length(length - Int64(approved)) : .finished
        case .chunked(var body):
            let result = body.take(buffer.bytes)
            if let violation = result.violation { return violation }
            rest = body.isFinished ? .finished : .chunked(body)
            approved = result.kept
            gap = result.consumed - result.kept
            if approved == 0 { closeGap(&buffer) }
        }
        return nil
    }

    /// So many approved bytes were sent on.
    mutating func sent(_ count: Int, from buffer: inout Buffer) {
        approved -= count
        buffer.removeFirst(count)
        if approved == 0 { closeGap(&buffer) }
    }

    private mutating func closeGap(_ buffer: inout Buffer) {
        buffer.removeFirst(gap)
        gap = 0
    }

    /// The sender closed: the regular end of a body without a length, too early for any other.
    mutating func senderClosed() -> Bool {
        switch rest {
        case .finished: return true
        case .untilClose:
            rest = .finished
            return true
        case .length, .chunked: return false
        }
    }
}
