/// Splits a host line into words the way that Ansible does: Python's `shlex.split(line, comments=True)`.
///
/// Blanks separate words, `'…'` is literal, `"…"` knows `\"` and `\\`, a backslash outside quotes takes the next
/// byte as it is, and `#` starts a comment even inside a word that is not quoted.
struct ShellWords {
    /// Why a line cannot be split, without a full stop.
    struct Failure: Error, Equatable {
        var problem: String
    }

    private enum State {
        case blank
        case word
        case quoted(UInt8)
    }

    static func split(_ line: [UInt8]) throws(Failure) -> [[UInt8]] {
        var words: [[UInt8]] = []
        var word: [UInt8] = []
        var state = State.blank
        var index = 0
        while index < line.count {
            let byte = line[index]
            index += 1
            switch state {
            case .blank, .word:
                switch byte {
                case ASCII.space, ASCII.tab, ASCII.carriageReturn, ASCII.newline:
                    if case .word = state { words.append(word) }
                    word = []
                    state = .blank
                case ASCII.hash:
                    if case .word = state { words.append(word) }
                    return words
                case ASCII.quote, ASCII.doubleQuote: state = .quoted(byte)
                case ASCII.backslash:
                    guard index < line.count else {
                        throw Failure(problem: "the line ends with a backslash that has nothing to quote")
                    }
                    word.append(line[index])
                    index += 1
                    state = .word
                default:
                    word.append(byte)
                    state = .word
                }
            case .quoted(let quote):
                if byte == quote {
                    state = .word
                } else if byte == ASCII.backslash, quote == ASCII.doubleQuote, index < line.count {
                    let next = line[index]
                    index += 1
                    if next != ASCII.doubleQuote, next != ASCII.backslash { word.append(byte) }
                    word.append(next)
                } else {
                    word.append(byte)
                }
            }
        }
        switch state {
        case .blank: break
        case .word: words.append(word)
        case .quoted(let quote):
            throw Failure(problem: "a quotation mark \(Character(Unicode.Scalar(quote))) is not closed")
        }
        return words
    }
}

/// The bytes that inventories are made of.
enum ASCII {
    static let tab = UInt8(ascii: "\t")
    static let newline = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let doubleQuote = UInt8(ascii: "\"")
    static let quote = UInt8(ascii: "'")
    static let hash = UInt8(ascii: "#")
    static let semicolon = UInt8(ascii: ";")
    static let equals = UInt8(ascii: "=")
    static let colon = UInt8(ascii: ":")
    static let open = UInt8(ascii: "[")
    static let close = UInt8(ascii: "]")
    static let backslash = UInt8(ascii: "\\")

    static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
    static func isLetter(_ byte: UInt8) -> Bool {
        (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122)
    }
    static func isBlank(_ byte: UInt8) -> Bool { byte == space || byte == tab || byte == carriageReturn }

    /// The bytes without blanks at either end.
    static func trim(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard let first = bytes.firstIndex(where: { !isBlank($0) }),
            let last = bytes.lastIndex(where: { !isBlank($0) })
        else { return [] }
        return bytes[first...last]
    }

    static func text(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: Array(bytes), as: UTF8.self)
    }

    /// At most 60 characters of something that somebody wrote, for a sentence.
    static func clip(_ text: String) -> String {
        text.count <= 60 ? text : "\(text.prefix(59))…"
    }
}
