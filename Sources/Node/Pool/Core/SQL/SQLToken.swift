/// One token of a statement's text: where it stands and what it is. Its bytes stay where they are.
public struct SQLToken: Sendable, Equatable {
    /// What PostgreSQL's scanner would make of it (manual 4.1).
    public enum Kind: UInt8, Sendable {
        /// A word without quotes; `keyword` says whether it is one that we look for.
        case word
        /// "…"
        case quotedName
        /// U&"…", whose escapes are not undone here.
        case unicodeName
        /// '…', E'…', B'…', X'…', U&'…' or $tag$…$tag$, with all its continuations.
        case string
        /// An integer or a numeric.
        case number
        /// $1
        case parameter
        /// One operator of one or more characters.
        case symbol
        case open, close, openBracket, closeBracket
        case comma, dot, colon, semicolon
        /// What PostgreSQL refuses to scan: an open quote or comment, a stray byte. Nothing after it is looked at.
        case malformed
        /// The end of the text.
        case end
    }

    /// What it is.
    public var kind: Kind
    /// Which of the words that matter here, in any case of letters; `.none` for every other token.
    public var keyword: SQLKeyword
    /// Its first byte, from the text's beginning.
    public var start: Int
    /// The byte after its last.
    public var end: Int

    @inline(__always)
    init(_ kind: Kind, _ start: Int, _ end: Int, _ keyword: SQLKeyword = .none) {
        self.kind = kind
        self.keyword = keyword
        self.start = start
        self.end = end
    }

    /// Whether it can be (a part of) the name of something, as far as its kind goes.
    @inline(__always)
    var isName: Bool { kind == .word || kind == .quotedName || kind == .unicodeName }
}
