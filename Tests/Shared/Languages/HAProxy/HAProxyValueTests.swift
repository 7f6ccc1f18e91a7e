import Languages
import Testing

@testable import struct Languages.HAProxyLexer
@testable import enum Languages.HAProxyValues

@Suite struct HAProxyValueTests {
    @Test(
        "a line is cut into words as HAProxy cuts it",
        arguments: [
            ("a b\tc", ["a", "b", "c"]),
            ("  a  # rest", ["a"]),
            ("a#b c", ["a"]),
            ("a\\#b", ["a#b"]),
            ("a\\ b", ["a b"]),
            ("a\\b", ["a\\b"]),
            ("'a b' \"c d\"", ["a b", "c d"]),
            ("x'y'\"z\"", ["xyz"]),
            ("'$V \\n \"' ''", ["$V \\n \"", ""]),
            ("\"$V\" \"${V}x\" $V", ["value", "valuex", "$V"]),
            ("\"${W-other}\" \"${V-other}\" \"\\$V\"", ["other", "value", "$V"]),
            ("\"a'b\\\"c\" \"#\"", ["a'b\"c", "#"]),
            ("\\x41\\x7e \"\\x20\"", ["A~", " "]),
            ("$ 5$", ["$", "5$"]),
            ("a\r", ["a"]),
        ] as [(String, [String])])
    func words(line: String, words: [String]) {
        var lexer = HAProxyLexer(environment: ["V": "value"])
        lexer.read(Array((line + "\n").utf8))
        #expect(lexer.problems.map { $0.problem } == [])
        #expect(lexer.lines.map { $0.words } == [words])
    }

    @Test(
        "what cannot be cut into words is explained",
        arguments: [
            ("a 'b\n", "a quote is opened and not closed"),
            ("a \"b\n", "a quote is opened and not closed"),
            ("a \"b'\n", "a quote is opened and not closed"),
            ("\"$NOPE\"\n", "the variable NOPE is not set"),
            ("\"5$ \"\n", "a $ inside double quotes is not followed by the name of a variable"),
            ("\"$5\"\n", "a $ inside double quotes is not followed by the name of a variable"),
            ("\"${}\"\n", "${ is not followed by the name of a variable"),
            ("\"${V\"\n", "${V has no closing brace"),
            ("\"${V[*]}\"\n", "${V} has something after its name that pinode proxy does not support"),
            ("a\u{1}\n", "the line has a control character (byte 1)"),
            ("a\r b\n", "the line has a control character (byte 13)"),
            ("\\x4\n", "\\x is not followed by two hexadecimal digits of a printable character"),
            ("\\x00\n", "\\x is not followed by two hexadecimal digits of a printable character"),
            ("a", "the last line does not end, the file may have been cut off"),
            (String(repeating: "a ", count: 65) + "\n", "the line has more than 64 words"),
            (String(repeating: "a", count: 2048) + "\n", "the line has more than 2047 bytes"),
        ] as [(String, String)])
    func badLines(text: String, problem: String) {
        var lexer = HAProxyLexer(environment: ["V": "value"])
        lexer.read(Array(text.utf8))
        #expect(lexer.problems.map { $0.problem } == [problem])
    }

    @Test("bytes that are not UTF-8 are refused, not repaired")
    func invalidText() {
        var lexer = HAProxyLexer(environment: [:])
        lexer.read([0x61, 0xff, 0x0a])
        #expect(lexer.problems.map { $0.problem } == ["the line is not UTF-8 text"])
    }

    @Test(
        "a time has digits and a unit",
        arguments: [
            ("5", .milliseconds(5)), ("5ms", .milliseconds(5)), ("1s", .seconds(1)), ("2m", .seconds(120)),
            ("1h", .seconds(3600)), ("24d", .seconds(24 * 86400)), ("1000us", .milliseconds(1)),
            ("1500us", .microseconds(1500)), ("0", .zero), ("2147483647", .milliseconds(2_147_483_647)),
            ("", nil), ("s", nil), ("-1", nil), ("1.5s", nil), ("1 s", nil), ("1w", nil), ("999us", nil),
            ("2147483648", nil), ("25d", nil), ("99999999999999999999d", nil), ("1000000000000d", nil),
        ] as [(String, Duration?)])
    func times(text: String, expected: Duration?) {
        var value: Duration?
        if case .time(let time) = HAProxyValues.time(text, unit: .milliseconds(1)) { value = time }
        #expect(value == expected)
    }

    @Test(
        "an address is written back as RFC 5952 has it",
        arguments: [
            ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
            ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
            ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
            ("2001:db8::1:0:0:1", "2001:db8::1:0:0:1"), ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
            ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
            ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ])
    func addresses(text: String, expected: String) {
        #expect(HAProxyConfiguration.Address(text)?.text == expected)
    }

    @Test(
        "what is no address is none",
        arguments: [
            "", "192.0.2", "192.0.2.1.1", "192.0.2.256", "192.0.2.01", "192.0.2.", "192.0.2.+1",
            "www.example.org",
            ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "12345::", "g::", "::1::",
            "1:", ":1", "::192.0.2.256", "fe80::1%eth0",
        ])
    func badAddresses(text: String) {
        #expect(HAProxyConfiguration.Address(text) == nil)
    }

    @Test("a network contains the addresses that share its leading bits")
    func networks() throws {
        func option(_ network: String) -> HAProxyConfiguration.Network? {
            accepted(
                "listen l\n mode http\n bind :1\n option forwardfor except \(network)\n server s 192.0.2.1\n"
            )
            .frontends[0].forwardFor?.except
        }
        let all = try #require(option("0.0.0.0/0"))
        #expect(try all.contains(#require(.init("203.0.113.9"))))
        let one = try #require(option("192.0.2.1"))
        #expect(try one.contains(#require(.init("192.0.2.1"))))
        #expect(try !one.contains(#require(.init("192.0.2.0"))))
        let wide = try #require(option("2001:db8::/33"))
        #expect(try wide.contains(#require(.init("2001:db8:7fff::1"))))
        #expect(try !wide.contains(#require(.init("2001:db8:8000::1"))))
        let narrow = try #require(option("2001:db8::/127"))
        #expect(try narrow.contains(#require(.init("2001:db8::1"))))
        #expect(try !narrow.contains(#require(.init("2001:db8::2"))))
    }
}
