/// Cuts the text of statements into tokens as PostgreSQL's scanner does (manual 4.1), without allocating and without
/// copying: comments nest, adjacent strings are one, an operator ends where a comment begins.
///
///     var tokenizer = SQLTokenizer(text)
///     while case let token = tokenizer.next(), token.kind != .end { … }
///
/// Every call but the last moves forward, whatever the bytes are: after `.malformed` comes only `.end`.
public struct SQLTokenizer: ~Escapable {
    let text: RawSpan
    let dialect: SQLDialect
    /// The next byte to look at.
    var place = 0

    /// At the beginning of a text without its terminating zero.
    @_lifetime(copy text)
    public init(_ text: RawSpan, dialect: SQLDialect = SQLDialect()) {
        self.text = text
        self.dialect = dialect
    }

    /// The byte at a place, or zero, which no statement has, outside.
    @inline(__always)
    func byte(_ at: Int) -> UInt8 {
        at < text.byteCount ? text.unsafeLoad(fromUncheckedByteOffset: at, as: UInt8.self) : 0
    }

    /// The next token; blanks and comments are passed over.
    @_lifetime(self: copy self)
    public mutating func next() -> SQLToken {
        while true {
            let start = place
            let first = byte(start)
            if isWordStart(first) { return word(from: start, first) }
            switch first {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\t"), UInt8(ascii: "\r"), 0x0B, 0x0C:
                place += 1
            case UInt8(ascii: "("): return one(.open)
            case UInt8(ascii: ")"): return one(.close)
            case UInt8(ascii: ","): return one(.comma)
            case UInt8(ascii: ";"): return one(.semicolon)
            case UInt8(ascii: "["): return one(.openBracket)
            case UInt8(ascii: "]"): return one(.closeBracket)
            case UInt8(ascii: "0")...UInt8(ascii: "9"): return number(from: start)
            case UInt8(ascii: "'"):
                return string(start, quoteAt: start, escapes: !dialect.standardConformingStrings)
            case UInt8(ascii: "\""): return quotedName(start, quoteAt: start, .quotedName)
            case UInt8(ascii: "."):
                if isDigit(byte(start + 1)) { return number(from: start) }
                // Two are PL/pgSQL's, and one token, so that `1..2` has no .2 in it.
                if byte(start + 1) == UInt8(ascii: ".") { place += 1 }
                return one(.dot)
            case UInt8(ascii: ":"):
                place += byte(start + 1) == UInt8(ascii: ":") || byte(start + 1) == UInt8(ascii: "=") ? 2 : 1
                return SQLToken(.colon, start, place)
            case UInt8(ascii: "$"): return dollar(from: start)
            case UInt8(ascii: "-") where byte(start + 1) == UInt8(ascii: "-"): skipLine()
            case UInt8(ascii: "/") where byte(start + 1) == UInt8(ascii: "*"):
                guard skipComment() else { return malformed(from: start) }
            case 0 where start >= text.byteCount: return SQLToken(.end, start, start)
            default:
                return isOperator(first) ? symbol(from: start) : malformed(from: start)
            }
        }
    }

    @inline(__always) @_lifetime(self: copy self)
    private mutating func one(_ kind: SQLToken.Kind) -> SQLToken {
        let start = place
        place += 1
        return SQLToken(kind, start, place)
    }

    @_lifetime(self: copy self)
    mutating func malformed(from start: Int) -> SQLToken {
        place = text.byteCount
        return SQLToken(.malformed, start, place)
    }

    /// A word, or one of the strings and names that a letter introduces.
    @inline(__always) @_lifetime(self: copy self)
    private mutating func word(from start: Int, _ first: UInt8) -> SQLToken {
        if byte(start + 1) == UInt8(ascii: "'") {
            switch first | 0x20 {
            case UInt8(ascii: "e"): return string(start, quoteAt: start + 1, escapes: true)
            case UInt8(ascii: "b"), UInt8(ascii: "x"):
                return string(start, quoteAt: start + 1, escapes: false)
            default: break  // N'…' is the word NCHAR before an ordinary string.
            }
        }
        if byte(start + 1) == UInt8(ascii: "&"), first | 0x20 == UInt8(ascii: "u") {
            if byte(start + 2) == UInt8(ascii: "\"") {
                return quotedName(start, quoteAt: start + 2, .unicodeName)
            }
            if byte(start + 2) == UInt8(ascii: "'") {
                // PostgreSQL refuses U&'…' while standard_conforming_strings is off.
                guard dialect.standardConformingStrings else { return malformed(from: start) }
                return string(start, quoteAt: start + 2, escapes: false)
            }
        }
        var end = start + 1
        while isWordPart(byte(end)) { end += 1 }
        place = end
        return SQLToken(.word, start, end, SQLKeyword(in: text, from: start, to: end))
    }

    /// Digits with a fraction and an exponent. What PostgreSQL refuses since 15 (1abc) or takes as a number since 16 (0x1F,
    /// 1_000) is a number and a word here, as for 13: the same to us, for an alias may follow a number.
    @_lifetime(self: copy self)
    private mutating func number(from start: Int) -> SQLToken {
        var end = start
        while isDigit(byte(end)) { end += 1 }
        // `1..10` is 1, two dots and 10.
        if byte(end) == UInt8(ascii: "."), byte(end + 1) != UInt8(ascii: ".") {
            end += 1
            while isDigit(byte(end)) { end += 1 }
        }
        if byte(end) | 0x20 == UInt8(ascii: "e") {
            var exponent = end + 1
            if byte(exponent) == UInt8(ascii: "+") || byte(exponent) == UInt8(ascii: "-") { exponent += 1 }
            if isDigit(byte(exponent)) {
                while isDigit(byte(exponent)) { exponent += 1 }
                end = exponent
            }
        }
        place = end
        return SQLToken(.number, start, end)
    }

    /// As long as there are operator characters, but not into a comment; a trailing + or - belongs to it only if it has one
    /// of ~ ! @ # % ^ & | ` ?, so that `=-1` is an operator and a signed number.
    @_lifetime(self: copy self)
    private mutating func symbol(from start: Int) -> SQLToken {
        var end = start
        var special = false
        while isOperator(byte(end)) {
            let (first, second) = (byte(end), byte(end + 1))
            if end > start {
                if first == UInt8(ascii: "-"), second == UInt8(ascii: "-") { break }
                if first == UInt8(ascii: "/"), second == UInt8(ascii: "*") { break }
            }
            special = special || isSpecialOperator(first)
            end += 1
        }
        while !special, end > start + 1,
            byte(end - 1) == UInt8(ascii: "+") || byte(end - 1) == UInt8(ascii: "-")
        {
            end -= 1
        }
        place = end
        return SQLToken(.symbol, start, end)
    }

    /// Up to the end of the line.
    @_lifetime(self: copy self)
    private mutating func skipLine() {
        while place < text.byteCount, byte(place) != UInt8(ascii: "\n"), byte(place) != UInt8(ascii: "\r") {
            place += 1
        }
    }

    /// A comment with those inside it; false: it does not end.
    @_lifetime(self: copy self)
    private mutating func skipComment() -> Bool {
        var depth = 0
        while place < text.byteCount {
            let (first, second) = (byte(place), byte(place + 1))
            if first == UInt8(ascii: "/"), second == UInt8(ascii: "*") {
                depth += 1
                place += 2
            } else if first == UInt8(ascii: "*"), second == UInt8(ascii: "/") {
                depth -= 1
                place += 2
                if depth == 0 { return true }
            } else {
                place += 1
            }
        }
        return false
    }
}
