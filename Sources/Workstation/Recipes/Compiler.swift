import Diagnostics
import Digest
import Foundation
import Inventory
import Manifest

/// Makes one manifest a node from a cluster and the recipes that its inventory names.
struct Compiler {
    let catalog: RecipeCatalog
    let cluster: Cluster
    let runtime: [String: Manifest.Runtime]
    let checkers: [String: LanguageChecker]
    /// nil: files are made with `<secret NAME>` in the places of their secrets.
    let secrets: SecretStore?
    var diagnostics: [Diagnostic] = []

    init(
        catalog: RecipeCatalog, cluster: Cluster, runtime: [String: Manifest.Runtime],
        checkers: [String: LanguageChecker], secrets: SecretStore? = nil
    ) {
        self.catalog = catalog
        self.cluster = cluster
        self.runtime = runtime
        self.checkers = checkers
        self.secrets = secrets
    }

    /// All nodes; with diagnostics they are not to be used.
    mutating func compile() -> [CompiledNode] {
        for node in cluster.nodes { check(node) }
        // A value that cannot be used would be reported again by everything that is made of it.
        guard diagnostics.isEmpty else { return [] }
        return cluster.nodes.compactMap { compile($0) }
    }

    mutating func report(_ file: String, _ line: Int, _ problem: String, _ advice: String = "") {
        diagnostics.append(Diagnostic(file: file, line: line, problem: problem, advice: advice))
    }

    /// What must be right about a node before anything is rendered.
    private mutating func check(_ node: ClusterNode) {
        diagnostics += node.recipes.compactMap {
            catalog.unknownRecipe($0, file: node.file, line: node.recipeLines[$0] ?? node.line)
        }
        if !node.recipes.isEmpty, IPAddress(node.address) == nil {
            report(
                node.file, node.line,
                "recipes need the IP address of \(node.name), and \"\(node.address)\" is none",
                "Set ansible_host to it")
        }
        for (name, value) in node.variables.sorted(by: { $0.key < $1.key }) {
            if let problem = catalog.problem(with: value, named: name) { diagnostics.append(problem) }
        }
        for recipe in recipes(of: node) {
            for variable in recipe.variables { checkFamily(variable, node) }
            for variable in recipe.variables
            where variable.family == nil && variable.preset == nil && !variable.isOptional
                && node.variables[variable.name] == nil
            {
                report(
                    node.file, node.line,
                    "\(node.name) has no \(variable.name), which the recipe \(recipe.name) needs"
                        + " (\(variable.about))",
                    "Set it to \(variable.kind.acceptedForms)")
            }
            for group in recipe.groups where cluster.nodes(in: group.value).isEmpty {
                report(
                    node.file, node.recipeLines[recipe.name] ?? node.line,
                    "the recipe \(recipe.name) needs nodes in a group \"\(group.value)\", and there are none",
                    "Add a section [\(group.value)]")
            }
        }
    }

    /// The variables of a family whose keys are a list's words: one for each word, and no other.
    private mutating func checkFamily(_ variable: RecipeVariable, _ node: ClusterNode) {
        guard let family = variable.family, let keys = keys(of: variable, on: node),
            let list = variable.keysOf?.value
        else { return }
        for (key, given) in node.variables(of: family) where !keys.contains(key) {
            let near = nearestWord(to: key, among: keys)
            report(
                given.file, given.line, "\(family.stem)_\(key): \"\(key)\" is no word of \(list)",
                near.map { "Did you mean \(family.stem)_\($0)?" } ?? "Add it to \(list), or delete this")
        }
        guard !variable.isOptional else { return }
        for key in keys where node.variables["\(family.stem)_\(key)"] == nil {
            let place = node.variables[list]
            report(
                place?.file ?? node.file, place?.line ?? node.line,
                "\(list) has \"\(key)\", and there is no \(family.stem)_\(key) (\(variable.about))",
                "Set it to \(variable.kind.acceptedForms)")
        }
    }

    /// A node's recipes in the order in which they are applied: the inventory's, but none before those that it
    /// comes `after`.
    func recipes(of node: ClusterNode) -> [Recipe] {
        var waiting = node.recipes.compactMap { catalog.recipes[$0] }
        var result: [Recipe] = []
        while !waiting.isEmpty {
            let names = Set(waiting.map(\.name))
            let next = waiting.firstIndex { $0.after.allSatisfy { !names.contains($0.value) } } ?? 0
            result.append(waiting.remove(at: next))
        }
        return result
    }

    private mutating func compile(_ node: ClusterNode) -> CompiledNode? {
        let recipes = recipes(of: node)
        guard let architecture = architecture(of: node), let runtime = runtime[architecture] else {
            reportMissingRuntime(node)
            return nil
        }
        let manifest = Manifest(
            node: node.name, architecture: architecture, runtime: runtime, packages: [], files: [], units: [])
        var draft = CompiledNode(
            node: node, manifest: manifest, blobs: [:], checks: [], origins: [:], warnings: [])
        for recipe in recipes { apply(recipe, to: &draft) }
        addSystemFiles(recipes, to: &draft)
        checkUnits(recipes, draft)
        checkParents(recipes, draft)
        return draft
    }

    /// What the inventory says, or the only architecture there is a runtime for.
    func architecture(of node: ClusterNode) -> String? {
        node.architecture ?? (runtime.count == 1 ? runtime.keys.first : nil)
    }

    private mutating func reportMissingRuntime(_ node: ClusterNode) {
        if let architecture = architecture(of: node) {
            report(
                node.file, node.line, "there is no node runtime for \(node.name), which is \(architecture)",
                "Run pidep build --arch \(architecture)")
        } else {
            report(
                node.file, node.line, "the architecture of \(node.name) is not known",
                "Set arch to armv7, arm64 or amd64")
        }
    }

    // MARK: One recipe on one node

    private mutating func apply(_ recipe: Recipe, to draft: inout CompiledNode) {
        let values = values(for: draft.node, recipe: recipe)
        let scope = TemplateScope(values)
        func holds(_ when: [Condition]) -> Bool { when.allSatisfy { values[$0.name]?.plain == $0.value } }

        for need in recipe.needs where holds(need.when) && !draft.node.recipes.contains(need.recipe) {
            report(
                draft.node.file, draft.node.recipeLines[recipe.name] ?? draft.node.line,
                "\(draft.node.name) has the recipe \(recipe.name), which needs \(need.recipe) beside it",
                "Add \(need.recipe) to its recipes")
        }
        for package in recipe.packages
        where holds(package.when) && !draft.manifest.packages.contains(package.name) {
            draft.manifest.packages.append(package.name)
        }
        applySystem(of: recipe, holds, scope, to: &draft)
        for file in recipe.files where holds(file.when) {
            for scope in file.each.map({ scope.elements(of: $0.value) }) ?? [scope] {
                apply(file, of: recipe, scope, to: &draft)
            }
        }
        let units = recipe.services.filter { $0.running && holds($0.when) }.map(\.unit)
        for service in recipe.services where holds(service.when) {
            apply(service, of: recipe, to: &draft)
        }
        for check in recipe.checks where holds(check.when) {
            apply(check, of: recipe, scope, units, to: &draft)
        }
    }

    mutating func render(_ template: Template, _ scope: TemplateScope, _ node: ClusterNode) -> String {
        let (text, problems) = template.render(scope, for: node.name)
        diagnostics += problems
        return text
    }

    private mutating func apply(
        _ file: RecipeFile, of recipe: Recipe, _ scope: TemplateScope, to draft: inout CompiledNode
    ) {
        _ = scope.lookups.takeUsed()
        for condition in file.when { scope.note(condition.name) }
        let path = render(file.to, scope, draft.node)
        guard !refusesSecret(in: path, "a path", recipe, file.line) else { return }
        if let problem = Names.problem(ofPath: path) {
            return report(recipe.file, file.line, "\"\(path)\" cannot be a file's path: \(problem)")
        }
        let content: ManagedFile.Content
        switch file.source {
        case .template(let template):
            let text = render(template, scope, draft.node)
            if let language = file.language, let checker = checkers[language] {
                let found = checker(text, "\(template.file), rendered for \(draft.node.name)")
                diagnostics += found.filter { $0.severity == .error }
                draft.warnings += found.filter { $0.severity == .warning }
            }
            if SecretToken.isIn(text), file.mode & 0o027 != 0 {
                report(
                    recipe.file, file.line,
                    "\(path) holds the secret \(SecretToken.names(in: text).joined(separator: ", ")), and its mode is "
                        + ManagedFile.octal(file.mode), "Give it the mode \"0600\" or \"0640\"")
            }
            content = blob(text, LanguageCheckers.quoted(in: file.language), &draft)
        case .bytes(let bytes): content = blob(bytes, &draft)
        case .directory: content = .directory
        case .link(let target):
            let target = render(target, scope, draft.node)
            guard !refusesSecret(in: target, "a link", recipe, file.line) else { return }
            content = .link(to: target)
        case .absent: content = .absent
        }
        var managed = ManagedFile(
            path: path, content: content, mode: file.mode, owner: file.owner, group: file.group,
            restart: file.restart, reload: file.reload)
        managed.isEarly = file.isEarly
        if let origin = draft.origins[path] {
            // The same directory may be needed by several recipes.
            if content == .directory, draft.manifest.files.contains(managed) { return }
            let other = catalog.recipes[origin.recipe]?.file ?? origin.recipe
            return report(
                recipe.file, file.line, "\(path) is also claimed by \(other):\(origin.line)",
                "Only one recipe of a node may decide about a path")
        }
        draft.manifest.files.append(managed)
        draft.origins[path] = CompiledNode.Origin(
            recipe: recipe.name, source: file.sourceFile, line: file.line)
        draft.used[path] = scope.lookups.takeUsed()
    }

    /// A secret may stand in a file's text and nowhere else: everything else is shown, logged, or on a command line.
    mutating func refusesSecret(in text: String, _ what: String, _ recipe: Recipe, _ line: Int)
        -> Bool
    {
        guard SecretToken.isIn(text) else { return false }
        report(
            recipe.file, line,
            "the secret \(SecretToken.names(in: text).joined(separator: ", ")) stands in \(what)",
            "A secret may stand only in a file's content")
        return true
    }

    /// A text with its secrets in place, each written as `write` says.
    private func blob(_ text: String, _ write: (String) -> String, _ draft: inout CompiledNode)
        -> ManagedFile.Content
    {
        guard SecretToken.isIn(text) else { return blob(Array(text.utf8), &draft) }
        let redacted = SecretToken.redacted(text)
        let whole = secrets.flatMap { SecretToken.revealed(text, by: $0, write: write) } ?? redacted
        let content = blob(Array(whole.utf8), &draft)
        if case .blob(let digest, _) = content { draft.redacted[digest.hexadecimal] = redacted }
        return content
    }

    func blob(_ bytes: [UInt8], _ draft: inout CompiledNode) -> ManagedFile.Content {
        let digest = SHA256Digest(of: bytes)
        draft.blobs[digest.hexadecimal] = bytes
        return .blob(digest, size: bytes.count)
    }

    private mutating func apply(
        _ service: RecipeService, of recipe: Recipe, to draft: inout CompiledNode
    ) {
        let unit = ManagedUnit(
            name: service.unit, enabled: service.enabled, running: service.running,
            onNewRuntime: service.onNewRuntime)
        if let other = draft.manifest.units.first(where: { $0.name == unit.name }) {
            guard other != unit else { return }
            return report(
                recipe.file, service.line,
                "another recipe of \(draft.node.name) wants \(unit.name) otherwise",
                "Only one recipe of a node may decide about a unit")
        }
        draft.manifest.units.append(unit)
    }

    private mutating func apply(
        _ check: RecipeCheck, of recipe: Recipe, _ scope: TemplateScope, _ units: [String],
        to draft: inout CompiledNode
    ) {
        let contains = check.contains.map { render($0, scope, draft.node) }
        let together = check.concernsCluster ? units : nil
        let template: Template
        switch check.request {
        case .http(let url): template = url
        case .console(let role, let command):
            guard !refusesSecret(in: contains ?? "", "a check", recipe, check.line) else { return }
            let console = Check.Console(node: draft.node.name, role: role, command: command)
            draft.checks.append(
                Check(
                    recipe: recipe.name, url: console.text, console: console, status: check.status,
                    contains: contains, within: check.within, concernsVirtualAddress: false,
                    together: together))
            return
        }
        let url = render(template, scope, draft.node).replacing(/^(http:\/\/[^\/]*):80(?=\/)/) {
            $0.output.1
        }
        guard !refusesSecret(in: url + (contains ?? ""), "a check", recipe, check.line) else { return }
        let parts = URLComponents(string: url)
        guard parts?.scheme == "http", let host = parts?.host, !host.isEmpty, parts?.user == nil else {
            return report(
                recipe.file, check.line, "\"\(url)\" is not the URL of a check",
                "As in http://{{address}}:80/")
        }
        draft.checks.append(
            Check(
                recipe: recipe.name, url: url, status: check.status,
                contains: contains, within: check.within,
                concernsVirtualAddress: host == cluster.virtualAddress, together: together))
    }

    // MARK: The whole node

    /// A unit that a file restarts must be one that the node's recipes decide about: else it is misspelt.
    private mutating func checkUnits(_ recipes: [Recipe], _ draft: CompiledNode) {
        let units = draft.manifest.units.map(\.name)
        for file in draft.manifest.files {
            for unit in file.restart + file.reload where !units.contains(unit) {
                guard let origin = draft.origins[file.path] else { continue }
                let near = nearestWord(to: unit, among: units)
                report(
                    catalog.recipes[origin.recipe]?.file ?? "", origin.line,
                    "\(file.path) restarts or reloads \(unit), which is no service of a recipe of"
                        + " \(draft.node.name)",
                    near.map { "Did you mean \"\($0)\"?" } ?? "Add it to the services of a recipe")
            }
        }
    }

    /// Nothing can stand below a path that is no directory.
    private mutating func checkParents(_ recipes: [Recipe], _ draft: CompiledNode) {
        let notDirectories = draft.manifest.files.filter { $0.content != .directory }.map(\.path)
        for file in draft.manifest.files where file.content != .absent {
            for path in notDirectories where file.path.hasPrefix("\(path)/") {
                guard let origin = draft.origins[file.path] else { continue }
                report(
                    catalog.recipes[origin.recipe]?.file ?? "", origin.line,
                    "\(file.path) lies below \(path), which is no directory", "Change one of the two")
            }
        }
    }
}
