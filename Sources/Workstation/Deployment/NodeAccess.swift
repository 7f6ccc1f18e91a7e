import CrossBuild
import Inventory
import SSH

/// The nodes of an inventory that a command asks, and the way to them: for commands that change nothing by recipes
/// and need no bundle.
public struct NodeAccess: Sendable {
    /// The cluster.
    public var loaded: LoadedCluster
    /// The chosen nodes, in the order of the inventory.
    public var nodes: [ClusterNode]
    let logins: Logins
    let root: PackageRoot

    /// Reads an inventory and picks the nodes of `--limit` (nil: all).
    public init(_ inventory: String, limit: String?) throws(DeploymentFailure) {
        try self.init(inventory)
        do throws(NodeSelection.Failure) {
            nodes = try NodeSelection.nodes(of: loaded.cluster, limit: limit)
        } catch { throw DeploymentFailure(error.sentence) }
    }

    /// Reads an inventory and picks nodes by their names (none: all).
    public init(_ inventory: String, names: [String]) throws(DeploymentFailure) {
        try self.init(inventory)
        for name in names where !nodes.contains(where: { $0.name == name }) {
            throw DeploymentFailure(loaded.cluster.unknownNode(name))
        }
        if !names.isEmpty { nodes = nodes.filter { names.contains($0.name) } }
    }

    private init(_ inventory: String) throws(DeploymentFailure) {
        do throws(LoadedCluster.Failure) {
            loaded = try LoadedCluster(inventory)
            try loaded.requireLab()
        } catch { throw DeploymentFailure(error.sentence) }
        do throws(BuildError) { root = try .find() } catch { throw DeploymentFailure(error.sentence) }
        nodes = loaded.cluster.nodes
        // What nodes print may hold secrets: those that can be had without running anything are hidden. Passwords that
        // are needed to log in must be had.
        let secrets: SecretStore
        do throws(LoadedCluster.Failure) {
            secrets =
                nodes.contains {
                    ($0.variables["ansible_password"] ?? $0.variables["ansible_become_password"]) != nil
                }
                ? try loaded.secrets() : (try? loaded.secrets(runsCommands: false)) ?? SecretStore()
        } catch { throw DeploymentFailure(error.sentence) }
        logins = Logins(loaded.cluster, root: root, secrets: secrets)
    }

    /// One login at each of the nodes.
    func open(asking: Asking) throws(DeploymentFailure) -> [Login] {
        try logins.open(nodes, asking: asking)
    }
}
