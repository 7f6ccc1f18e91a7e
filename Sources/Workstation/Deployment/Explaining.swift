import Diagnostics
import Inventory
import Recipes

/// `pidep explain`: why a path of a node is as it is, from inventory and recipes alone.
public struct Explaining: Sendable {
    /// The cluster.
    public var loaded: LoadedCluster

    /// Explains paths of a cluster.
    public init(_ loaded: LoadedCluster) { self.loaded = loaded }

    /// The explanation of `nustler1:/etc/apache2/ports.conf`, or a sentence why there is none.
    public func explain(_ place: String) throws(DeploymentFailure) -> Explanation {
        let (name, path) = try Self.split(place)
        let nodes: [CompiledNode]
        do throws(LoadedCluster.Failure) { nodes = try loaded.withoutRuntime() } catch {
            throw DeploymentFailure(error.sentence)
        }
        guard let node = nodes.first(where: { $0.node.name == name }) else {
            throw DeploymentFailure(loaded.cluster.unknownNode(name))
        }
        guard
            let explanation = loaded.catalog.explain(
                path, on: node, cluster: loaded.cluster, inventory: loaded.inventory)
        else { throw DeploymentFailure(Self.unmanaged(path, on: node, among: nodes)) }
        return explanation
    }

    private static func split(_ place: String) throws(DeploymentFailure) -> (node: String, path: String) {
        let parts = place.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, parts[1].hasPrefix("/") else {
            throw DeploymentFailure(
                "\"\(place)\" is no path on a node. Write the node's name, a colon and an absolute path, as in "
                    + "nustler1:/etc/apache2/ports.conf")
        }
        var path = String(parts[1])
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return (String(parts[0]), path)
    }

    /// The nearest managed path, of this node or of those that do manage the path.
    private static func unmanaged(_ path: String, on node: CompiledNode, among nodes: [CompiledNode])
        -> String
    {
        let problem = "no recipe of \(node.node.name) decides about \(path)"
        let others = nodes.filter { $0.origins[path] != nil }
        if let other = others.first, let origin = other.origins[path] {
            let names = others.map(\.node.name).joined(separator: ", ")
            return
                "\(problem); the recipe \(origin.recipe) does, which \(names) \(others.count == 1 ? "has" : "have")"
        }
        guard let near = nearestPath(to: path, among: node.manifest.files.map(\.path)) else {
            return "\(problem): the node has no recipes"
        }
        return "\(problem). The nearest path that one decides about is \(near)"
    }
}

extension Cluster {
    /// The sentence about a name that no node has.
    func unknownNode(_ name: String) -> String {
        let names = nodes.map(\.name)
        let advice =
            nearestWord(to: name, among: names).map { "Did you mean \"\($0)\"?" }
            ?? "It has the nodes \(names.joined(separator: ", "))"
        return "\(file) has no node \"\(name)\". \(advice)"
    }
}
