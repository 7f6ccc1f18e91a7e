import Diagnostics

/// A word of the file.
struct KeepalivedWord {
    var text: String
    var line: Int
    /// Keepalived does not take its quotes away everywhere.
    var isQuoted = false
}

/// A line of the file with, when `{` follows, the lines up to the matching `}`.
struct KeepalivedStatement {
    var words: [KeepalivedWord]
    var block: [KeepalivedStatement]?

    var line: Int { words.first?.line ?? 0 }
    var keyword: String { words.first?.text ?? "" }
}

/// Bytes into statements: comments (`!`, `#`), quotes, braces.
///
/// Keepalived takes a brace at the end of a line, on a line of its own or around a block on one line alike.
struct KeepalivedScanner {
    private enum Token {
        case word(KeepalivedWord)
        case open(Int)
        case close(Int)
        case newline
    }

    /// Blocks in blocks; Keepalived's own subset that we speak needs two.
    static let maximumDepth = 8

    let file: String
    private(set) var diagnostics: [Diagnostic] = []

    init(file: String) { self.file = file }

    mutating func statements(_ bytes: [UInt8]) -> [KeepalivedStatement] {
        let tokens = tokenize(bytes)
        var index = 0
        var result: [KeepalivedStatement] = []
        while index < tokens.count {
            result += body(tokens, &index, depth: 0)
            if index < tokens.count, case .close(let line) = tokens[index] {
                report(line, "\"}\" closes nothing", "Remove it, or look for a missing \"{\" above")
                index += 1
            }
        }
        return result
    }

    /// The statements up to the brace that closes their block, which stays unread.
    private mutating func body(_ tokens: [Token], _ index: inout Int, depth: Int) -> [KeepalivedStatement] {
        var result: [KeepalivedStatement] = []
        var current = KeepalivedStatement(words: [])
        while index < tokens.count {
            switch tokens[index] {
            case .word(let word):
                current.words.append(word)
                index += 1
            case .newline:
                index += 1
                if !nextOpens(tokens, index), !current.words.isEmpty {
                    result.append(current)
                    current = KeepalivedStatement(words: [])
                }
            case .open(let line):
                index += 1
                if current.words.isEmpty { report(line, "\"{\" opens a block that has no name", "") }
                if depth == Self.maximumDepth { report(line, "blocks lie too deep in each other", "") }
                current.block = block(tokens, &index, opened: line, depth: depth + 1)
                if !current.words.isEmpty { result.append(current) }
                current = KeepalivedStatement(words: [])
            case .close:
                if !current.words.isEmpty { result.append(current) }
                return result
            }
        }
        if !current.words.isEmpty { result.append(current) }
        return result
    }

    private mutating func block(_ tokens: [Token], _ index: inout Int, opened line: Int, depth: Int)
        -> [KeepalivedStatement]
    {
        if depth > Self.maximumDepth {
            skip(tokens, &index)
            return []
        }
        let statements = body(tokens, &index, depth: depth)
        if index < tokens.count {
            index += 1
        } else {
            report(line, "the block that \"{\" opens here is never closed", "Add the missing \"}\"")
        }
        return statements
    }

    /// Past the brace that closes the block whose inside begins at `index`, without recursion.
    private func skip(_ tokens: [Token], _ index: inout Int) {
        var depth = 1
        while index < tokens.count, depth > 0 {
            if case .open = tokens[index] { depth += 1 }
            if case .close = tokens[index] { depth -= 1 }
            index += 1
        }
    }

    /// Whether only line ends lie between here and a `{`, which then belongs to the line before.
    private func nextOpens(_ tokens: [Token], _ start: Int) -> Bool {
        var index = start
        while index < tokens.count {
            switch tokens[index] {
            case .newline: index += 1
            case .open: return true
            default: return false
            }
        }
        return false
    }

    private mutating func tokenize(_ bytes: [UInt8]) -> [Token] {
        var tokens: [Token] = []
        var line = 1
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\n"):
                tokens.append(.newline)
                line += 1
                index += 1
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
                index += 1
            case UInt8(ascii: "#"), UInt8(ascii: "!"):
                while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
            case UInt8(ascii: "{"):
                tokens.append(.open(line))
                index += 1
            case UInt8(ascii: "}"):
                tokens.append(.close(line))
                index += 1
            default:
                tokens.append(.word(word(bytes, &index, line)))
            }
        }
        return tokens
    }

    /// A word; quotes keep blanks together and are themselves removed.
    private mutating func word(_ bytes: [UInt8], _ index: inout Int, _ line: Int) -> KeepalivedWord {
        var text: [UInt8] = []
        var isQuoted = false
        var quote: UInt8?
        scan: while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\n") { break }
            index += 1
            if let open = quote {
                if byte == open { quote = nil } else { text.append(byte) }
                if byte == UInt8(ascii: "\\") { reportEscape(line) }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                quote = byte
                isQuoted = true
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): break scan
            case UInt8(ascii: "#"), UInt8(ascii: "!"), UInt8(ascii: "{"), UInt8(ascii: "}"):
                index -= 1
                break scan
            default:
                if byte < 32 || byte == 127 {
                    report(line, "a control character stands in a word", "Remove it")
                } else {
                    text.append(byte)
                }
            }
        }
        if quote != nil { report(line, "a quoted text does not end on its line", "Add the closing quote") }
        return KeepalivedWord(
            text: String(decoding: text, as: UTF8.self), line: line, isQuoted: isQuoted)
    }

    private mutating func reportEscape(_ line: Int) {
        report(line, "a backslash in a quoted text is Keepalived's, not supported yet", "Write it without")
    }

    private mutating func report(_ line: Int, _ problem: String, _ advice: String) {
        diagnostics.append(Diagnostic(file: file, line: line, problem: problem, advice: advice))
    }
}
