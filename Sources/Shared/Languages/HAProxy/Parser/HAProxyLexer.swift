/// A line of a `haproxy.cfg` as words, comments and empty lines left out.
struct HAProxyLine: Equatable {
    /// Counted from 1.
    var number: Int
    /// At least one.
    var words: [String]
}

/// Cuts a file into lines of words with HAProxy's rules (configuration.txt 2.2 and 2.3): blanks separate, `#`
/// begins a comment, a backslash escapes, single quotes take everything as it is, double quotes know
/// backslashes and `$`.
struct HAProxyLexer {
    /// HAProxy's LINESIZE.
    static let maximumLine = 2048
    /// HAProxy's MAX_LINE_ARGS.
    static let maximumWords = 64
    /// More is no configuration for a Pi.
    static let maximumFile = 1 << 20

    let environment: [String: String]
    private(set) var lines: [HAProxyLine] = []
    private(set) var problems: [(line: Int, problem: String, advice: String)] = []

    init(environment: [String: String]) { self.environment = environment }

    mutating func read(_ bytes: [UInt8]) {
        guard bytes.count <= Self.maximumFile else {
            problems.append((0, "the file has more than \(Self.maximumFile) bytes", "Is it the right one?"))
            return
        }
        var start = 0
        var number = 0
        while start < bytes.count {
            number += 1
            var end = start
            while end < bytes.count, bytes[end] != newline { end += 1 }
            if end == bytes.count {
                problems.append(
                    (
                        number, "the last line does not end, the file may have been cut off",
                        "End it with a newline"
                    ))
            }
            readLine(bytes[start..<end], number)
            start = end + 1
        }
    }

    private mutating func readLine(_ line: ArraySlice<UInt8>, _ number: Int) {
        guard line.count < Self.maximumLine else {
            problems.append((number, "the line has more than \(Self.maximumLine - 1) bytes", "Split it"))
            return
        }
        var cutter = HAProxyLineCutter(line.last == carriageReturn ? line.dropLast() : line, environment)
        if let (problem, advice) = cutter.run() {
            problems.append((number, problem, advice))
            return
        }
        if cutter.words.isEmpty { return }
        guard cutter.words.count <= Self.maximumWords else {
            problems.append((number, "the line has more than \(Self.maximumWords) words", "Split it"))
            return
        }
        lines.append(HAProxyLine(number: number, words: cutter.words))
    }
}

/// The words of one line.
private struct HAProxyLineCutter {
    private(set) var words: [String] = []

    private let bytes: [UInt8]
    private let environment: [String: String]
    private var index = 0
    private var word: [UInt8] = []
    private var hasWord = false

    init(_ line: ArraySlice<UInt8>, _ environment: [String: String]) {
        bytes = Array(line)
        self.environment = environment
    }

    /// Returns what is wrong, or nil when `words` has them all.
    mutating func run() -> (String, String)? {
        for byte in bytes where byte < 0x20 && byte != tab || byte == 0x7f {
            return ("the line has a control character (byte \(byte))", "Write it as \\xHH, or remove it")
        }
        guard Array(String(decoding: bytes, as: UTF8.self).utf8) == bytes else {
            return ("the line is not UTF-8 text", "Write other bytes as \\xHH")
        }
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: " "), tab: endWord()
            case UInt8(ascii: "#"): index = bytes.count
            case UInt8(ascii: "\\"):
                if let problem = escape(inQuotes: false) { return problem }
            case UInt8(ascii: "'"):
                guard singleQuoted() else { return unmatched }
            case UInt8(ascii: "\""):
                if let problem = doubleQuoted() { return problem }
            default: append(byte)
            }
        }
        endWord()
        return nil
    }

    private let unmatched = ("a quote is opened and not closed", "Close it on the same line")

    private mutating func append(_ byte: UInt8) {
        word.append(byte)
        hasWord = true
    }

    private mutating func endWord() {
        if hasWord { words.append(String(decoding: word, as: UTF8.self)) }
        word = []
        hasWord = false
    }

    private mutating func singleQuoted() -> Bool {
        hasWord = true
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "'") { return true }
            append(byte)
        }
        return false
    }

    private mutating func doubleQuoted() -> (String, String)? {
        hasWord = true
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return nil
            case UInt8(ascii: "\\"):
                if let problem = escape(inQuotes: true) { return problem }
            case UInt8(ascii: "$"):
                switch HAProxyVariable.read(bytes[index...], environment) {
                case .value(let value, let length):
                    word.append(contentsOf: value.utf8)
                    index += length
                case .literal:
                    return (
                        "a $ inside double quotes is not followed by the name of a variable",
                        "Write \\$ for a dollar sign"
                    )
                case .problem(let problem, let advice): return (problem, advice)
                }
            default: append(byte)
            }
        }
        return unmatched
    }

    /// What follows a backslash: a character that would otherwise mean something, or a named one. Before
    /// anything else the backslash stands for itself.
    private mutating func escape(inQuotes: Bool) -> (String, String)? {
        guard index < bytes.count else {
            append(UInt8(ascii: "\\"))
            return nil
        }
        let byte = bytes[index]
        switch byte {
        case UInt8(ascii: " "), UInt8(ascii: "\\"), UInt8(ascii: "#"), UInt8(ascii: "\""), UInt8(ascii: "'"):
            append(byte)
        case UInt8(ascii: "$") where inQuotes: append(byte)
        case UInt8(ascii: "n"): append(newline)
        case UInt8(ascii: "r"): append(carriageReturn)
        case UInt8(ascii: "t"): append(tab)
        case UInt8(ascii: "x"):
            guard index + 2 < bytes.count, let high = hexDigit(bytes[index + 1]),
                let low = hexDigit(bytes[index + 2]), high * 16 + low >= 0x20, high < 8,
                high * 16 + low != 0x7f
            else {
                return (
                    "\\x is not followed by two hexadecimal digits of a printable character",
                    "Write \\x20 to \\x7e"
                )
            }
            append(high * 16 + low)
            index += 2
        default:
            append(UInt8(ascii: "\\"))
            return nil
        }
        index += 1
        return nil
    }
}

let newline = UInt8(ascii: "\n")
private let carriageReturn = UInt8(ascii: "\r")
private let tab = UInt8(ascii: "\t")

func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
