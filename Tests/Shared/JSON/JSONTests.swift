import JSON
import Testing

@Suite struct JSONTests {
    @Test("a document survives writing and reading")
    func roundTrip() throws {
        let document = JSONValue.object([
            .init("name", .string("a \"quoted\"\n\u{1}é🙂")), .init("n", .integer(-42)), .init("none", .null),
            .init("list", .array([.boolean(true), .number("1.5e3"), .object([]), .array([])])),
        ])
        #expect(try JSONValue.parse(document.compact) == document)
        #expect(try JSONValue.parse(document.pretty) == document)
    }

    @Test("escapes are read, surrogate pairs too")
    func escapes() throws {
        #expect(try JSONValue.parse(#""\u00e9\ud83d\ude42\/\t""#) == .string("é🙂/\t"))
    }

    @Test(
        "what is not JSON is refused",
        arguments: [
            "", "{", "[1,]", "{\"a\"}", "01", "1.", "nul", "\"\\x\"", "\"\\ud800\"", "1 2", "\"a\nb\"",
            "{\"a\":1,}",
        ])
    func refused(text: String) {
        #expect(throws: JSONError.self) { try JSONValue.parse(text) }
    }

    @Test("nesting is bounded")
    func depth() {
        #expect(throws: JSONError.self) { try JSONValue.parse(String(repeating: "[", count: 100_000)) }
    }

    @Test("a decimal keeps its places")
    func decimal() {
        #expect(JSONValue.decimal(1234, places: 3).compact == "1.234")
        #expect(JSONValue.decimal(-5, places: 2).compact == "-0.05")
    }
}
