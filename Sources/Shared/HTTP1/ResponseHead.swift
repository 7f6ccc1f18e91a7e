/// A response's head, as offsets into the bytes it was parsed from.
public struct ResponseHead: Equatable, Sendable {
    /// 100 to 599.
    public var status = 0
    /// HTTP/1.1, not HTTP/1.0.
    public var isVersion11 = true
    /// From the status code to the end of the reason, without CRLF.
    public var statusAndReason: ByteRange = .empty
    /// What the fields say about framing and connection.
    public var fields = FieldBlock()
    /// Bytes of the whole head.
    public var byteCount = 0

    /// Nothing parsed yet.
    public init() {}

    /// 100 to 199: another head follows (RFC 9110 section 15.2).
    public var isInterim: Bool { status < 200 && status != 101 }

    /// How its body ends, given what was asked (RFC 9112 section 6.3).
    public func framing(answering method: Method) -> BodyFraming {
        if method == .head || status < 200 || status == 204 || status == 304 { return .none }
        if fields.seen.contains(.chunked) { return .chunked }
        if fields.contentLength >= 0 {
            return fields.contentLength == 0 ? .none : .length(fields.contentLength)
        }
        return .untilClose
    }

    /// Whether the server keeps the connection open after this exchange (RFC 9112 section 9.3).
    public var keepsAlive: Bool {
        if fields.seen.contains(.close) { return false }
        return isVersion11 || fields.seen.contains(.keepAlive)
    }
}

/// Parses a response's head as its bytes arrive; see `RequestParser`.
public struct ResponseParser: Equatable, Sendable {
    /// What has been parsed; whole after `.complete`.
    public private(set) var head = ResponseHead()
    private var lines = LineReader()
    private var hasStatusLine = false

    /// Before the first byte.
    public init() {}

    /// Where the line at which parsing stands begins: where to look for the fault.
    public var position: Int { lines.start }

    /// Takes all bytes from the head's first on.
    public mutating func parse(_ bytes: RawSpan, limits: HeadLimits) -> HeadProgress {
        while true {
            switch lines.next(bytes) {
            case .bareLineFeed: return .failed(.bareLineFeed)
            case .incomplete: return bytes.byteCount >= limits.bytes ? .failed(.headTooLarge) : .incomplete
            case .line(let start, let end):
                if end + 2 > limits.bytes { return .failed(.headTooLarge) }
                if !hasStatusLine {
                    guard parseStatusLine(bytes, start, end) else { return .failed(.malformedStatusLine) }
                    hasStatusLine = true
                    head.fields.range = ByteRange(end + 2, end + 2)
                } else if start == end {
                    head.byteCount = end + 2
                    head.fields.range.end = Int32(truncatingIfNeeded: start)
                    let violation = head.fields.checkFraming(isVersion11: head.isVersion11)
                    return violation.map { .failed($0) } ?? .complete
                } else {
                    if head.fields.count >= limits.fields { return .failed(.tooManyFields) }
                    if let violation = head.fields.take(bytes, start, end, from: .server) {
                        return .failed(violation)
                    }
                }
            }
        }
    }

    /// `HTTP/1.x SP 3DIGIT [SP reason]`: servers that leave the last blank out are common and harmless.
    private mutating func parseStatusLine(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Bool {
        guard end - start >= 12 else { return false }
        let version = ByteRange(start, start + 8)
        head.isVersion11 = bytes.equals(version, "HTTP/1.1")
        guard head.isVersion11 || bytes.equals(version, "HTTP/1.0"), bytes.byte(start + 8) == 0x20 else {
            return false
        }
        var status = 0
        for offset in start + 9..<start + 12 {
            guard Octets.isDigit(bytes.byte(offset)) else { return false }
            status = status * 10 + Int(bytes.byte(offset) - 0x30)
        }
        guard status >= 100, status < 600 else { return false }
        if end > start + 12 {
            guard bytes.byte(start + 12) == 0x20 else { return false }
            for offset in start + 13..<end where !Octets.isFieldValue(bytes.byte(offset)) { return false }
        }
        head.status = status
        head.statusAndReason = ByteRange(start + 9, end)
        return true
    }
}
