import Diagnostics
import Inventory
import Manifest

/// Why a path of a node is as it is: who says so, what it was made from, and where every value comes from.
public struct Explanation: Sendable, Equatable {
    /// Where a value comes from.
    public enum Source: Sendable, Equatable {
        /// A line of the inventory.
        case inventory(file: String, line: Int)
        /// The default that a recipe gives.
        case preset(file: String, line: Int)
        /// Nowhere: the variable is optional, as a recipe says, and not set.
        case unset(file: String, line: Int)
        /// pidep itself: a few words about how.
        case computed(String)
    }

    /// A value that went into the rendering.
    public struct Value: Sendable, Equatable {
        /// Whose value, what and how much.
        public var used: UsedValue
        /// Where it comes from.
        public var source: Source
    }

    /// The node.
    public var node: String
    /// The path and what shall stand there.
    public var file: ManagedFile
    /// The recipe's name.
    public var recipe: String
    /// What the recipe is for.
    public var summary: String
    /// The path of its `recipe.yaml`.
    public var recipeFile: String
    /// The line of `recipe.yaml` that names the path.
    public var line: Int
    /// Why the node has the recipe: a line of the inventory.
    public var assigned: Source
    /// The path of the template or static file; nil for directories, links and absent files.
    public var source: String?
    /// Whether `source` is a template.
    public var isTemplate: Bool
    /// In the order in which the rendering looked them up.
    public var values: [Value]
}

extension RecipeCatalog {
    /// Explains a path of a node; nil where no recipe of the node decides about it. `nodes` are what the catalog
    /// made of `cluster`, whose groups are looked up in `inventory`.
    public func explain(
        _ path: String, on node: CompiledNode, cluster: Cluster, inventory: Inventory
    ) -> Explanation? {
        guard let file = node.manifest.files.first(where: { $0.path == path }),
            let origin = node.origins[path], let recipe = recipes[origin.recipe]
        else { return nil }
        let entry = recipe.files.first { $0.line == origin.line && $0.sourceFile == origin.source }
        var isTemplate = false
        if case .template? = entry?.source { isTemplate = true }
        let sources = ValueSources(catalog: self, recipe: recipe, cluster: cluster, inventory: inventory)
        return Explanation(
            node: node.node.name, file: file, recipe: recipe.name, summary: recipe.summary,
            recipeFile: recipe.file, line: origin.line,
            assigned: .inventory(
                file: node.node.file, line: node.node.recipeLines[recipe.name] ?? node.node.line),
            source: origin.source, isTemplate: isTemplate,
            values: (node.used[path] ?? []).map {
                Explanation.Value(used: $0, source: sources.source(of: $0))
            }
        )
    }
}

/// The managed path that somebody most likely meant: the nearest in spelling, else the one with the longest common
/// beginning, whole components only. Nil where nothing is managed.
public func nearestPath(to path: String, among managed: [String]) -> String? {
    if let near = nearestWord(to: path, among: managed) { return near }
    let parts = path.split(separator: "/")
    func common(_ other: String) -> Int {
        zip(parts, other.split(separator: "/")).prefix { $0 == $1 }.count
    }
    var best: String?
    for candidate in managed where best.map({ common(candidate) > common($0) }) ?? true { best = candidate }
    return best
}

/// Says of a name in a template where its value comes from.
private struct ValueSources {
    let catalog: RecipeCatalog
    let recipe: Recipe
    let cluster: Cluster
    let inventory: Inventory

    func source(of used: UsedValue) -> Explanation.Source {
        guard let node = cluster.nodes.first(where: { $0.name == used.node }) else {
            return .computed("pidep")
        }
        if let variable = variable(used.name) {
            if variable.0.family != nil {
                if let key = variable.0.family?.key(of: used.name), let preset = variable.0.presets[key] {
                    return written(used.name, node) ?? .preset(file: variable.file, line: preset.line)
                }
                return written(used.name, node) ?? .computed("the variables \(variable.0.name) of the node")
            }
            return source(of: variable, on: node)
        }
        switch used.name {
        case "name": return .inventory(file: node.file, line: node.line)
        case "address", "host":
            return written("ansible_host", node) ?? .inventory(file: node.file, line: node.line)
        case "arch": return written("arch", node) ?? .computed("what the node says of itself")
        case "interface":
            return written("vip_interface", node) ?? .computed("unless vip_interface says another")
        case "vip", "has_vip": return written("vip", node) ?? .computed("the inventory has no vip")
        case "lab", "lab_armv7": return written("lab", node) ?? .computed("the inventory does not say lab")
        case "cluster": return .computed("the inventory file's name")
        case "number": return .computed("the node's place in \(cluster.file)")
        case "siblings": return .computed("the nodes with the recipe \(recipe.name)")
        case "is_founder": return .computed("one of the first 1, 3 or 5 nodes with the recipe \(recipe.name)")
        case "nodes", "peers": return .computed("the nodes of \(cluster.file)")
        case "is_first", "is_last", "is_self": return .computed("the node's place in the list")
        case "rank", "descending":
            return .computed("the node's place among those with the recipe \(recipe.name)")
        default: break
        }
        guard let group = inventory.group(used.name), group.line > 0 else { return .computed("pidep") }
        return .inventory(file: inventory.file, line: group.line)
    }

    private func written(_ key: String, _ node: ClusterNode) -> Explanation.Source? {
        node.variables[key].map { .inventory(file: $0.file, line: $0.line) }
    }

    /// The declaration of a variable and its recipe's file; of several the recipe's own.
    private func variable(_ name: String) -> (RecipeVariable, file: String)? {
        let others = catalog.recipes.values.sorted { $0.name < $1.name }
        for candidate in [recipe] + others {
            for variable in candidate.variables {
                if variable.name == name || variable.templateName == name {
                    return (variable, candidate.file)
                }
                if variable.family?.key(of: name) != nil { return (variable, candidate.file) }
                if variable.kind == .duration, "\(variable.name)_seconds" == name {
                    return (variable, candidate.file)
                }
            }
        }
        return nil
    }

    private func source(
        of declared: (variable: RecipeVariable, file: String), on node: ClusterNode
    ) -> Explanation.Source {
        if let written = written(declared.variable.name, node) { return written }
        return declared.variable.presetLine.map { .preset(file: declared.file, line: $0) }
            ?? .unset(file: declared.file, line: declared.variable.line)
    }
}
