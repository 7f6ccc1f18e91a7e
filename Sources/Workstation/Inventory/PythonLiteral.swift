/// What Ansible's INI reader does to a value: it tries to read it as a Python literal, and keeps the text when that
/// fails. Here every value stays text, so only what changes the text matters: the quotation marks of a string
/// literal go, and so does a comment behind a literal.
enum PythonLiteral {
    /// The text that a value stands for.
    static func text(of value: [UInt8]) -> [UInt8] {
        if let first = value.first, first == ASCII.quote || first == ASCII.doubleQuote {
            return string(value) ?? value
        }
        guard let hash = value.firstIndex(of: ASCII.hash) else { return value }
        let before = Array(ASCII.trim(value[..<hash]))
        return isScalar(before) ? before : value
    }

    /// The text of a value that is one string literal, perhaps with a comment behind it.
    private static func string(_ value: [UInt8]) -> [UInt8]? {
        let quote = value[0]
        var text: [UInt8] = []
        var index = 1
        while index < value.count {
            let byte = value[index]
            index += 1
            if byte == quote {
                // An empty string with a third quotation mark begins a literal of several lines.
                if text.isEmpty, index == 2, index < value.count, value[index] == quote { return nil }
                let rest = ASCII.trim(value[index...])
                return rest.isEmpty || rest.first == ASCII.hash ? text : nil
            }
            guard byte == ASCII.backslash else {
                text.append(byte)
                continue
            }
            guard index < value.count, let length = escape(value[index...], into: &text) else { return nil }
            index += length
        }
        return nil
    }

    /// Reads what follows a backslash; returns how many bytes that took, or nil for an escape that is not Python's.
    private static func escape(_ rest: ArraySlice<UInt8>, into text: inout [UInt8]) -> Int? {
        let kind = rest[rest.startIndex]
        switch kind {
        case ASCII.backslash, ASCII.quote, ASCII.doubleQuote: text.append(kind)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "x"): return code(rest.dropFirst().prefix(2), digits: 2, into: &text)
        case UInt8(ascii: "u"): return code(rest.dropFirst().prefix(4), digits: 4, into: &text)
        case UInt8(ascii: "a"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "v"), UInt8(ascii: "N"),
            UInt8(ascii: "U"), UInt8(ascii: "0")...UInt8(ascii: "7"):
            return nil
        default:
            text.append(ASCII.backslash)
            text.append(kind)
        }
        return 1
    }

    private static func code(_ hexadecimal: ArraySlice<UInt8>, digits: Int, into text: inout [UInt8]) -> Int?
    {
        guard hexadecimal.count == digits, let number = UInt32(ASCII.text(hexadecimal), radix: 16),
            number >= 32, let scalar = Unicode.Scalar(number)
        else { return nil }
        text.append(contentsOf: String(scalar).utf8)
        return digits + 1
    }

    /// A number, True, False or None.
    private static func isScalar(_ bytes: [UInt8]) -> Bool {
        let text = ASCII.text(bytes)
        if ["True", "False", "None"].contains(text) { return true }
        guard let last = bytes.last, ASCII.isDigit(last) else { return false }
        let magnitude = bytes.first == UInt8(ascii: "-") ? bytes.dropFirst() : bytes[...]
        let parts = magnitude.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(ASCII.isDigit) }) else {
            return false
        }
        // Python reads no integer with leading zeros, and so Ansible leaves it, comment and all.
        return parts.count == 2 || parts[0].count == 1 || parts[0].first != UInt8(ascii: "0")
    }
}
