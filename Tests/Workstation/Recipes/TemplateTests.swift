import Testing

@testable import Recipes

@Suite struct TemplateTests {
    private func render(_ text: String, _ values: [String: TemplateValue]) throws -> (String, [String]) {
        let (result, problems) = try Template(text, file: "t").render(TemplateScope(values), for: "nustler1")
        return (result, problems.map(\.sentence))
    }

    @Test("text is written as it is: nothing is escaped")
    func plainText() throws {
        let (text, problems) = try render("  a {{v}}\n", ["v": .text("<&\">")])
        #expect(text == "  a <&\">\n")
        #expect(problems == [])
    }

    @Test(
        "lists repeat, an element's own values come before the outer ones, and lines with only a tag vanish")
    func lists() throws {
        let nodes: TemplateValue = .list([
            ["name": .text("a"), "is_last": .flag(false)], ["name": .text("b"), "is_last": .flag(true)],
        ])
        let (text, _) = try render(
            "{{#web}}\n{{name}}{{^is_last}},{{/is_last}} of {{vip}}\n{{/web}}\n",
            ["web": nodes, "name": .text("outer"), "vip": .text("v")])
        #expect(text == "a, of v\nb of v\n")
    }

    @Test("words of a list are {{.}}")
    func words() throws {
        #expect(try render("{{#ports}}<{{.}}>{{/ports}}", ["ports": .words(["1", "2"])]).0 == "<1><2>")
    }

    @Test("a name without a value is an error with its line, and never an empty text")
    func missing() throws {
        let (_, problems) = try render("a\nb {{v}}\n", ["v": .absent])
        #expect(
            problems == [
                "t:2: \"v\" has no value for nustler1. Set it in the inventory, or use it only within"
                    + " {{#v}}…{{/v}}."
            ])
        #expect(try render("{{gone}}", [:]).1.count == 1)
        #expect(try render("{{#gone}}x{{/gone}}", [:]).1.count == 1)
    }

    @Test("a value that may be absent is used within its own section")
    func optional() throws {
        let template = "{{#v}}v={{v}}{{/v}}{{^v}}none{{/v}}"
        #expect(try render(template, ["v": .absent]).0 == "none")
        #expect(try render(template, ["v": .absent]).1 == [])
        #expect(try render(template, ["v": .text("1")]).0 == "v=1")
    }

    @Test(
        "tags that could fail silently are refused with their line",
        arguments: [
            ("x\n{{> part}}", 2), ("{{a.b}}", 1), ("{{{a}}}", 1), ("{{=<% %>=}}", 1), ("{{#a}}\n\n", 1),
            ("\n{{/a}}", 2), ("{{#a}}{{#b}}{{/a}}{{/b}}", 1), ("{{uppercased(a)}}", 1), ("\n\n{{a", 3),
            ("{{}}", 1), ("{{% CONTENT_TYPE:HTML}}", 1),
        ])
    func refused(text: String, line: Int) {
        do throws(RecipeFailure) {
            _ = try Template(text, file: "t")
            Issue.record("was accepted")
        } catch {
            #expect(error.diagnostics.first?.line == line)
        }
    }

    @Test("no text crashes the reader of templates")
    func fuzz() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "{{", "}}", "#", "^", "/", "a", ".", "!", "%", "=", ">", "{", "}", "\n", " ", "é", "{{a}}",
        ]
        for round in 0..<3000 {
            let text = (0..<Int.random(in: 0...14, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }.joined()
            do throws(RecipeFailure) {
                let (result, _) = try Template(text, file: "t").render(
                    TemplateScope(["a": .text("v")]), for: "n")
                #expect(!result.contains("{{a}}"), "seed \(seed), round \(round), \(text.debugDescription)")
            } catch {
                #expect(!error.diagnostics.isEmpty, "seed \(seed), round \(round)")
            }
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers for the same seed on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
