import CLinux
import Commands
import Events
import Foundation
import Inventory

/// The emulated cluster of an inventory on this machine: one systemd container a node, each with its own network
/// namespace, disk and sshd, and the faults that can happen to it. What makes the bare nodes a cluster is a deploy.
///
/// Everything that a lab makes has a name that follows from the lab's and the node's, and is announced in
/// `/run/pidep/lab` before it is made: so `down` finds it all, also after `up` was killed at any moment.
public struct Lab: Sendable {
    /// The cluster that it emulates.
    public let cluster: Cluster
    /// Its range, its bridge and the workstation's address on it.
    public let network: LabNetwork
    /// Its waits and sizes.
    public let limits: LabLimits
    let names: LabNames
    let events: any EventSink

    /// A lab of a cluster whose inventory says `lab = true`. `root` is the project's folder: `images/lab` is read and
    /// `.pidep/lab` is written below it.
    public init(
        cluster: Cluster, root: String, events: any EventSink = EventRecorder(),
        limits: LabLimits = LabLimits()
    ) throws(LabFailure) {
        guard let network = cluster.lab else {
            throw LabFailure(
                "\(cluster.file) describes real machines: a lab's inventory says lab = true in [all:vars].")
        }
        guard Self.isPlainName(cluster.name) else {
            throw LabFailure(
                "A lab cannot be named \"\(cluster.name)\": rename \(cluster.file), using letters, digits, "
                    + "\"-\", \"_\" and \".\".")
        }
        for node in cluster.nodes {
            guard Self.isPlainName(node.name) else {
                throw LabFailure(
                    "A lab node cannot be named \"\(node.name)\" (\(cluster.file)): use letters, digits, \"-\", \"_\" "
                        + "and \".\".")
            }
            guard node.user == "root" else {
                throw LabFailure(
                    "\(node.name) is logged in to as \"\(node.user)\" (\(cluster.file)), and a lab node knows only "
                        + "root: remove ansible_user there.")
            }
        }
        self.cluster = cluster
        self.network = network
        self.limits = limits
        self.events = events
        names = LabNames(lab: cluster.name, bridge: network.bridge, root: root)
    }

    /// The private key that every node of the cluster's lab lets in; the public one has `.pub` after it.
    public static func sshKeyPath(_ cluster: Cluster, root: String) -> String {
        LabNames(lab: cluster.name, bridge: "", root: root).key
    }

    /// The file with the host keys of the lab's nodes, by address and by name, in OpenSSH's format.
    public static func knownHostsPath(_ cluster: Cluster, root: String) -> String {
        LabNames(lab: cluster.name, bridge: "", root: root).knownHosts
    }

    /// Whether the lab of a cluster is there: its bridge is. Its nodes may be dead.
    public static func isUp(_ cluster: Cluster) -> Bool {
        cluster.lab.map { LabWiring.hasBridge($0.bridge) } ?? false
    }

    /// Makes sure that what is sent to a lab's nodes stays on this machine: every command calls it before it opens a
    /// connection. Clusters of real machines pass.
    public static func requireBridge(_ cluster: Cluster) throws(LabFailure) {
        guard let network = cluster.lab, !isUp(cluster) else { return }
        throw LabFailure(
            "The lab \"\(cluster.name)\" is not up: this machine has no bridge \(network.bridge), and nothing for "
                + "\(network.network)/\(network.prefix) may leave it. Start it: "
                + "sudo pidep lab up --inventory \(cluster.file)")
    }

    /// As `requireBridge`, and asks the kernel that packets for `address` go over that bridge: for programs whose
    /// sockets we cannot bind to it (libpq, curl, a browser).
    public static func requireRoute(_ cluster: Cluster, to address: String) throws(LabFailure) {
        try requireBridge(cluster)
        guard let network = cluster.lab else { return }
        let route = try? Command(["ip", "-o", "route", "get", address], timeout: 5).run().standardOutput
        let words = (route ?? "").split(separator: " ")
        var device: String?
        if let index = words.firstIndex(of: "dev"), index + 1 < words.count {
            device = String(words[index + 1])
        }
        // The workstation's own address is routed over lo.
        guard device == network.bridge || (device == "lo" && address == network.workstation) else {
            throw LabFailure(
                "\(address) belongs to the lab \"\(cluster.name)\", but this machine would send to it "
                    + "\(device.map { "over \($0)" } ?? "nowhere") and not over \(network.bridge). "
                    + "Compare: ip route get \(address)")
        }
    }

    // MARK: Parts

    func toolbox() throws(LabFailure) -> Toolbox {
        Toolbox(cgroup: Cgroup(folder: "\(try Cgroup.mountPoint())/\(names.toolsCgroup)"))
    }

    func wiring(_ tools: Toolbox) -> LabWiring {
        LabWiring(names: names, network: network, tools: tools, limits: limits)
    }

    func labNode(_ node: ClusterNode, _ tools: Toolbox) throws(LabFailure) -> LabNode {
        LabNode(
            node: node, names: names.node(node.name), wiring: wiring(tools), tools: tools, limits: limits,
            cgroups: try Cgroup.mountPoint())
    }

    /// The node of that name, or a sentence that lists those there are.
    func node(named name: String) throws(LabFailure) -> ClusterNode {
        guard let node = cluster.nodes.first(where: { $0.name == name }) else {
            throw LabFailure(
                "The lab \"\(cluster.name)\" has no node \"\(name)\"; it has "
                    + cluster.nodes.map(\.name).joined(separator: ", ") + ".")
        }
        return node
    }

    /// Runs `body` while no other command changes this lab. Helper programs that an earlier command left running when it
    /// was killed are ended first.
    func locked<Result>(
        _ command: String, _ body: (Toolbox) throws(LabFailure) -> Result
    ) throws(LabFailure) -> Result {
        try Self.requireRoot(for: command)
        try Self.requirePrograms()
        try makeFolder(LabNames.runFolder)
        let lock = try FileLock(names.lockFile, within: limits.lockTimeout) { holder in
            events.report(
                Event(
                    .progress, command: command, message: "waiting for another command on this lab: \(holder)"
                ))
        }
        defer { lock.release() }
        let tools = try toolbox()
        try tools.cgroup.kill(within: limits.killTimeout)
        return try body(tools)
    }

    /// Calls `body` for each at the same time and returns what failed, in the order of `items`.
    func inParallel<Item: Sendable>(
        _ items: [Item], _ body: @escaping @Sendable (Item) throws(LabFailure) -> Void
    ) -> [LabFailure] {
        let failures = Failures()
        let group = DispatchGroup()
        for (index, item) in items.enumerated() {
            group.enter()
            // A thread each: they wait for the kernel and for other programs most of the time.
            Thread {
                do throws(LabFailure) { try body(item) } catch { failures.add(error, at: index) }
                group.leave()
            }.start()
        }
        group.wait()
        return failures.inOrder
    }

    private static func isPlainName(_ name: String) -> Bool {
        let first = name.utf8.first.map { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ".") } ?? false
        return first && name.utf8.count <= 63
            && name.utf8.allSatisfy {
                ($0 >= 48 && $0 <= 57) || ($0 >= 65 && $0 <= 90) || ($0 >= 97 && $0 <= 122)
                    || "-_.".utf8.contains($0)
            }
    }
}

private final class Failures: @unchecked Sendable {
    private let lock = NSLock()
    private var kept: [(Int, LabFailure)] = []

    func add(_ failure: LabFailure, at index: Int) { lock.withLock { kept.append((index, failure)) } }

    var inOrder: [LabFailure] { lock.withLock { kept.sorted { $0.0 < $1.0 }.map(\.1) } }
}
