import Diagnostics
import Foundation
import Inventory
import Yams

extension RecipeReader {
    /// An element of `files`: a path, what stands there, and what happens when it changes.
    mutating func readFile(_ node: Yams.Node) {
        guard let words = mapping(node, "a file") else { return }
        guard let to = template(words.members["to"], "to") else {
            return report(words.line, "a file has no to", "Add to: and its absolute path on the node")
        }
        if to.names.isEmpty, let problem = Names.problem(ofPath: to.text) {
            return report(words.line(of: "to"), "\"\(to.text)\" cannot be a file's path: \(problem)")
        }
        guard let (source, sourceFile) = readSource(words) else { return }
        let isDirectory: Bool
        if case .directory = source { isDirectory = true } else { isDirectory = false }
        let language = yaml.text(words.members["language"], "language")
        if let language, !LanguageCheckers.languages.contains(language.value) {
            let near = nearestWord(to: language.value, among: LanguageCheckers.languages)
            report(
                language.line, "\"\(language.value)\" is not a configuration language that pidep can check",
                near.map { "Did you mean \"\($0)\"?" }
                    ?? "It is one of \(LanguageCheckers.languages.joined(separator: ", "))")
        }
        let isEarly = yaml.boolean(words.members["early"], "early", default: false)
        if isEarly, readOwner(words, "owner") != "root" || readOwner(words, "group") != "root" {
            report(
                words.line(of: "early"), "a file that is early has another owner than root",
                "Delete owner and group: their users may come with the packages")
        }
        recipe.files.append(
            RecipeFile(
                to: to, source: source, sourceFile: sourceFile,
                mode: readMode(words, default: isDirectory ? 0o755 : 0o644),
                owner: readOwner(words, "owner"), group: readOwner(words, "group"),
                restart: readUnits(words, "restart"), reload: readUnits(words, "reload"),
                language: language?.value, isEarly: isEarly,
                each: yaml.text(words.members["each"], "each"), when: conditions(words), line: words.line))
    }

    private mutating func readSource(_ words: YAMLReader.Mapping) -> (RecipeFile.Source, String?)? {
        let kinds = ["template", "file", "directory", "link", "absent"]
        let given = kinds.filter { words.members[$0] != nil }
        guard given.count == 1, let kind = given.first, let node = words.members[kind] else {
            let found = given.isEmpty ? "none of them" : given.joined(separator: " and ")
            report(
                words.line, "a file must have one of \(kinds.joined(separator: ", ")), and this has \(found)",
                "docs/recipes.md explains each")
            return nil
        }
        switch kind {
        case "template":
            guard let (text, path) = content(node, in: "templates") else { return nil }
            guard let text = String(validating: text, as: UTF8.self) else {
                diagnostics.append(Diagnostic(file: path, line: 0, problem: "the template is not UTF-8 text"))
                return nil
            }
            do throws(RecipeFailure) {
                return (.template(try Template(text, file: path)), path)
            } catch {
                diagnostics += error.diagnostics
                return nil
            }
        case "file": return content(node, in: "files").map { (.bytes($0.0), $0.1) }
        case "link": return template(node, "link").map { (.link(to: $0), nil) }
        default:
            guard yaml.boolean(node, kind, default: false) else {
                report(words.line(of: kind), "\(kind) can only be true", "Delete the entry instead")
                return nil
            }
            return (kind == "directory" ? .directory : .absent, nil)
        }
    }

    /// The bytes of a file in a folder of the recipe, and its path.
    private mutating func content(_ node: Yams.Node, in subfolder: String) -> ([UInt8], String)? {
        guard let name = yaml.text(node, subfolder) else { return nil }
        let inside = Names.problem(ofPath: "/\(name.value)") == nil
        let path = "\(folder)/\(subfolder)/\(name.value)"
        guard inside, let data = FileManager.default.contents(atPath: path) else {
            report(
                name.line, "there is no file \(path)",
                "Names are relative to the recipe's folder \(subfolder)")
            return nil
        }
        guard data.count <= Self.maximumFileBytes else {
            report(name.line, "\(path) has more than \(Self.maximumFileBytes >> 20) MiB")
            return nil
        }
        return ([UInt8](data), path)
    }

    private mutating func readMode(_ words: YAMLReader.Mapping, default preset: UInt32) -> UInt32 {
        guard let text = yaml.text(words.members["mode"], "mode") else { return preset }
        guard (3...4).contains(text.value.utf8.count), let mode = UInt32(text.value, radix: 8) else {
            report(text.line, "the mode is \"\(text.value)\"", "Write octal digits in quotes, as in \"0644\"")
            return preset
        }
        return mode
    }

    private mutating func readOwner(_ words: YAMLReader.Mapping, _ word: String) -> String {
        guard let text = yaml.text(words.members[word], word) else { return "root" }
        guard Names.isUser(text.value) else {
            report(text.line, "the \(word) is \"\(text.value)\"", "Write a name, as in root or www-data")
            return "root"
        }
        return text.value
    }

    private mutating func readUnits(_ words: YAMLReader.Mapping, _ word: String) -> [String] {
        yaml.texts(words.members[word], word).compactMap { text in
            if let unit = Names.unit(text.value) { return unit }
            report(text.line, "\"\(text.value)\" is not a systemd unit's name", "As in apache2")
            return nil
        }
    }
}
