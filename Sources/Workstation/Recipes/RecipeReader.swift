import Diagnostics
import Foundation
import Inventory
import Manifest
import Yams

/// Reads one recipe's folder: `recipe.yaml`, the templates and files that it names.
struct RecipeReader {
    /// How long a service may take to answer a check unless the recipe says otherwise.
    static let defaultCheckDeadline = Duration.seconds(5)
    /// The largest template or static file, in bytes.
    static let maximumFileBytes = 16 << 20

    /// The words of `recipe.yaml`, by place. `docs/recipes.md` explains each; a test holds the two together.
    static let words: [String: [String]] = [
        "a recipe": [
            "summary", "after", "needs", "groups", "variables", "packages", "system_groups", "users",
            "modules",
            "sysctls",
            "files", "services", "checks",
        ],
        "a variable": ["default", "kind", "about", "optional", "min", "max", "choices", "of", "keys"],
        "a need": ["recipe", "when"],
        "a package": ["name", "when"],
        "a file": [
            "to", "template", "file", "directory", "link", "absent", "mode", "owner", "group", "restart",
            "reload",
            "language", "early", "each", "when",
        ],
        "a group": ["name", "gid", "when"],
        "a user": ["name", "uid", "group", "groups", "home", "shell", "when"],
        "a module": ["name", "when"],
        "a sysctl": ["key", "value", "when"],
        "a service": ["unit", "enabled", "running", "runtime", "when"],
        "a check": ["http", "console", "status", "contains", "cluster", "within", "when"],
    ]

    let folder: String
    var recipe: Recipe
    var yaml: YAMLReader
    var diagnostics: [Diagnostic] = []

    /// Reads the folder; the recipe is what could be read of it.
    static func read(_ folder: String) -> (Recipe, [Diagnostic]) {
        var reader = RecipeReader(folder: folder)
        reader.read()
        return (reader.recipe, reader.diagnostics + reader.yaml.diagnostics)
    }

    private init(folder: String) {
        self.folder = folder
        let name = URL(fileURLWithPath: folder).lastPathComponent
        recipe = Recipe(name: name, file: "\(folder)/recipe.yaml")
        yaml = YAMLReader(file: recipe.file)
    }

    private mutating func read() {
        guard let data = FileManager.default.contents(atPath: recipe.file),
            let text = String(validating: data, as: UTF8.self)
        else {
            return yaml.report(0, "the file cannot be read as UTF-8 text", "Every recipe has a recipe.yaml")
        }
        guard let root = yaml.root(of: text), let words = mapping(root, "a recipe") else { return }
        if let summary = yaml.text(words.members["summary"], "summary") {
            recipe.summary = summary.value
        } else {
            yaml.report(words.line, "the recipe has no summary", "Add summary: and what it installs")
        }
        recipe.after = yaml.texts(words.members["after"], "after")
        for node in yaml.sequence(words.members["needs"], "needs") { readNeed(node) }
        recipe.groups = yaml.texts(words.members["groups"], "groups")
        readVariables(words.members["variables"])
        for node in yaml.sequence(words.members["packages"], "packages") { readPackage(node) }
        readSystem(words)
        for node in yaml.sequence(words.members["files"], "files") { readFile(node) }
        for node in yaml.sequence(words.members["services"], "services") { readService(node) }
        for node in yaml.sequence(words.members["checks"], "checks") { readCheck(node) }
    }

    mutating func mapping(_ node: Yams.Node, _ what: String) -> YAMLReader.Mapping? {
        yaml.mapping(node, what, words: Self.words[what])
    }

    mutating func report(_ line: Int, _ problem: String, _ advice: String = "") {
        yaml.report(line, problem, advice)
    }

    // MARK: Variables

    private mutating func readVariables(_ node: Yams.Node?) {
        guard let node, let mapping = yaml.mapping(node, "variables", words: nil) else { return }
        for (name, node) in mapping.members.sorted(by: { mapping.line(of: $0.key) < mapping.line(of: $1.key) }
        ) {
            let line = node.mark?.line ?? mapping.line
            guard Names.isVariable(VariableFamily(name)?.stem ?? name) else {
                report(line, "\"\(name)\" is not a variable's name", "Use small letters, digits and \"_\"")
                continue
            }
            guard !TemplateFacts.names.contains(VariableFamily(name)?.stem ?? name) else {
                report(
                    line, "\"\(name)\" is a fact that every template has", "Give the variable another name")
                continue
            }
            if let variable = readVariable(name, node, line: line) { recipe.variables.append(variable) }
        }
    }

    private mutating func readVariable(_ name: String, _ node: Yams.Node, line: Int) -> RecipeVariable? {
        guard let words = mapping(node, "a variable") else { return nil }
        guard let kind = readKind(name, words) else { return nil }
        let about = yaml.text(words.members["about"], "about")?.value ?? ""
        if about.isEmpty { report(line, "\(name) has no about", "Say what the variable is for") }
        let presets = VariableFamily(name) == nil ? [:] : readPresets(name, kind, words)
        let preset = presets.isEmpty ? yaml.text(words.members["default"], "default") : nil
        if let preset, !kind.accepts(preset.value) {
            report(
                preset.line, "the default of \(name) is \"\(preset.value)\"", "Write \(kind.acceptedForms)")
        }
        let isOptional = yaml.boolean(words.members["optional"], "optional", default: false)
        if isOptional, let preset {
            report(preset.line, "\(name) is optional and has a default", "Delete one of the two")
        }
        var variable = RecipeVariable(
            name: name, kind: kind, preset: preset?.value, presetLine: preset?.line, isOptional: isOptional,
            about: about, line: line)
        variable.presets = presets
        readFamily(&variable, words)
        return variable
    }

    /// The default of a family: a mapping of keys to values.
    private mutating func readPresets(
        _ name: String, _ kind: ValueKind, _ words: YAMLReader.Mapping
    ) -> [String: Placed<String>] {
        guard let node = words.members["default"], node.mapping != nil,
            let mapping = yaml.mapping(node, "default", words: nil)
        else { return [:] }
        return mapping.members.reduce(into: [:]) { presets, member in
            guard let value = yaml.text(member.value, member.key) else { return }
            if !kind.accepts(value.value) {
                report(
                    value.line, "the default of \(name.dropLast())\(member.key) is \"\(value.value)\"",
                    "Write \(kind.acceptedForms)")
            }
            presets[member.key] = value
        }
    }

    /// The words of a family: where its keys come from.
    private mutating func readFamily(_ variable: inout RecipeVariable, _ words: YAMLReader.Mapping) {
        variable.keysOf = yaml.text(words.members["of"], "of")
        let keys = yaml.text(words.members["keys"], "keys")
        guard variable.family != nil else {
            if let word = variable.keysOf ?? keys {
                report(
                    word.line, "\(variable.name) is one variable, and of and keys belong to a family",
                    "Let its name end in _*")
            }
            return
        }
        if variable.preset != nil || (variable.isOptional && variable.keysOf == nil) {
            report(
                variable.line, "\(variable.name) is a family and has a default or is optional",
                "Delete it: a family may always be empty, unless its keys come from a list")
        }
        guard let keys else { return }
        let path = "\(folder)/\(keys.value)"
        guard Names.problem(ofPath: "/\(keys.value)") == nil,
            let data = FileManager.default.contents(atPath: path)
        else {
            return report(keys.line, "there is no file \(path)", "Names are relative to the recipe's folder")
        }
        variable.keys = FamilyKeys(String(decoding: data, as: UTF8.self), file: path)
    }

    private mutating func readNeed(_ node: Yams.Node) {
        let line = node.mark?.line ?? 0
        if node.scalar != nil, let name = yaml.text(node, "a need") {
            recipe.needs.append(RecipeNeed(recipe: name.value, when: [], line: line))
        } else if let words = mapping(node, "a need"), let name = yaml.text(words.members["recipe"], "recipe")
        {
            recipe.needs.append(RecipeNeed(recipe: name.value, when: conditions(words), line: line))
        }
    }

    private mutating func readKind(_ name: String, _ words: YAMLReader.Mapping) -> ValueKind? {
        let kinds = [
            "text", "integer", "boolean", "duration", "port", "address", "network", "size", "list", "choice",
            "secret",
        ]
        guard let kind = yaml.text(words.members["kind"], "kind") else {
            report(words.line, "\(name) has no kind", "It is one of \(kinds.joined(separator: ", "))")
            return nil
        }
        let line = words.line
        let bounds = yaml.integer(words.members["min"], "min", in: Int.min...Int.max, default: Int.min)
        let upper = yaml.integer(words.members["max"], "max", in: Int.min...Int.max, default: Int.max)
        if kind.value != "integer", words.members["min"] != nil || words.members["max"] != nil {
            report(line, "min and max belong to the kind integer, and \(name) is of the kind \(kind.value)")
        }
        let choices = yaml.texts(words.members["choices"], "choices").map(\.value)
        if (kind.value == "choice") != !choices.isEmpty {
            report(line, "\(name) must have choices exactly when its kind is choice")
        }
        switch kind.value {
        case "text": return .text
        case "secret":
            if words.members["default"] != nil {
                report(
                    line, "\(name) is a secret and has a default", "Delete it: a secret stands in no recipe")
            }
            return .secret
        case "integer":
            guard bounds <= upper else {
                report(line, "the min of \(name) is above its max")
                return nil
            }
            return .integer(bounds...upper)
        case "boolean": return .boolean
        case "duration": return .duration
        case "port": return .port
        case "address": return .address
        case "network": return .network
        case "size": return .size
        case "list": return .list
        case "choice": return .choice(choices)
        default:
            let near = nearestWord(to: kind.value, among: kinds)
            report(
                kind.line, "\"\(kind.value)\" is not a kind of value",
                near.map { "Did you mean \"\($0)\"?" } ?? "It is one of \(kinds.joined(separator: ", "))")
            return nil
        }
    }

    // MARK: Packages, services, checks

    private mutating func readPackage(_ node: Yams.Node) {
        let line = node.mark?.line ?? 0
        var when: [Condition] = []
        var name = ""
        if node.scalar != nil {
            name = yaml.text(node, "a package")?.value ?? ""
        } else if let words = mapping(node, "a package") {
            name = yaml.text(words.members["name"], "name")?.value ?? ""
            when = conditions(words)
        }
        guard Names.isPackage(name) else {
            return report(line, "\"\(name)\" is not a Debian package's name", "As in apache2 or php-pgsql")
        }
        recipe.packages.append(RecipePackage(name: name, when: when, line: line))
    }

    private mutating func readService(_ node: Yams.Node) {
        guard let words = mapping(node, "a service") else { return }
        guard let unit = yaml.text(words.members["unit"], "unit") else {
            return report(words.line, "a service has no unit", "Add unit: and its name, as in apache2")
        }
        guard let name = Names.unit(unit.value) else {
            return report(unit.line, "\"\(unit.value)\" is not a systemd unit's name")
        }
        recipe.services.append(
            RecipeService(
                unit: name,
                enabled: yaml.boolean(words.members["enabled"], "enabled", default: true),
                running: yaml.boolean(words.members["running"], "running", default: true),
                onNewRuntime: onNewRuntime(words.members["runtime"]),
                when: conditions(words), line: words.line))
    }

    private mutating func onNewRuntime(_ node: Yams.Node?) -> ManagedUnit.OnNewRuntime {
        guard let word = yaml.text(node, "runtime") else { return .nothing }
        guard let found = ManagedUnit.OnNewRuntime(rawValue: word.value), found != .nothing else {
            report(word.line, "runtime is \"\(word.value)\"", "Write restart or reload")
            return .nothing
        }
        return found
    }

    private mutating func readCheck(_ node: Yams.Node) {
        guard let words = mapping(node, "a check") else { return }
        guard let request = readRequest(words) else {
            return report(
                words.line, "a check must have one of http and console",
                "Add http: and the URL to ask for, or console: and a role and its command")
        }
        recipe.checks.append(
            RecipeCheck(
                request: request,
                status: yaml.integer(words.members["status"], "status", in: 100...599, default: 200),
                contains: template(words.members["contains"], "contains"),
                concernsCluster: yaml.boolean(words.members["cluster"], "cluster", default: false),
                within: yaml.duration(words.members["within"], "within", default: Self.defaultCheckDeadline),
                when: conditions(words), line: words.line))
    }

    private mutating func readRequest(_ words: YAMLReader.Mapping) -> RecipeCheck.Request? {
        guard let console = yaml.text(words.members["console"], "console") else {
            return template(words.members["http"], "http").map { .http(url: $0) }
        }
        let parts = console.value.split(separator: " ", maxSplits: 1).map(String.init)
        guard words.members["http"] == nil, words.members["status"] == nil, parts.count == 2,
            Names.isUser(parts[0])
        else { return nil }
        return .console(role: parts[0], command: parts[1])
    }

    mutating func conditions(_ words: YAMLReader.Mapping) -> [Condition] {
        guard let node = words.members["when"], let mapping = yaml.mapping(node, "when", words: nil) else {
            return []
        }
        return mapping.members.sorted { $0.key < $1.key }.compactMap { name, node in
            yaml.text(node, name).map { Condition(name: name, value: $0.value, line: $0.line) }
        }
    }

    /// A text in `recipe.yaml` that may use names.
    mutating func template(_ node: Yams.Node?, _ what: String) -> Template? {
        guard let text = yaml.text(node, what) else { return nil }
        do throws(RecipeFailure) {
            return try Template(text.value, file: recipe.file, firstLine: text.line)
        } catch {
            diagnostics += error.diagnostics
            return nil
        }
    }
}
