/// A variable of the environment in a word: `$NAME`, `${NAME}`, `${NAME-default}`.
enum HAProxyVariable {
    /// Its value, and how many bytes after the `$` named it.
    case value(String, length: Int)
    /// No name follows: the `$` stands for itself.
    case literal
    /// What is wrong, and what to do.
    case problem(String, String)

    /// Reads what follows a `$`.
    static func read(_ bytes: ArraySlice<UInt8>, _ environment: [String: String]) -> HAProxyVariable {
        let hasBrace = bytes.first == UInt8(ascii: "{")
        let start = hasBrace ? bytes.startIndex + 1 : bytes.startIndex
        var end = start
        while end < bytes.endIndex, isNameByte(bytes[end]) { end += 1 }
        let name = String(decoding: bytes[start..<end], as: UTF8.self)
        guard !name.isEmpty, !(bytes[start] >= UInt8(ascii: "0") && bytes[start] <= UInt8(ascii: "9")) else {
            return hasBrace
                ? .problem("${ is not followed by the name of a variable", "Write ${NAME}") : .literal
        }
        guard hasBrace else { return value(of: name, nil, environment, length: end - bytes.startIndex) }
        var close = end
        while close < bytes.endIndex, bytes[close] != UInt8(ascii: "}") { close += 1 }
        guard close < bytes.endIndex else {
            return .problem("${\(name) has no closing brace", "Write ${\(name)}")
        }
        let length = close + 1 - bytes.startIndex
        if close == end { return value(of: name, nil, environment, length: length) }
        guard bytes[end] == UInt8(ascii: "-") else {
            return .problem(
                "${\(name)} has something after its name that pinode proxy does not support",
                "Write ${\(name)} or ${\(name)-default}")
        }
        let fallback = String(decoding: bytes[(end + 1)..<close], as: UTF8.self)
        return value(of: name, fallback, environment, length: length)
    }

    /// All variables of a word replaced, as HAProxy does in addresses outside quotes too.
    static func expand(_ word: String, _ environment: [String: String]) -> (
        text: String, problem: (String, String)?
    ) {
        let bytes = Array(word.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            guard byte == UInt8(ascii: "$") else {
                result.append(byte)
                continue
            }
            switch read(bytes[index...], environment) {
            case .value(let value, let length):
                result.append(contentsOf: value.utf8)
                index += length
            case .literal: result.append(byte)
            case .problem(let problem, let advice): return (word, (problem, advice))
            }
        }
        return (String(decoding: result, as: UTF8.self), nil)
    }

    private static func value(
        of name: String, _ fallback: String?, _ environment: [String: String], length: Int
    ) -> HAProxyVariable {
        if let value = environment[name] {
            for byte in value.utf8 where byte < 0x20 || byte == 0x7f {
                return .problem("the variable \(name) has a control character", "Set it to plain text")
            }
            return .value(value, length: length)
        }
        if let fallback { return .value(fallback, length: length) }
        return .problem(
            "the variable \(name) is not set",
            "Set it in the unit's Environment=, or write ${\(name)-default}")
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
