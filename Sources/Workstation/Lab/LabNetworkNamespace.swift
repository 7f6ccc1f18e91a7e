import CLinux
import Commands
import Foundation
import Inventory

/// The workstation's side of a lab, where it cannot be on the machine's own network: because that one has the lab's
/// range itself. Then the bridge is in a network namespace of its own, and every command for the lab goes there first.
struct LabNetworkNamespace {
    let names: LabNames

    /// `/run/netns/pidep-lab`, for `ip netns exec`.
    var file: String { "/run/netns/\(name)" }
    var name: String { names.bridge }

    /// The lab's workstation side is in a namespace of its own, and this process is not in it.
    var isElsewhere: Bool { cl_is_in_network(file) == 0 }

    /// Starts this program anew inside, with the same arguments.
    func enter() throws(LabFailure) -> Never {
        let code = -cl_restart_in_network(file)
        let reason = String(cString: cl_strerror(code))
        guard code != EPERM else {
            throw LabFailure(
                "The lab \"\(names.lab)\" is in a network namespace of its own, \(name), since this machine's own "
                    + "network has its range; only root may go there. Run this with sudo.")
        }
        throw LabFailure("The lab's network namespace \(file) cannot be entered: \(reason).")
    }

    func make(_ tools: Toolbox, within timeout: Duration) throws(LabFailure) {
        guard cl_is_in_network(file) < 0 else { return }
        try tools.run(["ip", "netns", "add", name], timeout: timeout)
        try tools.run(["ip", "-n", name, "link", "set", "lo", "up"], timeout: timeout)
    }

    /// Takes its name away; it ends with the last process in it, this one.
    func remove(within timeout: Duration) throws(LabFailure) {
        guard cl_is_in_network(file) >= 0 else { return }
        try MountPoint.unmountAll(below: file, within: timeout)
        unlink(file)
    }
}

extension Lab {
    /// Goes to where the workstation's side of a cluster's lab is, when that is a network namespace of its own: by
    /// starting this program anew inside, so call it first of all. Other clusters, and labs that are on the machine's
    /// own network, need nothing.
    public static func enterNetwork(_ cluster: Cluster, root: String) throws(LabFailure) {
        guard let network = cluster.lab else { return }
        let namespace = LabNetworkNamespace(
            names: LabNames(lab: cluster.name, bridge: network.bridge, root: root))
        if namespace.isElsewhere { try namespace.enter() }
    }

    /// What to put before a command that must reach the world from a command of a cluster's lab: nothing, unless the
    /// lab is in a network namespace of its own; then the way back to where this program came from.
    public static func wayOut(of cluster: Cluster) -> [String] {
        guard let network = cluster.lab else { return [] }
        let names = LabNames(lab: cluster.name, bridge: network.bridge, root: "")
        guard cl_is_in_network(LabNetworkNamespace(names: names).file) == 1 else { return [] }
        let kept = ProcessInfo.processInfo.environment["PIDEP_OUTER_NETWORK"].flatMap { Int32($0) }
        // Started in there by somebody else: the network of the machine's first process.
        let outer = kept.map { "/proc/\(getpid())/fd/\($0)" } ?? "/proc/1/ns/net"
        return ["nsenter", "--net=\(outer)", "--"]
    }

    /// Before `up`: where this machine's own network has the lab's range, makes a network namespace for the
    /// workstation's side and goes there. The root file system is made before that, since there is no way out of it.
    public func prepareNetwork(prefilled: Bool = false) throws(LabFailure) {
        let namespace = LabNetworkNamespace(names: names)
        guard cl_is_in_network(namespace.file) < 0 else {
            return try Self.enterNetwork(cluster, root: names.root)
        }
        try locked("lab up") { tools throws(LabFailure) in
            guard try wiring(tools).rangeIsTheMachines() else { return }
            try RootFileSystem(root: names.root, prefilled: prefilled).ensure(
                tools, limits: limits, events: events)
            try namespace.make(tools, within: limits.toolTimeout)
        }
        try Self.enterNetwork(cluster, root: names.root)
    }
}
