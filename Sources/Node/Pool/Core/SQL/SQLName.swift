/// A name in a statement's text, perhaps with a schema: places of the text, no copies.
public struct SQLName: Sendable, Equatable {
    /// A part as written, with its quotes.
    public struct Part: Sendable, Equatable {
        /// Where it begins, from the text's first byte.
        public var start: Int
        /// The byte after it.
        public var end: Int
        /// Written as "…".
        public var quoted: Bool

        @inline(__always)
        init(_ token: SQLToken) {
            start = token.start
            end = token.end
            quoted = token.kind == .quotedName
        }
    }

    /// What stands before the dot, or nil when the search path decides.
    public var schema: Part?
    /// The name itself.
    public var name: Part
}

extension SQLName.Part {
    /// The longest name that PostgreSQL keeps whole, in bytes (NAMEDATALEN - 1).
    public static let longest = 63

    /// The name as PostgreSQL keeps it: letters of ASCII in lower case unless quoted, "" as one quote.
    public func folded(in text: RawSpan) -> [UInt8] {
        var name: [UInt8] = []
        name.reserveCapacity(end - start)
        forEachByte(in: text) { name.append($0) }
        return name
    }

    /// Calls with each byte of the folded name.
    @inline(__always)
    func forEachByte(in text: RawSpan, _ body: (UInt8) -> Void) {
        var at = quoted ? start + 1 : start
        let end = quoted ? end - 1 : end
        while at < end {
            let byte = text.unsafeLoad(fromByteOffset: at, as: UInt8.self)
            body(!quoted && byte &- 0x41 < 26 ? byte | 0x20 : byte)
            // A quote inside is written twice.
            at += quoted && byte == UInt8(ascii: "\"") ? 2 : 1
        }
    }

    /// Whether the folded name begins with a word of lower-case letters.
    @inline(__always)
    func begins(_ word: StaticString, in text: RawSpan) -> Bool {
        let start = quoted ? start + 1 : start
        let end = quoted ? end - 1 : end
        guard end - start >= word.utf8CodeUnitCount else { return false }
        for index in 0..<word.utf8CodeUnitCount {
            var byte = text.unsafeLoad(fromByteOffset: start + index, as: UInt8.self)
            if !quoted, byte &- 0x41 < 26 { byte |= 0x20 }
            guard byte == word.utf8Start[index] else { return false }
        }
        return true
    }

    /// Whether the folded name is this word.
    @inline(__always)
    func equals(_ word: StaticString, in text: RawSpan) -> Bool {
        end - start - (quoted ? 2 : 0) == word.utf8CodeUnitCount && begins(word, in: text)
    }

    /// Whether PostgreSQL may make something else of it than we: cut off, or letters beyond ASCII folded by a locale.
    func isUncertain(in text: RawSpan) -> Bool {
        if end - start > Self.longest { return true }
        if quoted { return false }
        for at in start..<end where text.unsafeLoad(fromByteOffset: at, as: UInt8.self) >= 0x80 {
            return true
        }
        return false
    }
}
