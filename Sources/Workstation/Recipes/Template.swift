import Diagnostics
import Mustache

/// A Mustache template whose every name is known, with the line of each.
///
/// Of Mustache it knows `{{name}}`, `{{.}}`, `{{#name}}…{{/name}}`, `{{^name}}…{{/name}}` and `{{! comment }}`. What it
/// writes is plain text: nothing is escaped. A name without a value is an error, never an empty string.
struct Template: Sendable {
    struct Name: Sendable, Equatable {
        var name: String
        var line: Int
    }

    let file: String
    let text: String
    /// All names that values are looked up for, in order; `.` is not among them.
    let names: [Name]
    private let template: MustacheTemplate

    /// Reads a template; `firstLine` is the line of `file` at which the text begins.
    init(_ text: String, file: String, firstLine: Int = 1) throws(RecipeFailure) {
        self.file = file
        self.text = text
        var scanner = TagScanner(text: text, file: file, line: firstLine)
        scanner.scan()
        guard scanner.diagnostics.isEmpty else { throw RecipeFailure(diagnostics: scanner.diagnostics) }
        names = scanner.names
        do {
            // On a line of its own, so that a tag alone on the first line still counts as alone.
            template = try MustacheTemplate(string: "{{% CONTENT_TYPE:TEXT}}\n" + text)
        } catch {
            throw RecipeFailure(diagnostics: [
                Diagnostic(file: file, line: firstLine, problem: "this is not a Mustache template")
            ])
        }
    }

    /// The text with all values filled in; what has none is reported with its line.
    func render(_ scope: TemplateScope, for node: String) -> (String, [Diagnostic]) {
        scope.lookups.missing.removeAll()
        let result = template.render(scope)
        let diagnostics = scope.lookups.missing.sorted().map { name in
            Diagnostic(
                file: file, line: names.first { $0.name == name }?.line ?? 0,
                problem: "\"\(name)\" has no value for \(node)",
                advice: "Set it in the inventory, or use it only within {{#\(name)}}…{{/\(name)}}")
        }
        return (result, diagnostics)
    }

    /// The name's problem when nothing of that name can ever have a value.
    func unknownNames(known: [String]) -> [Diagnostic] {
        var seen: Set<String> = []
        return names.filter { !known.contains($0.name) && seen.insert($0.name).inserted }.map { name in
            let near = nearestWord(to: name.name, among: known)
            return Diagnostic(
                file: file, line: name.line,
                problem: "\"\(name.name)\" is neither a variable of a recipe, nor a group that this recipe"
                    + " names, nor a fact",
                advice: near.map { "Did you mean \"\($0)\"?" }
                    ?? "docs/recipes.md lists what a template can use")
        }
    }
}

/// Finds the tags of a template and checks that they are the ones we know and are well nested.
private struct TagScanner {
    let file: String
    var line: Int
    var names: [Template.Name] = []
    var diagnostics: [Diagnostic] = []
    private let bytes: [UInt8]
    private var open: [Template.Name] = []

    init(text: String, file: String, line: Int) {
        bytes = Array(text.utf8)
        self.file = file
        self.line = line
    }

    mutating func scan() {
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\n") { line += 1 }
            guard bytes[index] == brace, index + 1 < bytes.count, bytes[index + 1] == brace else {
                index += 1
                continue
            }
            guard let end = endOfTag(from: index + 2) else {
                report("a tag is not closed", "Add \"}}\"")
                break
            }
            tag(bytes[(index + 2)..<end])
            index = end + 2
        }
        for section in open {
            report(
                "the section \"\(section.name)\" is not closed", "Add {{/\(section.name)}}", at: section.line)
        }
    }

    private let brace = UInt8(ascii: "{")

    private func endOfTag(from start: Int) -> Int? {
        let close = UInt8(ascii: "}")
        var index = start
        while index + 1 < bytes.count {
            if bytes[index] == close, bytes[index + 1] == close { return index }
            index += 1
        }
        return nil
    }

    private mutating func report(_ problem: String, _ advice: String, at place: Int? = nil) {
        diagnostics.append(Diagnostic(file: file, line: place ?? line, problem: problem, advice: advice))
    }

    private mutating func tag(_ content: ArraySlice<UInt8>) {
        let before = line
        line += content.count { $0 == UInt8(ascii: "\n") }
        let text = String(decoding: content, as: UTF8.self)
        let sigil = text.first { !$0.isWhitespace } ?? " "
        if sigil == "!" { return }
        let isSection = "#^/".contains(sigil)
        let name = String(
            text.drop { $0.isWhitespace || (isSection && $0 == sigil) }.reversed()
                .drop { $0.isWhitespace }.reversed())
        guard name == "." && !isSection || isName(name) else {
            report(
                "the tag {{\(text)}} is not one that templates here may use",
                "Use {{name}}, {{.}}, {{#name}}, {{^name}}, {{/name}} or {{! comment }}", at: before)
            return
        }
        switch sigil {
        case "#", "^": open.append(Template.Name(name: name, line: before))
        case "/":
            guard open.popLast()?.name == name else {
                report("{{/\(name)}} closes a section that is not open here", "Close sections in order")
                return
            }
            return
        default: break
        }
        if name != "." { names.append(Template.Name(name: name, line: before)) }
    }

    private func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(48...57).contains(first) else { return false }
        return name.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
        }
    }
}
