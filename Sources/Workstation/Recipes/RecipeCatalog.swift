import Diagnostics
import Foundation
import Inventory
import Manifest

/// All recipes of a folder, read and checked against each other.
public struct RecipeCatalog: Sendable {
    /// The folder as the person named it.
    public let folder: String
    let recipes: [String: Recipe]

    /// The variables that an inventory may set for these recipes.
    public var variables: Set<String> { Set(declared.keys) }

    /// The names of the recipes, sorted, with what each is for.
    public var summaries: [(name: String, summary: String)] {
        recipes.values.map { ($0.name, $0.summary) }.sorted { $0.0 < $1.0 }
    }

    var declared: [String: RecipeVariable] {
        recipes.values.reduce(into: [:]) { for variable in $1.variables { $0[variable.name] = variable } }
    }

    /// Where the recipes of an inventory are: the folder `recipes` beside the inventory's folder, else the one in
    /// the current folder.
    public static func folder(forInventory path: String) -> String {
        let beside = NSString(string: path).deletingLastPathComponent
        var candidates = [beside.isEmpty ? "../recipes" : "\(beside)/../recipes"]
        // The same folder without a detour, for people to read, unless a link leads to the inventory's folder.
        if !["", ".", ".."].contains(NSString(string: beside).lastPathComponent) {
            let above = NSString(string: beside).deletingLastPathComponent
            candidates.insert(NSString(string: above).appendingPathComponent("recipes"), at: 0)
        }
        return candidates.first { FileManager.default.fileExists(atPath: $0) } ?? "recipes"
    }

    /// Reads every folder in `folder` that has a `recipe.yaml`.
    public static func load(_ folder: String) throws(RecipeFailure) -> RecipeCatalog {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw RecipeFailure(diagnostics: [
                Diagnostic(
                    file: folder, line: 0, problem: "there is no such folder of recipes",
                    advice: "Run pidep in the project's folder, or name the folder with --recipes")
            ])
        }
        var recipes: [String: Recipe] = [:]
        var diagnostics: [Diagnostic] = []
        for name in names.sorted()
        where FileManager.default.fileExists(atPath: "\(folder)/\(name)/recipe.yaml") {
            let (recipe, problems) = RecipeReader.read("\(folder)/\(name)")
            recipes[name] = recipe
            diagnostics += problems
        }
        let catalog = RecipeCatalog(folder: folder, recipes: recipes)
        diagnostics += catalog.problems()
        guard diagnostics.isEmpty else { throw RecipeFailure(diagnostics: diagnostics) }
        return catalog
    }

    /// Compiles the manifest of every node. `runtime` has the node runtime of each architecture; `checkers` read
    /// every rendered configuration with the parser of the role that will read it. Without `secrets` files have
    /// `<secret NAME>` in the places of theirs: for what shows and does not deploy.
    public func compile(
        _ cluster: Cluster, runtime: [String: Manifest.Runtime], secrets: SecretStore? = nil,
        checkers: [String: LanguageChecker] = LanguageCheckers.roles
    ) throws(RecipeFailure) -> [CompiledNode] {
        var compiler = Compiler(
            catalog: self, cluster: cluster, runtime: runtime, checkers: checkers, secrets: secrets)
        let nodes = compiler.compile()
        guard compiler.diagnostics.isEmpty else { throw RecipeFailure(diagnostics: compiler.diagnostics) }
        return nodes
    }

    /// Where a package of a node is named: the `recipe.yaml` and its line; nil when no recipe of the node names it.
    public func place(ofPackage name: String, on node: ClusterNode) -> (file: String, line: Int)? {
        for recipe in node.recipes.compactMap({ recipes[$0] }) {
            if let package = recipe.packages.first(where: { $0.name == name }) {
                return (recipe.file, package.line)
            }
        }
        return nil
    }

    // MARK: What recipes must not do to each other

    private func problems() -> [Diagnostic] {
        let all = recipes.values.sorted { $0.name < $1.name }
        return sharedVariables(all) + all.flatMap(orders) + all.flatMap(needs) + all.flatMap(families)
            + all.flatMap(names)
    }

    private func sharedVariables(_ all: [Recipe]) -> [Diagnostic] {
        var first: [String: (Recipe, RecipeVariable)] = [:]
        var result: [Diagnostic] = []
        for recipe in all {
            for variable in recipe.variables {
                if let (other, earlier) = first[variable.name], !variable.means(earlier) {
                    result.append(
                        Diagnostic(
                            file: recipe.file, line: variable.line,
                            problem: "\(variable.name) is another variable in \(other.file):\(earlier.line)",
                            advice: "Give both the same kind and default, or one of them another name"))
                } else {
                    first[variable.name] = (recipe, variable)
                }
            }
        }
        return result
    }

    private func needs(_ recipe: Recipe) -> [Diagnostic] {
        recipe.needs.compactMap { recipes[$0.recipe] == nil ? noRecipe($0.recipe, recipe, $0.line) : nil }
    }

    private func noRecipe(_ name: String, _ recipe: Recipe, _ line: Int) -> Diagnostic {
        let near = nearestWord(to: name, among: recipes.keys.sorted())
        return Diagnostic(
            file: recipe.file, line: line, problem: "there is no recipe \"\(name)\"",
            advice: near.map { "Did you mean \"\($0)\"?" } ?? "The recipes are \(listOfRecipes)")
    }

    /// Keys must come from a list, files for each of something from a family.
    private func families(_ recipe: Recipe) -> [Diagnostic] {
        func problem(_ line: Int, _ text: String, _ advice: String) -> Diagnostic {
            Diagnostic(file: recipe.file, line: line, problem: text, advice: advice)
        }
        let stems = declared.values.compactMap { $0.family?.stem }.sorted()
        let keys = recipe.variables.compactMap { variable -> Diagnostic? in
            guard let list = variable.keysOf, declared[list.value]?.kind != .list else { return nil }
            return problem(list.line, "\"\(list.value)\" is no variable of the kind list", "Name one")
        }
        let each = recipe.files.compactMap { file -> Diagnostic? in
            guard let each = file.each, !stems.contains(each.value) else { return nil }
            let near = nearestWord(to: each.value, among: stems)
            return problem(
                each.line, "\"\(each.value)\" is no family of variables",
                near.map { "Did you mean \"\($0)\"?" } ?? "Name one, without its _*")
        }
        return keys + each
    }

    private func orders(_ recipe: Recipe) -> [Diagnostic] {
        recipe.after.compactMap { after in
            func problem(_ text: String, _ advice: String) -> Diagnostic {
                Diagnostic(file: recipe.file, line: after.line, problem: text, advice: advice)
            }
            guard recipes[after.value] != nil else { return noRecipe(after.value, recipe, after.line) }
            guard !comesAfter(after.value, recipe.name) else {
                return problem(
                    "\(recipe.name) comes after \(after.value), which comes after \(recipe.name)",
                    "Delete one of the two")
            }
            return nil
        }
    }

    var listOfRecipes: String { recipes.keys.sorted().joined(separator: ", ") }

    /// Whether a recipe must come after another, directly or not.
    private func comesAfter(_ recipe: String, _ other: String) -> Bool {
        var seen: Set<String> = []
        var queue = [recipe]
        while let name = queue.popLast() {
            guard seen.insert(name).inserted else { continue }
            if name == other { return true }
            queue += recipes[name]?.after.map(\.value) ?? []
        }
        return false
    }

    /// Every name in a template or condition must be one that can have a value.
    private func names(_ recipe: Recipe) -> [Diagnostic] {
        var result: [Diagnostic] = []
        for group in recipe.groups
        where declaration(of: group.value) != nil || TemplateFacts.names.contains(group.value) {
            result.append(
                Diagnostic(
                    file: recipe.file, line: group.line,
                    problem: "the group \"\(group.value)\" has the name of a variable or fact",
                    advice: "Rename the group or the variable"))
        }
        let known = knownNames(recipe)
        for template in recipe.templates { result += template.unknownNames(known: known) }
        for condition in recipe.conditions where !known.contains(condition.name) {
            let near = nearestWord(to: condition.name, among: known)
            result.append(
                Diagnostic(
                    file: recipe.file, line: condition.line,
                    problem: "\"\(condition.name)\" is neither a variable of a recipe nor a fact",
                    advice: near.map { "Did you mean \"\($0)\"?" } ?? ""))
        }
        return result
    }

    private func knownNames(_ recipe: Recipe) -> [String] {
        let durations = declared.values.filter { $0.kind == .duration }.map { "\($0.name)_seconds" }
        return TemplateFacts.names + recipe.groups.map(\.value)
            + declared.values.map(\.templateName).sorted() + durations.sorted()
    }
}

extension Recipe {
    fileprivate var templates: [Template] {
        let ofFiles = files.flatMap { file -> [Template] in
            switch file.source {
            case .template(let template), .link(let template): [file.to, template]
            case .bytes, .directory, .absent: [file.to]
            }
        }
        let ofChecks = checks.flatMap { check -> [Template] in
            guard case .http(let url) = check.request else { return [check.contains].compactMap { $0 } }
            return [url] + [check.contains].compactMap { $0 }
        }
        return ofFiles + sysctls.map(\.value) + ofChecks
    }

    fileprivate var conditions: [Condition] {
        let ofSystem =
            groupAccounts.flatMap(\.when) + users.flatMap(\.when) + modules.flatMap(\.when)
            + sysctls.flatMap(\.when)
        return needs.flatMap(\.when) + packages.flatMap(\.when) + ofSystem + files.flatMap(\.when)
            + services.flatMap(\.when)
            + checks.flatMap(\.when)
    }
}
