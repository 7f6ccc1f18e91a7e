/// What stands between quotes.
extension SQLTokenizer {
    /// '…' and what continues it: after blanks with a line break (and -- comments) another quote goes on with the same
    /// string by the same rules, so that in E'a' ⏎ 'b\'c' the second part has escapes, too.
    @_lifetime(self: copy self)
    mutating func string(_ start: Int, quoteAt: Int, escapes: Bool) -> SQLToken {
        var at = quoteAt + 1
        while at < text.byteCount {
            let next = byte(at)
            if next == UInt8(ascii: "'") {
                if byte(at + 1) == UInt8(ascii: "'") {
                    at += 2
                    continue
                }
                guard let further = continuation(after: at + 1) else {
                    place = at + 1
                    return SQLToken(.string, start, place)
                }
                at = further
            } else if escapes, next == UInt8(ascii: "\\") {
                at += 2
            } else {
                at += 1
            }
        }
        return malformed(from: start)
    }

    /// The place after the quote that continues a string which ended before `at`.
    private func continuation(after at: Int) -> Int? {
        var at = at
        var lineEnded = false
        while true {
            switch byte(at) {
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                lineEnded = true
                at += 1
            case UInt8(ascii: " "), UInt8(ascii: "\t"), 0x0B, 0x0C: at += 1
            case UInt8(ascii: "-"):
                guard byte(at + 1) == UInt8(ascii: "-") else { return nil }
                while at < text.byteCount, byte(at) != UInt8(ascii: "\n"), byte(at) != UInt8(ascii: "\r") {
                    at += 1
                }
            case UInt8(ascii: "'"): return lineEnded ? at + 1 : nil
            default: return nil
            }
        }
    }

    /// "…" with "" for a quote; one without anything inside is an error.
    @_lifetime(self: copy self)
    mutating func quotedName(_ start: Int, quoteAt: Int, _ kind: SQLToken.Kind) -> SQLToken {
        var at = quoteAt + 1
        while at < text.byteCount {
            if byte(at) != UInt8(ascii: "\"") {
                at += 1
            } else if byte(at + 1) == UInt8(ascii: "\"") {
                at += 2
            } else {
                guard at > quoteAt + 1 else { return malformed(from: start) }
                place = at + 1
                return SQLToken(kind, start, place)
            }
        }
        return malformed(from: start)
    }

    /// $1, or $tag$ … $tag$ with a tag that is a word without $ or nothing.
    @_lifetime(self: copy self)
    mutating func dollar(from start: Int) -> SQLToken {
        var at = start + 1
        if isDigit(byte(at)) {
            while isDigit(byte(at)) { at += 1 }
            place = at
            return SQLToken(.parameter, start, at)
        }
        if isWordStart(byte(at)) {
            while isWordPart(byte(at)), byte(at) != UInt8(ascii: "$") { at += 1 }
        }
        guard byte(at) == UInt8(ascii: "$") else { return malformed(from: start) }
        let length = at + 1 - start
        at += 1
        while at + length <= text.byteCount {
            if byte(at) == UInt8(ascii: "$"), repeats(start, at, length) {
                place = at + length
                return SQLToken(.string, start, place)
            }
            at += 1
        }
        return malformed(from: start)
    }

    private func repeats(_ first: Int, _ second: Int, _ length: Int) -> Bool {
        for index in 0..<length where byte(first + index) != byte(second + index) { return false }
        return true
    }
}
