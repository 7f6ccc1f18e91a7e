import TestSupport
import Testing

@testable import Languages

@Suite struct INIDocumentTests {
    @Test("sections, settings, comments and blanks")
    func document() {
        let (document, diagnostics) = INIDocument.parse(
            """
            # of the cluster
            [cluster]
              name = lab\t
            ; another
            [member  nustler1]
            address=192.0.2.1:4100
            empty =
            url = http://x/?a=b # stays
            """, file: "c.conf")
        #expect(diagnostics == [])
        #expect(document.sections.map(\.kind) == ["cluster", "member"])
        #expect(document.sections[1].name == "nustler1")
        #expect(document.sections[0]["name"]?.value == "lab")
        #expect(document.sections[1]["address"] == .init(key: "address", value: "192.0.2.1:4100", line: 6))
        #expect(document.sections[1]["empty"]?.value == "")
        #expect(document.sections[1]["url"]?.value == "http://x/?a=b # stays")
    }

    @Test(
        "what cannot be read is told with its line, and the rest is read",
        arguments: [
            ("[a\nb = 1", "c.conf:1: the section's bracket is not closed. Write [name]."),
            ("[ ]", "c.conf:1: the section has no name. Write [name]."),
            ("x = 1", "c.conf:1: x stands in no section. Put a [section] in front of it."),
            ("[a]\nword", "c.conf:2: \"word\" is no setting. Write key = value."),
            ("[a]\n= 1", "c.conf:2: nothing stands in front of the equals sign. Write key = value."),
            ("[a]\nk = 1\nk = 2", "c.conf:3: k was set in line 2 already. Remove one of the two."),
            (
                "[a]\n[a]",
                "c.conf:2: the section [a] was there in line 1 already. Put all its settings into one of them."
            ),
        ])
    func errors(text: String, sentence: String) {
        #expect(INIDocument.parse(text, file: "c.conf").1.first?.sentence == sentence)
    }

    @Test("anything at all is read without a crash")
    func noise() {
        var random = SplitMix64(seed: 11)
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                Array("[]=#; \n\tab\u{FF}".utf8).randomElement(using: &random)!
            }
            _ = INIDocument.parse(String(decoding: bytes, as: UTF8.self), file: "f")
        }
    }

    @Test(
        "times have a unit",
        arguments: [
            ("250ms", 250), ("1.5s", 1500), ("2min", 120_000), ("1h", 3_600_000), ("0s", 0), ("1.25s", 1250),
            ("1.s", 1000),
        ])
    func durations(text: String, milliseconds: Int) {
        #expect(INIDocument.duration(text) == .milliseconds(milliseconds))
    }

    @Test(
        "anything else is no time",
        arguments: ["", "s", "5", "1.5", "-1s", "1 s", ".5s", "1..5s", "1.2345s", "99999999999d", "1m"])
    func noDuration(text: String) { #expect(INIDocument.duration(text) == nil) }
}
