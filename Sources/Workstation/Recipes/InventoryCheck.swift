import Diagnostics
import Digest
import Foundation
import Inventory
import Manifest

/// Everything that can be said about an inventory without asking a node: its syntax, the cluster that it describes,
/// and what the recipes that it names make of it.
public struct InventoryCheck: Sendable {
    /// What resolves, whatever is wrong.
    public var inventory: Inventory
    /// nil when there is an error.
    public var cluster: Cluster?
    /// All of it, sorted by file and line, each once.
    public var diagnostics: [Diagnostic]

    /// Reads an inventory file, and the recipes of a folder (nil: where `RecipeCatalog.folder` finds them).
    public init(_ path: String, recipes folder: String? = nil) {
        let (inventory, syntax) = Inventory.load(path)
        self.inventory = inventory
        var diagnostics = syntax
        guard !inventory.groups.isEmpty else {
            self.diagnostics = diagnostics
            return
        }
        let folder = folder ?? RecipeCatalog.folder(forInventory: path)
        var catalog: RecipeCatalog?
        do throws(RecipeFailure) {
            catalog = try RecipeCatalog.load(folder)
        } catch {
            diagnostics += error.diagnostics
        }
        let (cluster, problems) = Cluster.resolve(inventory, knownVariables: catalog?.variables)
        diagnostics += problems
        if let catalog { diagnostics += catalog.problems(with: inventory) }
        if let catalog, let cluster, !diagnostics.containErrors {
            diagnostics += catalog.problems(with: cluster)
        }
        self.cluster = diagnostics.containErrors ? nil : cluster
        self.diagnostics = RecipeFailure(diagnostics: diagnostics).diagnostics
    }
}

extension RecipeCatalog {
    /// Recipes that do not exist and values that are not of their variable's kind, wherever they are written.
    func problems(with inventory: Inventory) -> [Diagnostic] {
        let assignments = inventory.groups.map(\.variables) + inventory.hosts.map(\.own)
        return assignments.flatMap { variables in
            variables.flatMap { name, value in
                name == "recipes"
                    ? value.words.compactMap { unknownRecipe($0, file: value.file, line: value.line) }
                    : [problem(with: value, named: name)].compactMap { $0 }
            }
        }
    }

    /// The diagnostic for the name of a recipe that does not exist; nil when it does.
    func unknownRecipe(_ name: String, file: String, line: Int) -> Diagnostic? {
        guard recipes[name] == nil else { return nil }
        let near = nearestWord(to: name, among: recipes.keys.sorted())
        return Diagnostic(
            file: file, line: line, problem: "there is no recipe \"\(name)\" in \(folder)",
            advice: near.map { "Did you mean \"\($0)\"?" } ?? "The recipes are \(listOfRecipes)")
    }

    /// What would keep a cluster from being compiled, apart from a missing runtime: every template is rendered and
    /// every configuration read.
    public func problems(with cluster: Cluster) -> [Diagnostic] {
        var known = cluster
        for index in known.nodes.indices where known.nodes[index].architecture == nil {
            known.nodes[index].architecture = Self.architectures[0]
        }
        let anything = Manifest.Runtime(version: "", digest: SHA256Digest(of: []), size: 0)
        let runtime = Dictionary(uniqueKeysWithValues: Self.architectures.map { ($0, anything) })
        do throws(RecipeFailure) {
            return try compile(known, runtime: runtime).flatMap(\.warnings)
        } catch {
            return error.diagnostics
        }
    }

    private static let architectures = ["armv7", "arm64", "amd64"]
}
