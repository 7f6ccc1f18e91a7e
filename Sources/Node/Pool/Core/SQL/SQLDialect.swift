/// What a session's settings change about how PostgreSQL cuts a statement's text into tokens.
public struct SQLDialect: Sendable, Equatable {
    /// `standard_conforming_strings`, which PostgreSQL reports to its client: off, a backslash in '…' is an escape.
    public var standardConformingStrings: Bool
    /// Whether the session's `client_encoding` may have an ASCII byte as the second byte of a character: SJIS, BIG5, GBK,
    /// UHC, GB18030, JOHAB and SHIFT_JIS_2004 (manual 24.3.1: those that a server cannot have). PostgreSQL converts
    /// before it scans; we do not, so that such a text with a byte above 127 is understood by nobody here.
    public var asciiBytesInCharacters: Bool

    /// A session as PostgreSQL starts it, unless said otherwise.
    public init(standardConformingStrings: Bool = true, asciiBytesInCharacters: Bool = false) {
        self.standardConformingStrings = standardConformingStrings
        self.asciiBytesInCharacters = asciiBytesInCharacters
    }
}
