import Events
import Inventory
import Lab
import Manifest
import Recipes

/// An inventory and its recipes, read and found usable: where every command that reaches a cluster begins.
public struct LoadedCluster: Sendable {
    /// All that is wrong with inventory and recipes, a sentence a line.
    public struct Failure: Error, Sendable {
        /// The sentences.
        public var sentence: String
    }

    /// The cluster.
    public var cluster: Cluster
    /// The inventory that it was made from.
    public var inventory: Inventory
    /// Its recipes.
    public var catalog: RecipeCatalog
    /// What is odd but can be used, a sentence each.
    public var warnings: [String]

    /// Reads an inventory file and the recipes beside its folder.
    public init(_ path: String) throws(Failure) {
        let check = InventoryCheck(path)
        guard let cluster = check.cluster else {
            throw Failure(sentence: check.diagnostics.map(\.sentence).joined(separator: "\n"))
        }
        self.cluster = cluster
        inventory = check.inventory
        warnings = check.diagnostics.map(\.sentence)
        do throws(RecipeFailure) {
            catalog = try RecipeCatalog.load(RecipeCatalog.folder(forInventory: path))
        } catch {
            throw Failure(sentence: error.diagnostics.map(\.sentence).joined(separator: "\n"))
        }
    }

    /// A lab that is not up is one sentence, and not one a node.
    public func requireLab() throws(Failure) {
        do throws(LabFailure) { try Lab.requireBridge(cluster) } catch {
            throw Failure(sentence: error.sentence)
        }
    }

    /// The secrets of the cluster; from now on this process shows none of them.
    func secrets(runsCommands: Bool = true) throws(Failure) -> SecretStore {
        do throws(SecretStore.Failure) {
            let store = try SecretStore.load(cluster, runsCommands: runsCommands)
            for secret in store.secrets { Redaction.hide(secret.value, as: secret.name) }
            return store
        } catch { throw Failure(sentence: error.sentence) }
    }

    /// The nodes as the recipes make them, without a node runtime: for what only asks and changes nothing. Without
    /// `secrets`, files have `<secret NAME>` in their places.
    public func withoutRuntime(_ secrets: SecretStore? = nil) throws(Failure) -> [CompiledNode] {
        var known = cluster
        for index in known.nodes.indices {
            known.nodes[index].architecture = known.nodes[index].architecture ?? "amd64"
        }
        let nothing = Manifest.Runtime(version: "", digest: .init(of: []), size: 0)
        do throws(RecipeFailure) {
            return try catalog.compile(
                known, runtime: ["armv7": nothing, "arm64": nothing, "amd64": nothing], secrets: secrets)
        } catch {
            throw Failure(sentence: error.diagnostics.map(\.sentence).joined(separator: "\n"))
        }
    }
}
