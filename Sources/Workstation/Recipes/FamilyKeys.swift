import Diagnostics
import Inventory

/// What may stand for the star in the variables of a family, as a file of the recipe says: one key a line; behind a key and a
/// blank stands why it may not be set.
struct FamilyKeys: Sendable, Equatable {
    /// The file.
    var file: String
    private var reasons: [String: String] = [:]

    /// Reads the file's text; comments begin with `#`.
    init(_ text: String, file: String) {
        self.file = file
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            if let key = words.first { reasons[key] = words.count > 1 ? words[1] : "" }
        }
    }

    /// Why a variable of the family may not have this key; nil when it may. Two underscores stand for a dot, and what has a dot
    /// is an extension's, which nobody here knows.
    func problem(_ key: String, _ name: String, _ variable: Variable) -> Diagnostic? {
        guard !key.contains("__") else { return nil }
        func problem(_ text: String, _ advice: String) -> Diagnostic {
            Diagnostic(file: variable.file, line: variable.line, problem: text, advice: advice)
        }
        guard let reason = reasons[key] else {
            let near = nearestWord(to: key, among: reasons.filter { $0.value.isEmpty }.keys.sorted())
            return problem(
                "\(name): there is no \"\(key)\"",
                near.map { "Did you mean \(name.dropLast(key.count))\($0)?" } ?? "\(file) has all there are")
        }
        return reason.isEmpty ? nil : problem("\(name) cannot be set: \(reason)", "Delete it")
    }
}

extension RecipeCatalog {
    /// The declaration of a variable, alone or as one of a family.
    func declaration(of name: String) -> RecipeVariable? {
        declared[name] ?? declared.values.first { $0.family?.key(of: name) != nil }
    }

    /// What is wrong with a variable's value, or with its name where it belongs to a family.
    func problem(with variable: Variable, named name: String) -> Diagnostic? {
        guard let declaration = declaration(of: name) else { return nil }
        if let key = declaration.family?.key(of: name),
            let problem = declaration.keys?.problem(key, name, variable)
        {
            return problem
        }
        return variable.problem(name, declaration.kind)
    }
}

extension ClusterNode {
    /// The variables of a family that the node has, in the order of their keys, or of the words of `list`.
    func variables(of family: VariableFamily, in list: [String]? = nil) -> [(key: String, variable: Variable)]
    {
        guard let list else {
            return variables.compactMap { name, variable in family.key(of: name).map { ($0, variable) } }
                .sorted { $0.key < $1.key }
        }
        return list.compactMap { key in variables["\(family.stem)_\(key)"].map { (key, $0) } }
    }
}
