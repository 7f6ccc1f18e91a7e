import Foundation
import Inventory

/// `--limit`: Ansible's host patterns over names and groups: `web`, `a:b` or `a,b`, `a:!b`, `a:&b`, `nustler*`.
public enum NodeSelection {
    /// Why nothing is left to work on.
    public struct Failure: Error, Equatable {
        /// A sentence.
        public var sentence: String
    }

    /// The nodes that a pattern picks, in the order of the inventory; nil picks all.
    public static func nodes(of cluster: Cluster, limit pattern: String?) throws(Failure) -> [ClusterNode] {
        guard let pattern else { return cluster.nodes }
        let words = pattern.split(whereSeparator: { $0 == ":" || $0 == "," }).map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        var picked: Set<String> = []
        var began = false
        // As in Ansible: additions first, then intersections, then exclusions, wherever they stand.
        for word in words where !word.hasPrefix("!") && !word.hasPrefix("&") {
            picked.formUnion(try match(word, cluster))
            began = true
        }
        if !began { picked = Set(cluster.nodes.map(\.name)) }
        for word in words where word.hasPrefix("&") {
            picked.formIntersection(try match(String(word.dropFirst()), cluster))
        }
        for word in words where word.hasPrefix("!") {
            picked.subtract(try match(String(word.dropFirst()), cluster))
        }
        let nodes = cluster.nodes.filter { picked.contains($0.name) }
        guard !nodes.isEmpty else {
            throw Failure(sentence: "--limit \(pattern) leaves no node of \(cluster.file)")
        }
        return nodes
    }

    private static func match(_ word: String, _ cluster: Cluster) throws(Failure) -> Set<String> {
        let found = cluster.nodes.filter { node in
            word == "all" || fnmatch(word, node.name, 0) == 0 || fnmatch(word, node.address, 0) == 0
                || node.groups.contains { fnmatch(word, $0, 0) == 0 }
        }
        guard !found.isEmpty else {
            throw Failure(
                sentence: "--limit: \"\(word)\" is no node or group of \(cluster.file); it has the nodes "
                    + cluster.nodes.map(\.name).joined(separator: ", "))
        }
        return Set(found.map(\.name))
    }
}
