/// Methods that mean something to a proxy.
public enum Method: UInt8, Equatable, Sendable {
    case get
    case head
    case post
    case put
    case delete
    case options
    case patch
    case trace
    case connect
    case other

    /// Doing it twice is doing it once (RFC 9110 section 9.2.2).
    public var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete, .options, .trace: true
        case .post, .patch, .connect, .other: false
        }
    }
}

/// A request's head, as offsets into the bytes it was parsed from.
public struct RequestHead: Equatable, Sendable {
    /// The method, where it is one that matters here.
    public var method: Method = .get
    /// The method as it came.
    public var methodName: ByteRange = .empty
    /// The target as it came.
    public var target: ByteRange = .empty
    /// The target in origin form: the same, or what follows an absolute form's authority. It may be empty (`/`)
    /// or begin with `?`.
    public var path: ByteRange = .empty
    /// HTTP/1.1, not HTTP/1.0.
    public var isVersion11 = true
    /// What the fields say about framing, connection and host.
    public var fields = FieldBlock()
    /// Bytes of the whole head, with an empty line before it if one came.
    public var byteCount = 0

    /// Nothing parsed yet.
    public init() {}

    /// How its body ends.
    public var framing: BodyFraming {
        if fields.seen.contains(.chunked) { return .chunked }
        return fields.contentLength > 0 ? .length(fields.contentLength) : .none
    }

    /// Whether the client keeps the connection open after this exchange (RFC 9112 section 9.3).
    public var keepsAlive: Bool {
        if fields.seen.contains(.close) { return false }
        return isVersion11 || fields.seen.contains(.keepAlive)
    }

    /// A WebSocket's opening handshake (RFC 6455 section 4.1).
    public var asksForWebSocket: Bool {
        isVersion11 && method == .get && framing == .none
            && fields.seen.isSuperset(of: [.upgradeOption, .webSocket])
    }
}

/// Parses a request's head as its bytes arrive. Call `parse` with all bytes from the head's first on whenever
/// there are more; the same bytes give the same result however they were split.
public struct RequestParser: Equatable, Sendable {
    /// What has been parsed; whole after `.complete`.
    public private(set) var head = RequestHead()
    private var lines = LineReader()
    private var hasRequestLine = false

    /// Before the first byte.
    public init() {}

    /// Whether the first line is still on its way.
    public var isInFirstLine: Bool { !hasRequestLine }

    /// Where the line at which parsing stands begins: where to look for the fault.
    public var position: Int { lines.start }

    /// Takes all bytes from the head's first on.
    public mutating func parse(_ bytes: RawSpan, limits: HeadLimits) -> HeadProgress {
        while true {
            switch lines.next(bytes) {
            case .bareLineFeed: return .failed(.bareLineFeed)
            case .incomplete:
                guard bytes.byteCount >= limits.bytes else { return .incomplete }
                return .failed(hasRequestLine ? .headTooLarge : .targetTooLong)
            case .line(let start, let end):
                if end + 2 > limits.bytes { return .failed(hasRequestLine ? .headTooLarge : .targetTooLong) }
                if !hasRequestLine {
                    // One empty line before a request is forgiven (RFC 9112 section 2.2).
                    if start == end, start == 0 { continue }
                    if let violation = parseRequestLine(bytes, start, end) { return .failed(violation) }
                    hasRequestLine = true
                    head.fields.range = ByteRange(end + 2, end + 2)
                } else if start == end {
                    head.byteCount = end + 2
                    head.fields.range.end = Int32(truncatingIfNeeded: start)
                    return finish(bytes).map { .failed($0) } ?? .complete
                } else {
                    if head.fields.count >= limits.fields { return .failed(.tooManyFields) }
                    if let violation = head.fields.take(bytes, start, end, from: .client) {
                        return .failed(violation)
                    }
                }
            }
        }
    }

    private mutating func parseRequestLine(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Violation? {
        var offset = start
        while offset < end, Octets.isToken(bytes.byte(offset)) { offset += 1 }
        guard offset < end, offset > start else {
            return offset < end ? .invalidMethod : .malformedRequestLine
        }
        guard bytes.byte(offset) == 0x20 else {
            return Self.isControl(bytes.byte(offset)) ?? .invalidMethod
        }
        head.methodName = ByteRange(start, offset)
        head.method = Self.method(bytes, head.methodName)
        offset += 1
        let target = offset
        while offset < end, Octets.isTarget(bytes.byte(offset)) { offset += 1 }
        guard offset < end else { return .malformedRequestLine }
        guard bytes.byte(offset) == 0x20 else {
            return Self.isControl(bytes.byte(offset)) ?? .invalidTarget
        }
        guard offset > target else { return .malformedRequestLine }
        head.target = ByteRange(target, offset)
        if let violation = parseVersion(bytes, ByteRange(offset + 1, end)) { return violation }
        return head.method == .connect ? .connectMethod : nil
    }

    private static func isControl(_ byte: UInt8) -> Violation? {
        switch byte {
        case 0: .nulByte
        case 0x0D: .bareCarriageReturn
        case 1..<0x20, 0x7F: .controlByte
        default: nil
        }
    }

    private mutating func parseVersion(_ bytes: RawSpan, _ range: ByteRange) -> Violation? {
        if bytes.equals(range, "HTTP/1.1") { return nil }
        if bytes.equals(range, "HTTP/1.0") {
            head.isVersion11 = false
            return nil
        }
        guard range.count == 8, bytes.equals(ByteRange(range.lower, range.lower + 5), "HTTP/"),
            Octets.isDigit(bytes.byte(range.lower + 5)), bytes.byte(range.lower + 6) == 0x2E,
            Octets.isDigit(bytes.byte(range.lower + 7))
        else { return .malformedVersion }
        return .unsupportedVersion
    }

    private static func method(_ bytes: RawSpan, _ name: ByteRange) -> Method {
        switch name.count {
        case 3: bytes.equals(name, "GET") ? .get : bytes.equals(name, "PUT") ? .put : .other
        case 4: bytes.equals(name, "POST") ? .post : bytes.equals(name, "HEAD") ? .head : .other
        case 5: bytes.equals(name, "PATCH") ? .patch : bytes.equals(name, "TRACE") ? .trace : .other
        case 6: bytes.equals(name, "DELETE") ? .delete : .other
        case 7: bytes.equals(name, "OPTIONS") ? .options : bytes.equals(name, "CONNECT") ? .connect : .other
        default: .other
        }
    }

    private mutating func finish(_ bytes: RawSpan) -> Violation? {
        let fields = head.fields
        if !fields.seen.contains(.host), head.isVersion11 { return .missingHost }
        if let violation = fields.checkFraming(isVersion11: head.isVersion11) { return violation }
        return checkTarget(bytes)
    }

    /// Origin, absolute or asterisk form (RFC 9112 section 3.2).
    private mutating func checkTarget(_ bytes: RawSpan) -> Violation? {
        head.path = head.target
        let first = bytes.byte(head.target.lower)
        if first == 0x2F { return nil }
        if first == 0x2A, head.target.count == 1 {
            return head.method == .options ? nil : .asteriskTarget
        }
        let start = head.target.lower
        let end = head.target.upper
        let plain = ByteRange(start, min(start + 7, end))
        let secure = ByteRange(start, min(start + 8, end))
        let isPlain = bytes.equals(plain, lowercase: "http://")
        guard isPlain || bytes.equals(secure, lowercase: "https://") else { return .invalidTarget }
        let authorityStart = isPlain ? plain.upper : secure.upper
        var offset = authorityStart
        while offset < end, bytes.byte(offset) != 0x2F, bytes.byte(offset) != 0x3F { offset += 1 }
        let authority = ByteRange(authorityStart, offset)
        guard HostName.isValid(bytes, authority) else { return .invalidTarget }
        if head.fields.seen.contains(.host) {
            let port: StaticString = isPlain ? "80" : "443"
            guard HostName.agree(bytes, authority, head.fields.host, defaultPort: port) else {
                return .targetAndHostDiffer
            }
        }
        head.path = ByteRange(offset, end)
        return nil
    }
}
