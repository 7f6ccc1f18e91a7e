/// One line of a file in PgBouncer's language.
enum PoolLine {
    case blank
    /// `[name]`
    case section(String)
    /// `%include path`
    case include(String)
    /// `key = value`; `isOwn` where `;pinode` stands in front, which PgBouncer takes for a comment.
    case setting(key: String, value: String, isOwn: Bool)
    /// What is wrong, and what to do.
    case problem(String, String)

    /// Reads a line without its end.
    static func read(_ bytes: ArraySlice<UInt8>) -> PoolLine {
        var rest = bytes
        while let last = rest.last, PoolNumbers.isBlank(last) { rest.removeLast() }
        while let first = rest.first, PoolNumbers.isBlank(first) { rest.removeFirst() }
        if rest.contains(0) {
            return .problem("the line has a NUL byte, where PgBouncer would stop reading", "Remove it")
        }
        switch rest.first {
        case nil: return .blank
        case UInt8(ascii: "#"): return .blank
        case UInt8(ascii: ";"):
            let mark = Array(";pinode".utf8)
            guard rest.starts(with: mark), let next = rest.dropFirst(mark.count).first,
                PoolNumbers.isBlank(next)
            else {
                return .blank
            }
            var own = rest.dropFirst(mark.count)
            while let first = own.first, PoolNumbers.isBlank(first) { own.removeFirst() }
            return setting(own, isOwn: true)
        case UInt8(ascii: "["): return section(rest.dropFirst())
        case UInt8(ascii: "%"): return include(rest)
        default: return setting(rest, isOwn: false)
        }
    }

    private static func section(_ rest: ArraySlice<UInt8>) -> PoolLine {
        guard let close = rest.firstIndex(of: UInt8(ascii: "]")) else {
            return .problem("the section's bracket is not closed", "Write [pgbouncer]")
        }
        let after = PoolNumbers.trimmed(rest[(close + 1)...])
        guard after.isEmpty || after.utf8.first == UInt8(ascii: ";") || after.utf8.first == UInt8(ascii: "#")
        else {
            return .problem(
                "\"\(after)\" stands behind the section's bracket", "Write it into a line of its own")
        }
        return .section(String(decoding: rest[..<close], as: UTF8.self))
    }

    private static func include(_ rest: ArraySlice<UInt8>) -> PoolLine {
        let word = Array("%include".utf8)
        let path = rest.dropFirst(word.count)
        guard rest.starts(with: word), let first = path.first, PoolNumbers.isBlank(first) else {
            return .problem(
                "\"\(String(decoding: rest, as: UTF8.self))\" is not a directive",
                "Write %include and a file's name")
        }
        return .include(PoolNumbers.trimmed(path))
    }

    private static func setting(_ rest: ArraySlice<UInt8>, isOwn: Bool) -> PoolLine {
        guard let (key, after) = key(rest) else {
            return .problem(
                "\"\(String(decoding: rest, as: UTF8.self))\" does not begin with a name",
                "A name has letters, digits and _ . - * or stands in double quotes")
        }
        var value = after
        while let first = value.first, PoolNumbers.isBlank(first) { value.removeFirst() }
        guard value.first == UInt8(ascii: "=") else {
            return .problem(
                "\"\(String(decoding: rest, as: UTF8.self))\" is no setting",
                "Write NAME = VALUE; a name with other characters than letters, digits and _ . - * stands in double quotes"
            )
        }
        return .setting(key: key, value: PoolNumbers.trimmed(value.dropFirst()), isOwn: isOwn)
    }

    /// A name, bare or in double quotes, in which a doubled one stands for itself; and what comes behind it.
    private static func key(_ bytes: ArraySlice<UInt8>) -> (String, ArraySlice<UInt8>)? {
        var rest = bytes
        guard rest.first == UInt8(ascii: "\"") else {
            while let byte = rest.first, isNameByte(byte) { rest.removeFirst() }
            guard rest.startIndex > bytes.startIndex else { return nil }
            return (String(decoding: bytes[..<rest.startIndex], as: UTF8.self), rest)
        }
        var name: [UInt8] = []
        rest.removeFirst()
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\"") {
                guard rest.first == UInt8(ascii: "\"") else {
                    return name.isEmpty ? nil : (String(decoding: name, as: UTF8.self), rest)
                }
                rest.removeFirst()
            }
            name.append(byte)
        }
        return nil
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"),
            UInt8(ascii: "*"):
            true
        default: false
        }
    }
}
