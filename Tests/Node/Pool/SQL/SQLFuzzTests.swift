import Testing

@testable import Pool

/// Texts from anybody: nothing crashes, everything ends, and what is read twice is the same.
@Suite struct SQLFuzzTests {
    private struct Random: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state ^ state >> 31) &* 0x9E37_79B9_7F4A_7C15
        }
    }

    private static let pieces: [String] = [
        " ", "\n", ";", "(", ")", ",", ".", "'", "\"", "$", "$$", "$a$", "--", "/*", "*/", "\\", "E'", "U&\"",
        "U&'", "[", "]", ":",
        "::", "1", "1.", "e", "0x", "=", "+", "-", "pg_advisory_lock(", "set_config(", "pg_temp.",
        "begin atomic ", "\u{0}", "ä",
    ]

    @Test("pieces of SQL in any order", arguments: 1...20)
    func pieces(seed: UInt64) {
        var random = Random(state: seed)
        let words = Self.pieces + SQLKeyword.allCases.map { $0.rawValue + " " }
        for _ in 0..<200 {
            var text: [UInt8] = []
            for _ in 0..<Int.random(in: 1...40, using: &random) {
                text += words.randomElement(using: &random).map { Array($0.utf8) } ?? []
            }
            if Bool.random(using: &random), let at = text.indices.randomElement(using: &random) {
                text[at] = UInt8.random(in: 0...255, using: &random)
            }
            check(text)
        }
    }

    @Test("any bytes", arguments: 1...10)
    func bytes(seed: UInt64) {
        var random = Random(state: seed)
        for _ in 0..<200 {
            check(
                (0..<Int.random(in: 0...100, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                })
        }
    }

    @Test(
        "thirty thousand of anything that nests end without a deep stack",
        arguments: [
            "(", "/*", "set_config(", "explain ", "explain (", "with a as (", "[", "begin atomic ", "select ",
            "copy (", "$a", "'\n", "a.",
        ])
    func deep(_ piece: String) {
        var text: [UInt8] = []
        for _ in 0..<30_000 { text += Array(piece.utf8) }
        check(text)
        check(Array("create function f() begin atomic ".utf8) + text)
        check(Array("select ".utf8) + text)
    }

    private func check(_ text: [UInt8]) {
        for standard in [true, false] {
            let dialect = SQLDialect(standardConformingStrings: standard)
            var tokenizer = SQLTokenizer(text.span.bytes, dialect: dialect)
            var end = 0
            while true {
                let token = tokenizer.next()
                if token.kind == .end { break }
                guard token.start >= end, token.end > token.start, token.end <= text.count else {
                    Issue.record("\(token) after \(end) in \(text)")
                    return
                }
                end = token.end
            }
            let pinning = Statement.classify(text, dialect: dialect)
            let routing = Statement.classify(text, dialect: dialect, for: .routing)
            // The proof may not make the other half see less.
            if pinning.effects != routing.effects || pinning.count != routing.count
                || pinning.control != routing.control || pinning.copy != routing.copy
                || pinning.isMalformed != routing.isMalformed || pinning.settings != routing.settings
            {
                Issue.record("\(pinning) and \(routing) of \(String(decoding: text, as: UTF8.self))")
            }
            if routing.isProvenRead, routing.isMalformed || routing.count != 1 {
                Issue.record("\(routing) of \(String(decoding: text, as: UTF8.self))")
            }
        }
    }
}
