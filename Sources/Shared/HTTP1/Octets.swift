/// Classes of octets of RFC 9110 section 5.6.2 and RFC 3986, as bit maps: no table in memory, no branch a byte.
public enum Octets {
    /// `tchar`: what a method or a field name is made of.
    @inline(__always)
    public static func isToken(_ byte: UInt8) -> Bool {
        // !#$%&'*+-. 0-9 below 64; A-Z ^_` a-z |~ above.
        member(byte, low: 0x03FF_6CFA_0000_0000, high: 0x57FF_FFFF_C7FF_FFFE)
    }

    /// What may stand in a request target here: visible ASCII without `#` (RFC 9112 section 3.2; a fragment is
    /// never sent).
    @inline(__always)
    public static func isTarget(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F && byte != 0x23 }

    /// What may stand in a field value: visible octets, blanks and obs-text, no control (RFC 9110 section 5.5).
    @inline(__always)
    public static func isFieldValue(_ byte: UInt8) -> Bool {
        byte >= 0x20 ? byte != 0x7F : byte == 0x09
    }

    /// `reg-name`, an address literal's brackets and the port's colon (RFC 3986 section 3.2.2).
    @inline(__always)
    public static func isHost(_ byte: UInt8) -> Bool {
        // !$%&'()*+,-. 0-9 : ; = below 64; A-Z [ ] _ a-z ~ above.
        member(byte, low: 0x2FFF_7FF2_0000_0000, high: 0x47FF_FFFE_AFFF_FFFE)
    }

    /// Letters, digits and `-`: names that CGI's translation to variables cannot confuse with others.
    @inline(__always)
    public static func isPlainName(_ byte: UInt8) -> Bool {
        member(byte, low: 0x03FF_2000_0000_0000, high: 0x07FF_FFFE_07FF_FFFE)
    }

    /// 0 to 9.
    @inline(__always)
    public static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    /// The value of a hexadecimal digit, or nil.
    @inline(__always)
    public static func hexadecimal(_ byte: UInt8) -> UInt8? {
        if byte &- 0x30 < 10 { return byte &- 0x30 }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? letter + 10 : nil
    }

    @inline(__always)
    private static func member(_ byte: UInt8, low: UInt64, high: UInt64) -> Bool {
        guard byte < 128 else { return false }
        let map = byte < 64 ? low : high
        return (map &>> UInt64(byte & 63)) & 1 == 1
    }
}

/// A part of a buffer, by offsets.
public struct ByteRange: Equatable, Sendable {
    /// The offset of the first byte.
    public var start: Int32
    /// The offset behind the last byte.
    public var end: Int32

    /// From an offset up to another.
    @inline(__always)
    public init(_ start: Int, _ end: Int) {
        self.start = Int32(truncatingIfNeeded: start)
        self.end = Int32(truncatingIfNeeded: end)
    }

    /// Nothing, at the beginning.
    public static let empty = ByteRange(0, 0)

    /// `start`, for counting.
    /// Whether it has none.
    /// `end`, for counting.
    /// How many bytes it has.
    @inline(__always) public var lower: Int { Int(start) }
    /// `end`, for counting.
    @inline(__always) public var upper: Int { Int(end) }
    /// How many bytes it has.
    @inline(__always) public var count: Int { Int(end) - Int(start) }
    /// Whether it has none.
    @inline(__always) public var isEmpty: Bool { end == start }

    /// The bytes as text.
    public func text(in bytes: RawSpan) -> String {
        var copy: [UInt8] = []
        for offset in lower..<upper { copy.append(bytes.byte(offset)) }
        return String(decoding: copy, as: UTF8.self)
    }
}

extension RawSpan {
    /// The byte at an offset; traps outside, so that no input can read beyond a buffer.
    @inline(__always)
    public func byte(_ offset: Int) -> UInt8 { unsafeLoad(fromByteOffset: offset, as: UInt8.self) }

    /// Whether a part equals a lower-case word, whatever the part's case.
    @inline(__always)
    public func equals(_ range: ByteRange, lowercase word: StaticString) -> Bool {
        guard range.count == word.utf8CodeUnitCount else { return false }
        for index in 0..<range.count {
            var byte = byte(range.lower + index)
            if byte &- 0x41 < 26 { byte |= 0x20 }
            guard byte == word.utf8Start[index] else { return false }
        }
        return true
    }

    /// Whether a part equals a word, exactly.
    @inline(__always)
    public func equals(_ range: ByteRange, _ word: StaticString) -> Bool {
        guard range.count == word.utf8CodeUnitCount else { return false }
        for index in 0..<range.count where byte(range.lower + index) != word.utf8Start[index] { return false }
        return true
    }

    /// Whether two parts are equal but for the case of ASCII letters.
    public func equals(_ first: ByteRange, ignoringCase second: ByteRange) -> Bool {
        guard first.count == second.count else { return false }
        for index in 0..<first.count {
            var a = byte(first.lower + index)
            var b = byte(second.lower + index)
            if a &- 0x41 < 26 { a |= 0x20 }
            if b &- 0x41 < 26 { b |= 0x20 }
            guard a == b else { return false }
        }
        return true
    }

    /// A part without blanks and tabs at its ends (OWS, RFC 9110 section 5.6.3).
    @inline(__always)
    func trimmed(_ start: Int, _ end: Int) -> ByteRange {
        var start = start
        var end = end
        while start < end, Self.isBlank(byte(start)) { start += 1 }
        while start < end, Self.isBlank(byte(end - 1)) { end -= 1 }
        return ByteRange(start, end)
    }

    @inline(__always)
    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
