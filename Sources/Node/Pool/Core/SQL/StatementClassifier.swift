/// Goes once through a text, statement by statement. What a statement begins with decides who reads on: StatementVerbs for
/// commands, QueryProof for what may be a plain read, EffectScan for the rest.
struct StatementClassifier: ~Copyable, ~Escapable {
    let text: RawSpan
    var tokens: SQLTokenizer
    var result = Statement()
    /// The one that is looked at, and the one before it in this statement.
    var token = SQLToken(.end, 0, 0)
    var previous = SQLToken(.semicolon, 0, 0)
    /// Open parentheses in this statement.
    var depth = 0
    /// Whether a proof is wanted, and still possible.
    var proving: Bool
    private let fingerprinting: Bool

    @_lifetime(copy text)
    init(_ text: RawSpan, _ dialect: SQLDialect, proving: Bool) {
        self.text = text
        tokens = SQLTokenizer(text, dialect: dialect)
        self.proving = proving
        fingerprinting = proving
        if dialect.asciiBytesInCharacters, proving {
            for at in 0..<text.byteCount where text.unsafeLoad(fromByteOffset: at, as: UInt8.self) >= 0x80 {
                self.proving = false
                break
            }
        }
    }

    /// What was found; a move, where the struct's arrays would be retained and released by a copy.
    consuming func finish() -> Statement { result }

    @_lifetime(self: copy self)
    mutating func run() {
        if fingerprinting { result.fingerprint = 0xCBF2_9CE4_8422_2325 }
        advance()
        while true {
            switch token.kind {
            case .semicolon: advance()
            case .end: return
            case .malformed:
                result.isMalformed = true
                result.isProvenRead = false
                return
            default:
                result.count += 1
                if result.count > 1 { forgetTheFirst() }
                previous = SQLToken(.semicolon, token.start, token.start)
                depth = 0
                if result.count == 1 { result.verb = token.kind == .open ? .select : token.keyword }
                statement()
                if result.count > 1 { forgetTheFirst() }
            }
        }
    }

    /// What is said only of a text with one statement.
    @_lifetime(self: copy self)
    private mutating func forgetTheFirst() {
        proving = false
        result.isProvenRead = false
        result.control = nil
        result.copy = nil
    }

    /// To the next token.
    @inline(__always) @_lifetime(self: copy self)
    mutating func advance() {
        previous = token
        token = tokens.next()
        if fingerprinting { addToFingerprint() }
    }

    /// Whether the statement is over.
    @inline(__always)
    var atEnd: Bool {
        token.kind == .end || token.kind == .malformed || token.kind == .semicolon && depth <= 0
    }

    /// Takes a keyword if it is there.
    @_lifetime(self: copy self)
    mutating func take(_ keyword: SQLKeyword) -> Bool {
        guard token.keyword == keyword else { return false }
        advance()
        return true
    }

    /// FNV-1a over what the statement is made of; constants count as their kind.
    @_lifetime(self: copy self)
    private mutating func addToFingerprint() {
        var hash = (result.fingerprint ^ UInt64(token.kind.rawValue)) &* 0x100_0000_01B3
        switch token.kind {
        case .word, .quotedName, .unicodeName, .symbol:
            for at in token.start..<token.end {
                let byte = text.unsafeLoad(fromByteOffset: at, as: UInt8.self)
                let folded = token.kind == .word && byte &- 0x41 < 26 ? byte | 0x20 : byte
                hash = (hash ^ UInt64(folded)) &* 0x100_0000_01B3
            }
        default: break
        }
        result.fingerprint = hash
    }
}
