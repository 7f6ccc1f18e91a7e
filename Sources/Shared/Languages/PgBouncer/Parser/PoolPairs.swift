/// The pairs of a line of `[databases]`, `[users]` or `[peers]`: `key=value key='value with ''quotes'''`.
struct PoolPairs {
    /// In the line's order.
    private(set) var pairs: [(key: String, value: String)] = []
    /// What is wrong, and what to do.
    private(set) var problem: (String, String)?

    init(_ text: String) {
        var rest = Array(text.utf8)[...]
        while problem == nil {
            Self.skipBlanks(&rest)
            guard !rest.isEmpty else { break }
            readPair(&rest)
        }
    }

    private mutating func readPair(_ rest: inout ArraySlice<UInt8>) {
        let start = rest
        while let byte = rest.first, byte != UInt8(ascii: "="), !PoolNumbers.isBlank(byte) {
            rest.removeFirst()
        }
        let key = String(decoding: start[..<rest.startIndex], as: UTF8.self)
        Self.skipBlanks(&rest)
        guard !key.isEmpty, rest.first == UInt8(ascii: "=") else {
            problem = (
                key.isEmpty ? "nothing stands in front of an equals sign" : "\"\(key)\" has no value",
                "Write NAME=VALUE; a value with blanks stands in single quotes"
            )
            return
        }
        rest.removeFirst()
        let hasBlank = rest.first.map { PoolNumbers.isBlank($0) } ?? false
        Self.skipBlanks(&rest)
        let value: [UInt8]
        if rest.first == UInt8(ascii: "'") {
            guard let quoted = Self.unquote(&rest) else {
                problem = ("the quote of \(key) is not closed", "End the value with a single quote")
                return
            }
            if let next = rest.first, !PoolNumbers.isBlank(next) {
                problem = (
                    "no blank stands behind the quoted value of \(key)",
                    "Write a quote inside of a value twice, and a blank behind the value"
                )
                return
            }
            value = quoted
        } else {
            let begin = rest
            while let byte = rest.first, !PoolNumbers.isBlank(byte) { rest.removeFirst() }
            value = Array(begin[..<rest.startIndex])
            // PgBouncer takes "password= user=x" for the password "user=x".
            if hasBlank, value.contains(UInt8(ascii: "=")) {
                problem = ("\(key) has no value", "Write it behind the equals sign, or leave \(key) out")
                return
            }
        }
        guard !value.isEmpty else {
            problem = ("\(key) has an empty value", "Leave \(key) out")
            return
        }
        guard !pairs.contains(where: { $0.key == key }) else {
            problem = ("\(key) stands twice in the line", "Remove one of the two")
            return
        }
        pairs.append((key, String(decoding: value, as: UTF8.self)))
    }

    /// What stands in single quotes, the first of which is next; nil where they are not closed.
    private static func unquote(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        var value: [UInt8] = []
        rest.removeFirst()
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "'") {
                guard rest.first == UInt8(ascii: "'") else { return value }
                rest.removeFirst()
            }
            value.append(byte)
        }
        return nil
    }

    private static func skipBlanks(_ rest: inout ArraySlice<UInt8>) {
        while let byte = rest.first, PoolNumbers.isBlank(byte) { rest.removeFirst() }
    }
}
