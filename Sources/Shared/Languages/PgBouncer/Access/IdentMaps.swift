import Diagnostics

/// The file of `auth_ident_file`: which account or certificate may be which user. A line is
/// `MAP SYSTEM-USER DATABASE-USER`; the last may be `all`.
public struct IdentMaps: Sendable, Equatable {
    /// One line.
    public struct Line: Sendable, Equatable {
        /// What a rule's `map=` names.
        public var map: String
        /// The account, or the certificate's common name.
        public var systemUser: String
        /// The user; nil for `all`.
        public var databaseUser: String?
        /// Counted from 1.
        public var line: Int
    }

    /// In the file's order.
    public private(set) var lines: [Line] = []

    /// No maps.
    public init() {}

    /// Whether an account or certificate may be a user. Without a map both have the same name.
    public func allows(_ systemUser: String, as user: String, map: String?) -> Bool {
        guard let map else { return systemUser == user }
        return lines.contains {
            $0.map == map && $0.systemUser == systemUser
                && ($0.databaseUser == nil || $0.databaseUser == user)
        }
    }

    /// Whether there is a map of this name.
    public func hasMap(_ name: String) -> Bool { lines.contains { $0.map == name } }

    /// Reads the file's text; a line that cannot be read is told and left out.
    public static func parse(_ text: String, file: String) -> (IdentMaps, [Diagnostic]) {
        var maps = IdentMaps()
        var diagnostics: [Diagnostic] = []
        var number = 0
        for content in Array(text.utf8).split(separator: 10, omittingEmptySubsequences: false) {
            number += 1
            func complain(_ problem: String, _ advice: String) {
                diagnostics.append(Diagnostic(file: file, line: number, problem: problem, advice: advice))
            }
            guard let tokens = HBAToken.tokens(content) else {
                complain(
                    "a double quote is not closed, or the line has a NUL byte", "Close it in the same line")
                continue
            }
            guard !tokens.isEmpty else { continue }
            guard tokens.count == 3, !tokens.contains(where: { $0.isComma }) else {
                complain("a line has three words", "Write MAP ACCOUNT USER")
                continue
            }
            if let word = tokens[1...].first(where: { isPattern($0) }) {
                complain(
                    "\(word.text) is not supported",
                    "Write the names; neither patterns nor roles are known here")
                continue
            }
            let user = tokens[2]
            maps.lines.append(
                Line(
                    map: tokens[0].text, systemUser: tokens[1].text,
                    databaseUser: !user.isQuoted && user.text == "all" ? nil : user.text, line: number))
        }
        return (maps, diagnostics)
    }

    /// PostgreSQL's regular expressions begin with `/`, its roles with `+`, its files with `@`.
    private static func isPattern(_ token: HBAToken) -> Bool {
        guard !token.isQuoted, let first = token.text.utf8.first else { return false }
        return first == UInt8(ascii: "/") || first == UInt8(ascii: "+") || first == UInt8(ascii: "@")
    }
}
