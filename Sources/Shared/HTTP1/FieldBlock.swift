/// What the field lines of a head say about framing, connection and host; the other fields stay bytes.
public struct FieldBlock: Equatable, Sendable {
    /// Whether several words of the same meaning were seen, and which.
    public struct Seen: OptionSet, Equatable, Sendable {
        /// The bits.
        public let rawValue: UInt32
        /// From bits.
        public init(rawValue: UInt32) { self.rawValue = rawValue }
        /// `Connection: close`.
        public static let close = Seen(rawValue: 1)
        /// `Connection: keep-alive`.
        public static let keepAlive = Seen(rawValue: 2)
        /// `Connection: upgrade`.
        public static let upgradeOption = Seen(rawValue: 4)
        /// Connection nominates other fields, which must be dropped, too.
        public static let nominations = Seen(rawValue: 8)
        /// The coding chunked.
        public static let chunked = Seen(rawValue: 16)
        /// A coding before chunked.
        public static let otherCoding = Seen(rawValue: 32)
        /// Any Transfer-Encoding.
        public static let transferEncoding = Seen(rawValue: 64)
        /// A Content-Length.
        public static let contentLength = Seen(rawValue: 128)
        /// `Expect: 100-continue`.
        public static let expectContinue = Seen(rawValue: 256)
        /// An X-Forwarded-For.
        public static let forwardedFor = Seen(rawValue: 512)
        /// More lines are to be dropped than `drops` holds.
        public static let manyDrops = Seen(rawValue: 1024)
        /// A Host.
        public static let host = Seen(rawValue: 2048)
        /// `Upgrade: websocket` and nothing else.
        public static let webSocket = Seen(rawValue: 4096)
        /// Any Upgrade.
        public static let upgradeField = Seen(rawValue: 8192)
        /// The last coding of Transfer-Encoding so far is chunked.
        static let endsChunked = Seen(rawValue: 16384)
    }

    /// What was seen.
    public var seen: Seen = []
    /// Content-Length, or -1.
    public var contentLength: Int64 = -1
    /// Host's value.
    public var host: ByteRange = .empty
    /// From the first field line to the empty line, without it.
    public var range: ByteRange = .empty
    /// Field lines.
    public var count = 0
    /// Lines that never go further: hop-by-hop fields. In order; the first `dropCount` count.
    public private(set) var drops = InlineArray<8, UInt64>(repeating: 0)
    /// How many of `drops` count.
    public private(set) var dropCount = 0

    /// No field yet.
    public init() {}

    /// Whether they say the same.
    public static func == (a: FieldBlock, b: FieldBlock) -> Bool {
        guard a.seen == b.seen, a.contentLength == b.contentLength, a.host == b.host, a.range == b.range,
            a.count == b.count, a.dropCount == b.dropCount
        else { return false }
        for index in 0..<a.dropCount where a.drops[index] != b.drops[index] { return false }
        return true
    }

    /// A dropped line with its CRLF.
    @inline(__always)
    public func drop(_ index: Int) -> ByteRange {
        ByteRange(Int(drops[index] >> 32), Int(drops[index] & 0xFFFF_FFFF))
    }

    /// Marks the line `start..<end` (with its CRLF) as one that stays here; joins neighbours.
    mutating func dropLine(_ start: Int, _ end: Int) {
        if dropCount > 0, drops[dropCount - 1] & 0xFFFF_FFFF == UInt64(start) {
            drops[dropCount - 1] = drops[dropCount - 1] & 0xFFFF_FFFF_0000_0000 | UInt64(end)
        } else if dropCount < 8 {
            drops[dropCount] = UInt64(start) << 32 | UInt64(end)
            dropCount += 1
        } else {
            seen.insert(.manyDrops)
        }
    }
}

/// Whose head it is: some rules differ.
public enum Sender: Sendable {
    case client
    case server
}

/// What becomes of a field line on its way.
enum FieldFate {
    case passes
    case stays
    case violates(Violation)
}

extension FieldBlock {
    /// Takes one line `start..<end`, without its CRLF.
    mutating func take(_ bytes: RawSpan, _ start: Int, _ end: Int, from sender: Sender) -> Violation? {
        let first = bytes.byte(start)
        if first == 0x20 || first == 0x09 { return .foldedLine }
        var colon = start
        var plain = true
        while colon < end {
            let byte = bytes.byte(colon)
            if byte == 0x3A { break }
            guard Octets.isToken(byte) else { return Self.nameViolation(bytes, colon, end) }
            plain = plain && Octets.isPlainName(byte)
            colon += 1
        }
        guard colon < end else { return .missingColon }
        guard colon > start else { return .emptyFieldName }
        if let violation = Self.checkValue(bytes, colon + 1, end) { return violation }
        count += 1
        let fate = classify(
            bytes, name: ByteRange(start, colon), value: bytes.trimmed(colon + 1, end), from: sender)
        switch fate {
        case .violates(let violation): return violation
        case .passes where plain || sender == .server: break
        case .passes, .stays: dropLine(start, end + 2)
        }
        return nil
    }

    private static func nameViolation(_ bytes: RawSpan, _ at: Int, _ end: Int) -> Violation {
        let byte = bytes.byte(at)
        if byte == 0 { return .nulByte }
        if byte == 0x0D { return .bareCarriageReturn }
        if byte == 0x20 || byte == 0x09 {
            var next = at
            while next < end, bytes.byte(next) == 0x20 || bytes.byte(next) == 0x09 { next += 1 }
            return next < end && bytes.byte(next) == 0x3A ? .blankBeforeColon : .invalidFieldName
        }
        return .invalidFieldName
    }

    /// Eight bytes at a time: a byte below 0x20 or equal to 0x7F sends us to look at them one by one.
    @inline(__always)
    private static func checkValue(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Violation? {
        var offset = start
        while offset + 8 <= end {
            let word = bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let ones: UInt64 = 0x0101_0101_0101_0101
            let tops: UInt64 = 0x8080_8080_8080_8080
            // A top bit is set where a byte is below 0x20, and where it is 0x7F (x ^ 0x7F == 0 borrows).
            let low = (word &- ones &* 0x20) & ~word & tops
            let flipped = word ^ (ones &* 0x7F)
            let delete = (flipped &- ones) & ~flipped & tops
            if low | delete != 0 {
                for index in offset..<offset + 8 where !Octets.isFieldValue(bytes.byte(index)) {
                    return valueViolation(bytes.byte(index))
                }
            }
            offset += 8
        }
        while offset < end {
            guard Octets.isFieldValue(bytes.byte(offset)) else { return valueViolation(bytes.byte(offset)) }
            offset += 1
        }
        return nil
    }

    private static func valueViolation(_ byte: UInt8) -> Violation {
        byte == 0 ? .nulByte : byte == 0x0D ? .bareCarriageReturn : .controlByte
    }

    private mutating func classify(
        _ bytes: RawSpan, name: ByteRange, value: ByteRange, from sender: Sender
    ) -> FieldFate {
        switch name.count {
        case 2 where bytes.equals(name, lowercase: "te"): return .stays
        case 4 where sender == .client && bytes.equals(name, lowercase: "host"):
            return verdict(takeHost(bytes, value))
        case 6 where sender == .client && bytes.equals(name, lowercase: "expect"):
            guard bytes.equals(value, lowercase: "100-continue") else {
                return .violates(.unsupportedExpectation)
            }
            seen.insert(.expectContinue)
        case 7 where bytes.equals(name, lowercase: "upgrade"):
            // Two Upgrade fields are a list, and no WebSocket handshake.
            let alone = !seen.contains(.upgradeField)
            seen.insert(.upgradeField)
            if alone, bytes.equals(value, lowercase: "websocket") {
                seen.insert(.webSocket)
            } else {
                seen.remove(.webSocket)
            }
            return .stays
        case 7 where bytes.equals(name, lowercase: "trailer"): return .stays
        case 10 where bytes.equals(name, lowercase: "connection"):
            return verdict(takeConnection(bytes, value), else: .stays)
        case 10 where bytes.equals(name, lowercase: "keep-alive"): return .stays
        case 14 where bytes.equals(name, lowercase: "content-length"):
            return verdict(takeContentLength(bytes, value))
        case 14 where bytes.equals(name, lowercase: "http2-settings"): return .stays
        case 15 where bytes.equals(name, lowercase: "x-forwarded-for"): seen.insert(.forwardedFor)
        case 16 where bytes.equals(name, lowercase: "proxy-connection"): return .stays
        case 17 where bytes.equals(name, lowercase: "transfer-encoding"):
            return verdict(takeTransferEncoding(bytes, value), else: .stays)
        default: break
        }
        return .passes
    }

    private func verdict(_ violation: Violation?, else fate: FieldFate = .passes) -> FieldFate {
        violation.map { .violates($0) } ?? fate
    }

    private mutating func takeHost(_ bytes: RawSpan, _ value: ByteRange) -> Violation? {
        guard !seen.contains(.host) else { return .severalHosts }
        seen.insert(.host)
        host = value
        return HostName.isValid(bytes, value) ? nil : .invalidHost
    }

    private mutating func takeContentLength(_ bytes: RawSpan, _ value: ByteRange) -> Violation? {
        guard !seen.contains(.contentLength) else { return .severalContentLengths }
        seen.insert(.contentLength)
        guard !value.isEmpty else { return .invalidContentLength }
        if value.count > 1, bytes.byte(value.lower) == 0x30 { return .invalidContentLength }
        var length: Int64 = 0
        for offset in value.lower..<value.upper {
            let byte = bytes.byte(offset)
            guard Octets.isDigit(byte) else { return .invalidContentLength }
            // 2^53 has 16 digits: past that the number is too large whatever follows, and must still be digits.
            if length <= BodyFraming.maximumLength { length = length * 10 + Int64(byte - 0x30) }
        }
        guard length <= BodyFraming.maximumLength else { return .contentLengthTooLarge }
        contentLength = length
        return nil
    }

    private mutating func takeTransferEncoding(_ bytes: RawSpan, _ value: ByteRange) -> Violation? {
        seen.insert(.transferEncoding)
        var violation: Violation?
        var list = TokenList(value)
        while let coding = list.next(bytes) {
            guard !coding.isEmpty, Self.isToken(bytes, coding) else { return .invalidTransferEncoding }
            if seen.contains(.endsChunked) { violation = .invalidTransferEncoding }
            if bytes.equals(coding, lowercase: "chunked") {
                seen.insert([.chunked, .endsChunked])
            } else {
                seen.insert(.otherCoding)
            }
        }
        return violation
    }

    private mutating func takeConnection(_ bytes: RawSpan, _ value: ByteRange) -> Violation? {
        var list = TokenList(value)
        while let option = list.next(bytes) {
            // Empty elements of a list are legal (RFC 9110 section 5.6.1.2).
            guard !option.isEmpty else { continue }
            guard Self.isToken(bytes, option) else { return .invalidConnection }
            if bytes.equals(option, lowercase: "close") {
                seen.insert(.close)
            } else if bytes.equals(option, lowercase: "keep-alive") {
                seen.insert(.keepAlive)
            } else if bytes.equals(option, lowercase: "upgrade") {
                seen.insert(.upgradeOption)
            } else if bytes.equals(option, lowercase: "host")
                || bytes.equals(option, lowercase: "content-length")
                || bytes.equals(option, lowercase: "transfer-encoding")
            {
                return .framingFieldInConnection
            } else if !bytes.equals(option, lowercase: "te") {
                seen.insert(.nominations)
            }
        }
        return nil
    }

    private static func isToken(_ bytes: RawSpan, _ range: ByteRange) -> Bool {
        for offset in range.lower..<range.upper where !Octets.isToken(bytes.byte(offset)) { return false }
        return true
    }

    /// What can only be said once all fields are known: codings and lengths together.
    func checkFraming(isVersion11: Bool) -> Violation? {
        guard seen.contains(.transferEncoding) else { return nil }
        if seen.contains(.contentLength) { return .transferEncodingAndContentLength }
        if !isVersion11 { return .transferEncodingInOldVersion }
        if !seen.contains(.endsChunked) { return .invalidTransferEncoding }
        return seen.contains(.otherCoding) ? .unsupportedTransferEncoding : nil
    }
}

/// The elements of a comma-separated value, trimmed, the empty ones, too.
struct TokenList {
    private var offset: Int
    private let end: Int
    private var done = false

    init(_ value: ByteRange) {
        offset = value.lower
        end = value.upper
    }

    mutating func next(_ bytes: RawSpan) -> ByteRange? {
        guard !done else { return nil }
        let start = offset
        while offset < end, bytes.byte(offset) != 0x2C { offset += 1 }
        let element = bytes.trimmed(start, offset)
        if offset < end { offset += 1 } else { done = true }
        return element
    }
}

/// One field line of a head that has been parsed.
public struct FieldLine: Equatable, Sendable {
    /// With its CRLF.
    public var whole: ByteRange
    /// The field's name as it came.
    public var name: ByteRange
    /// Without blanks around it.
    public var value: ByteRange
}

/// The field lines of a head that has been parsed and found sound.
public struct FieldLines {
    private var offset: Int
    private let end: Int

    /// The lines of a `FieldBlock`'s range.
    public init(_ range: ByteRange) {
        offset = range.lower
        end = range.upper
    }

    /// The next line, or nil after the last.
    public mutating func next(_ bytes: RawSpan) -> FieldLine? {
        guard offset < end else { return nil }
        let start = offset
        while offset < end, bytes.byte(offset) != 0x3A { offset += 1 }
        let colon = offset
        while offset < end, bytes.byte(offset) != 0x0A { offset += 1 }
        offset += 1
        guard colon < offset - 2 else { return nil }
        return FieldLine(
            whole: ByteRange(start, offset), name: ByteRange(start, colon),
            value: bytes.trimmed(colon + 1, offset - 2))
    }
}

extension FieldBlock {
    /// Whether a line may go further: no hop-by-hop field (RFC 9110 section 7.6.1), none that Connection names,
    /// and from a client no name that CGI's variables could confuse with another.
    public func passes(_ line: FieldLine, _ bytes: RawSpan, from sender: Sender) -> Bool {
        var probe = FieldBlock()
        _ = probe.take(bytes, line.whole.lower, line.whole.upper - 2, from: sender)
        if probe.dropCount > 0 { return false }
        guard seen.contains(.nominations) else { return true }
        var lines = FieldLines(range)
        while let other = lines.next(bytes) {
            guard bytes.equals(other.name, lowercase: "connection") else { continue }
            var options = TokenList(other.value)
            while let option = options.next(bytes) {
                if bytes.equals(option, ignoringCase: line.name) { return false }
            }
        }
        return true
    }

    /// The value of the first field with this name (in lower case), or nil.
    public func value(of name: StaticString, in bytes: RawSpan) -> ByteRange? {
        var lines = FieldLines(range)
        while let line = lines.next(bytes) {
            if bytes.equals(line.name, lowercase: name) { return line.value }
        }
        return nil
    }
}
