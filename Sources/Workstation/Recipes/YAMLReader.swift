import Diagnostics
import Inventory
import Yams

/// Reads YAML strictly: every word must be known, every value of the right shape, and whatever is not becomes a
/// diagnostic with its line.
struct YAMLReader {
    let file: String
    private(set) var diagnostics: [Diagnostic] = []

    init(file: String) { self.file = file }

    /// The members of a mapping.
    struct Mapping {
        var line: Int
        var members: [String: Yams.Node]

        func line(of word: String) -> Int { members[word]?.mark?.line ?? line }
    }

    mutating func report(_ line: Int, _ problem: String, _ advice: String = "") {
        diagnostics.append(Diagnostic(file: file, line: line, problem: problem, advice: advice))
    }

    /// The root of a file's only document, or nil when it is not YAML.
    mutating func root(of text: String) -> Yams.Node? {
        do {
            guard let node = try Yams.compose(yaml: text) else {
                report(0, "the file is empty", "docs/recipes.md says how to write a recipe")
                return nil
            }
            return node
        } catch YamlError.scanner(_, let problem, let mark, _) {
            report(mark.line, "this is not YAML: \(problem)")
        } catch YamlError.parser(_, let problem, let mark, _) {
            report(mark.line, "this is not YAML: \(problem)")
        } catch YamlError.composer(_, let problem, let mark, _) {
            report(mark.line, "this is not YAML: \(problem)")
        } catch YamlError.duplicatedKeysInMapping(let duplicates, let context) {
            let words = duplicates.map { "\"\($0)\"" }.joined(separator: ", ")
            report(context.mark.line, "\(words) stands more than once in one mapping", "Merge the two")
        } catch {
            report(0, "this is not YAML", "Save it as UTF-8 text")
        }
        return nil
    }

    /// A mapping whose words must all be known; nil words mean that any is.
    mutating func mapping(_ node: Yams.Node, _ what: String, words: [String]?) -> Mapping? {
        let line = node.mark?.line ?? 0
        guard let mapping = node.mapping else {
            report(
                line, "\(what) must be a mapping",
                words.map { "Its words are \($0.joined(separator: ", "))" } ?? "")
            return nil
        }
        var result = Mapping(line: line, members: [:])
        for (key, value) in mapping {
            let keyLine = key.mark?.line ?? line
            guard let word = key.scalar?.string else {
                report(keyLine, "a word was expected in \(what)")
                continue
            }
            if let words, !words.contains(word) {
                let near = nearestWord(to: word, among: words)
                report(
                    keyLine, "\"\(word)\" is not a word of \(what)",
                    near.map { "Did you mean \"\($0)\"?" } ?? "Its words are \(words.joined(separator: ", "))"
                )
                continue
            }
            result.members[word] = value
        }
        return result
    }

    /// The elements of a sequence; none, and a diagnostic, when it is something else.
    mutating func sequence(_ node: Yams.Node?, _ what: String) -> [Yams.Node] {
        guard let node else { return [] }
        guard let sequence = node.sequence else {
            report(node.mark?.line ?? 0, "\(what) must be a list", "Write [a, b], or a line \"- a\" for each")
            return []
        }
        return Array(sequence)
    }

    /// The text of a scalar, whatever YAML thinks it is.
    mutating func text(_ node: Yams.Node?, _ what: String) -> Placed<String>? {
        guard let node else { return nil }
        let line = node.mark?.line ?? 0
        guard let scalar = node.scalar else {
            report(line, "\(what) must be text")
            return nil
        }
        guard !scalar.string.utf8.contains(0) else {
            report(line, "\(what) contains a NUL byte", "Delete it")
            return nil
        }
        return Placed(value: scalar.string, line: line)
    }

    /// One text or a list of texts.
    mutating func texts(_ node: Yams.Node?, _ what: String) -> [Placed<String>] {
        guard let node else { return [] }
        if node.scalar != nil { return text(node, what).map { [$0] } ?? [] }
        return sequence(node, what).compactMap { text($0, what) }
    }

    mutating func boolean(_ node: Yams.Node?, _ what: String, default preset: Bool) -> Bool {
        guard let text = text(node, what) else { return preset }
        guard let value = Bool(spelled: text.value) else {
            report(text.line, "\(what) is \"\(text.value)\"", "Write \(ValueKind.boolean.acceptedForms)")
            return preset
        }
        return value
    }

    mutating func integer(
        _ node: Yams.Node?, _ what: String, in range: ClosedRange<Int>, default preset: Int
    ) -> Int {
        guard let text = text(node, what) else { return preset }
        guard let value = Int(wholeNumber: text.value), range.contains(value) else {
            report(
                text.line, "\(what) is \"\(text.value)\"", "Write \(ValueKind.integer(range).acceptedForms)")
            return preset
        }
        return value
    }

    mutating func duration(_ node: Yams.Node?, _ what: String, default preset: Duration) -> Duration {
        guard let text = text(node, what) else { return preset }
        guard let value = Duration(spelled: text.value) else {
            report(text.line, "\(what) is \"\(text.value)\"", "Write \(ValueKind.duration.acceptedForms)")
            return preset
        }
        return value
    }
}
