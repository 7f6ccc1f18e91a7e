import Testing

@testable import Pool

@Suite struct SQLTokenizerTests {
    /// The tokens of a text, as they are written.
    static func tokens(_ sql: String, _ dialect: SQLDialect = SQLDialect()) -> [String] {
        let bytes = Array(sql.utf8)
        var tokenizer = SQLTokenizer(bytes.span.bytes, dialect: dialect)
        var found: [String] = []
        while true {
            let token = tokenizer.next()
            if token.kind == .end { return found }
            if token.kind == .malformed { return found + ["!"] }
            found.append(String(decoding: bytes[token.start..<token.end], as: UTF8.self))
        }
    }

    @Test(
        "a text is cut where PostgreSQL cuts it",
        arguments: [
            ("", []),
            (" \t\r\n\u{0B}\u{0C}", []),
            ("select 1", ["select", "1"]),
            ("SELECT a.b,c", ["SELECT", "a", ".", "b", ",", "c"]),
            ("a--b\nc", ["a", "c"]),
            ("a--b\rc", ["a", "c"]),
            ("a /* b /* c */ d */ e", ["a", "e"]),
            ("a/**/b", ["a", "b"]),
            ("a /* b", ["a", "!"]),
            ("a /* /* */", ["a", "!"]),
            ("a */* b */ c", ["a", "*", "c"]),
            ("'it''s' x", ["'it''s'", "x"]),
            ("'a\\' x", ["'a\\'", "x"]),
            ("E'a\\'b' x", ["E'a\\'b'", "x"]),
            ("e'\\\\' x", ["e'\\\\'", "x"]),
            ("'a'\n'b' x", ["'a'\n'b'", "x"]),
            ("'a' -- c\n 'b' x", ["'a' -- c\n 'b'", "x"]),
            ("'a' 'b'", ["'a'", "'b'"]),
            ("'a' /* \n */ 'b'", ["'a'", "'b'"]),
            ("E'a'\n'\\'' x", ["E'a'\n'\\''", "x"]),
            ("'a'\n'\\' x", ["'a'\n'\\'", "x"]),
            ("'open", ["!"]),
            ("E'open\\'", ["!"]),
            ("U&'\\0061' x", ["U&'\\0061'", "x"]),
            ("u&\"\\0061\" x", ["u&\"\\0061\"", "x"]),
            ("u & b", ["u", "&", "b"]),
            ("u&b", ["u", "&", "b"]),
            ("B'01' X'1F' n'a'", ["B'01'", "X'1F'", "n", "'a'"]),
            ("$$a'b$$ x", ["$$a'b$$", "x"]),
            ("$t$ $$ $u$ $t$x", ["$t$ $$ $u$ $t$", "x"]),
            ("$t$ $t", ["!"]),
            ("$T$ $t$ $T$", ["$T$ $t$ $T$"]),
            ("$1 $23a", ["$1", "$23", "a"]),
            ("a$1 b$$", ["a$1", "b$$"]),
            ("$ä$;$ä$;", ["$ä$;$ä$", ";"]),
            ("\"a\"\"b\" c", ["\"a\"\"b\"", "c"]),
            ("\"\"", ["!"]),
            ("\"a", ["!"]),
            ("größe", ["größe"]),
            ("1.5e-3 .5 1. 1..2 1e 1e+", ["1.5e-3", ".5", "1.", "1", ".", "2", "1", "e", "1", "e", "+"]),
            ("0x1F 1_000", ["0", "x1F", "1", "_000"]),
            ("0e'a\\'b'", ["0", "e'a\\'b'"]),
            ("a<>b>=c::int:=d=>e", ["a", "<>", "b", ">=", "c", "::", "int", ":=", "d", "=>", "e"]),
            ("a=-1", ["a", "=", "-", "1"]),
            ("a@-1", ["a", "@-", "1"]),
            ("a+--b", ["a", "+"]),
            ("a<--b\n1", ["a", "<", "1"]),
            ("a||/* b */c", ["a", "||", "c"]),
            ("x[1:2];", ["x", "[", "1", ":", "2", "]", ";"]),
            ("a \u{1} b", ["a", "!"]),
            ("a \\ b", ["a", "!"]),
            ("a { b", ["a", "!"]),
            ("a \0 b", ["a", "!"]),
        ])
    func cuts(_ sql: String, _ expected: [String]) {
        #expect(Self.tokens(sql) == expected)
    }

    @Test("with standard_conforming_strings off a backslash escapes in '…', and U&'…' is refused")
    func oldStrings() {
        let old = SQLDialect(standardConformingStrings: false)
        #expect(Self.tokens("'a\\'b' c", old) == ["'a\\'b'", "c"])
        #expect(Self.tokens("'a'\n'\\'' c", old) == ["'a'\n'\\''", "c"])
        #expect(Self.tokens("U&'a' c", old) == ["!"])
        #expect(Self.tokens("B'\\' c", old) == ["B'\\'", "c"])
    }

    @Test("every keyword is found in any case and at the end of a text, and nothing else is one")
    func keywords() {
        for keyword in SQLKeyword.allCases where keyword != .none {
            for text in [keyword.rawValue, keyword.rawValue.uppercased() + " and sixteen bytes more"] {
                var tokenizer = SQLTokenizer(Array(text.utf8).span.bytes)
                #expect(tokenizer.next().keyword == keyword)
            }
            for text in [keyword.rawValue + "x", keyword.rawValue + "_", "x" + keyword.rawValue] {
                let bytes = Array(text.utf8)
                var tokenizer = SQLTokenizer(bytes.span.bytes)
                let found = tokenizer.next().keyword
                #expect(found == .none || found.rawValue == text, "\(text)")
            }
        }
    }
}
