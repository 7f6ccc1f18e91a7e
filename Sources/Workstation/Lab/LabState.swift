import Foundation
import Inventory
import JSON

/// What `up` decided and later commands must know, kept in `state.json` until `down`. What can be seen on the machine
/// (processes, mounts, cuts) is not in it: it is looked at.
struct LabState: Equatable {
    /// By node: `armv7`, `arm64` or `amd64`.
    var architectures: [String: String]
    /// The root file system below the nodes' disks.
    var rootFileSystem: String

    static func read(_ names: LabNames) -> LabState? {
        guard let text = readFile(names.stateFile), let json = try? JSONValue.parse(text),
            let folder = json["root_file_system"]?.text, let nodes = json["nodes"]?.elements
        else { return nil }
        var architectures: [String: String] = [:]
        for node in nodes {
            if let name = node["name"]?.text { architectures[name] = node["architecture"]?.text }
        }
        return LabState(architectures: architectures, rootFileSystem: folder)
    }

    func write(_ names: LabNames, cluster: Cluster) throws(LabFailure) {
        let nodes = cluster.nodes.map { node -> JSONValue in
            let its = names.node(node.name)
            return .object([
                .init("name", .string(node.name)), .init("address", .string(node.address)),
                .init("architecture", .string(architectures[node.name] ?? "")),
                .init("interface", .string(its.interface)), .init("namespace", .string(its.namespace)),
                .init("cgroup", .string(its.cgroup)),
            ])
        }
        let json = JSONValue.object([
            .init("lab", .string(names.lab)), .init("inventory", .string(cluster.file)),
            .init("bridge", .string(names.bridge)), .init("root_file_system", .string(rootFileSystem)),
            .init("nodes", .array(nodes)),
        ])
        try writeFile(names.stateFile, json.pretty + "\n")
    }
}
