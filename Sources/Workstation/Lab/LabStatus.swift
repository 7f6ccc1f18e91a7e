import CLinux
import Foundation
import Inventory
import JSON

/// What can be seen of a lab now.
public struct LabStatus: Sendable, Equatable {
    /// What a node is doing.
    public enum State: String, Sendable {
        /// Its sshd answers.
        case up
        /// It runs, and its sshd does not answer yet, or any more.
        case booting
        /// All its processes stand still.
        case frozen
        /// Its cable is cut.
        case cut
        /// It hears nothing from some other node.
        case partitioned
        /// It has no processes; `start` brings it back.
        case killed
        /// It was never started, or the lab is down.
        case down
    }

    /// One node.
    public struct Node: Sendable, Equatable {
        /// As the inventory names it.
        public var name: String
        /// Its IPv4 address.
        public var address: String
        /// What it is doing.
        public var state: State
        /// Whether its sshd greets us.
        public var sshd: Bool
        /// The process on this machine that is number 1 inside.
        public var pid: Int32?
        /// Nodes whose packets do not reach it (`cut --from`).
        public var cutFrom: [String]
        /// What its facts report: `armv7`, `arm64` or `amd64`.
        public var architecture: String?
        /// Bytes used on its disk, and the disk's size; nil while it is not mounted.
        public var diskUsed: Int64?
        /// Bytes.
        public var diskSize: Int64?
    }

    /// The lab's name.
    public var lab: String
    /// The lab's bridge.
    public var bridge: String
    /// The workstation's address on it.
    public var workstation: String
    /// The private key that nodes let in.
    public var key: String
    /// The nodes' host keys.
    public var knownHosts: String
    /// In the order of the inventory.
    public var nodes: [Node]

    /// Every node is up and nothing is cut.
    public var isAllUp: Bool { nodes.allSatisfy { $0.state == .up } }

    /// One document.
    public var json: JSONValue {
        .object([
            .init("lab", .string(lab)), .init("up", .boolean(isAllUp)), .init("bridge", .string(bridge)),
            .init("workstation", .string(workstation)), .init("key", .string(key)),
            .init("known_hosts", .string(knownHosts)), .init("nodes", .array(nodes.map(\.json))),
        ])
    }

    /// A table, a line a node.
    public var text: String {
        let width = max(4, nodes.map(\.name.count).max() ?? 0)
        func pad(_ text: String, _ width: Int) -> String {
            text.padding(toLength: max(width, text.count), withPad: " ", startingAt: 0)
        }
        let header =
            "\(pad("node", width))  \(pad("address", 15))  \(pad("state", 11))  \(pad("disk", 15))  pid"
        let lines = nodes.map { node in
            let mebibyte: Int64 = 1 << 20
            let disk =
                node.diskUsed.map { "\($0 / mebibyte) of \((node.diskSize ?? 0) / mebibyte) MiB" } ?? "-"
            let note =
                node.cutFrom.isEmpty ? "" : "  hears nothing from \(node.cutFrom.joined(separator: ", "))"
            return "\(pad(node.name, width))  \(pad(node.address, 15))  \(pad(node.state.rawValue, 11))  "
                + "\(pad(disk, 15))  \(node.pid.map(String.init) ?? "-")\(note)"
        }
        return ([header] + lines).joined(separator: "\n")
    }
}

extension LabStatus.Node {
    var json: JSONValue {
        .object([
            .init("name", .string(name)), .init("address", .string(address)),
            .init("state", .string(state.rawValue)), .init("sshd", .boolean(sshd)),
            .init("pid", pid.map { .integer(Int64($0)) } ?? .null), .init("cut_from", .strings(cutFrom)),
            .init("architecture", architecture.map { .string($0) } ?? .null),
            .init("disk_used", diskUsed.map { .integer($0) } ?? .null),
            .init("disk_size", diskSize.map { .integer($0) } ?? .null),
        ])
    }
}

extension Lab {
    /// Looks at the lab, without a lock and without changing anything; any user may.
    public func status() throws(LabFailure) -> LabStatus {
        let tools = try toolbox()
        let nodes = try cluster.nodes.map { node throws(LabFailure) in try labNode(node, tools) }
        let greeted = Greeted()
        _ = inParallel(nodes) { node throws(LabFailure) in
            if node.isRunning, Readiness(lab: self, node: node).greeting(within: limits.probeTimeout) != nil {
                greeted.add(node.node.name)
            }
        }
        let decided = LabState.read(names)
        return LabStatus(
            lab: names.lab, bridge: names.bridge, workstation: network.workstation, key: names.key,
            knownHosts: names.knownHosts,
            nodes: nodes.map { node in
                let name = node.node.name
                let sshd = greeted.names.contains(name)
                let cutFrom = silenced(for: node.names)
                let disk = NodeDisk.usage(of: node.names)
                return LabStatus.Node(
                    name: name, address: node.node.address,
                    state: state(of: node, sshd: sshd, isSilenced: !cutFrom.isEmpty), sshd: sshd,
                    pid: node.leader, cutFrom: cutFrom, architecture: decided?.architectures[name],
                    diskUsed: disk?.used, diskSize: disk?.size)
            })
    }

    private func state(of node: LabNode, sshd: Bool, isSilenced: Bool) -> LabStatus.State {
        guard node.isRunning else {
            return access(node.names.runFolder, F_OK) == 0 ? .killed : .down
        }
        if node.cgroup.isFrozen { return .frozen }
        if !node.wiring.isConnected(node.names) { return .cut }
        if !sshd { return .booting }
        return isSilenced ? .partitioned : .up
    }
}

private final class Greeted: @unchecked Sendable {
    private let lock = NSLock()
    private var kept: Set<String> = []

    func add(_ name: String) { _ = lock.withLock { kept.insert(name) } }

    var names: Set<String> { lock.withLock { kept } }
}
