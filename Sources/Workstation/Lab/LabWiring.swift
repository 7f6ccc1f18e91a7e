import CLinux
import Foundation
import Inventory

/// The lab's network on this machine: a bridge, a cable (veth) to each node's network namespace, and the cuts.
/// Nothing is routed or translated to the outside.
struct LabWiring: Sendable {
    let names: LabNames
    let network: LabNetwork
    let tools: Toolbox
    let limits: LabLimits

    /// Of the route that keeps the lab's range on this machine when the bridge does not take a packet. A bridge's own
    /// route is better (0); other numbers than this one are other people's and stay.
    static let unreachableMetric = 1_000_000
    /// Exists while `/run/netns` was made a mount point for us: `ip netns add` does that once and never undoes it.
    private static let namespacesMark = "/run/pidep/netns-mounted"
    private static let namespacesFolder = "/run/netns"

    private var range: String { "\(network.network)/\(network.prefix)" }

    /// The bridge is there.
    static func hasBridge(_ bridge: String) -> Bool { cl_is_bridge(bridge) == 1 }

    /// Makes the bridge, the workstation's place on it, and the route of last resort.
    func raise() throws(LabFailure) {
        try refuseForeignRoutes()
        let bridge = names.bridge
        try writeFile(names.routeMark, "")
        var commands: [String] = []
        commands.append("route replace unreachable \(range) metric \(Self.unreachableMetric)")
        if !Self.hasBridge(bridge) {
            // mcast_snooping: VRRP's multicast must reach every port, as on a plain switch.
            commands.append(
                "link add \(bridge) address \(names.bridgeHardwareAddress) type bridge stp_state 0 forward_delay 0 "
                    + "mcast_snooping 0")
        }
        commands.append("addr replace \(network.workstation)/\(network.prefix) dev \(bridge)")
        commands.append("link set \(bridge) up")
        try ip(commands)
        for family in ["ipv4", "ipv6"] {
            let file = "/proc/sys/net/\(family)/conf/\(bridge)/forwarding"
            if access(file, W_OK) == 0 { try? "0\n".write(toFile: file, atomically: false, encoding: .utf8) }
        }
    }

    /// Whether another program's packet filter sees what goes over the bridge, and may drop it.
    var bridgeIsFiltered: Bool {
        readFile("/proc/sys/net/bridge/bridge-nf-call-iptables")?.hasPrefix("1") == true
    }

    /// Removes all that `raise` makes, and the cuts.
    func lower() throws(LabFailure) {
        try setDrops([])
        if Self.hasBridge(names.bridge) { try ip(["link del \(names.bridge)"]) }
        // Two labs of one range cannot be up together, but the one that is not can be taken down.
        if access(names.routeMark, F_OK) == 0 {
            let route = try tools.run(
                ["ip", "-4", "route", "show", "type", "unreachable", "exact", range],
                timeout: limits.toolTimeout)
            if route.contains("metric \(Self.unreachableMetric)") {
                try ip(["route del unreachable \(range) metric \(Self.unreachableMetric)"])
            }
        }
        releaseNamespacesFolder()
    }

    /// Makes a node's network namespace with its `eth0`, plugged into the bridge; the cable of a node that is cut is
    /// dead from the start.
    func plug(_ node: NodeNames, address: String) throws(LabFailure) {
        if !MountPoint.all().contains(where: { $0.path == Self.namespacesFolder }) {
            try writeFile(Self.namespacesMark, "")
        }
        let cable = access(node.cutMark, F_OK) == 0 ? "down" : "up"
        try ip([
            "netns add \(node.namespace)",
            // One message to the kernel: there is no cable that is not plugged in.
            "link add \(node.interface) master \(names.bridge) type veth peer name eth0 "
                + "address \(node.hardwareAddress) netns \(node.namespace)",
            "link set \(node.interface) \(cable)",
        ])
        try ip(
            ["addr add \(address)/\(network.prefix) dev eth0", "link set lo up", "link set eth0 up"],
            in: node.namespace)
    }

    /// Removes a node's cable and namespace.
    func unplug(_ node: NodeNames) throws(LabFailure) {
        if hasCable(node) { try ip(["link del \(node.interface)"]) }
        try MountPoint.unmountAll(below: node.namespaceFile, within: limits.unmountTimeout)
        unlink(node.namespaceFile)
    }

    func hasCable(_ node: NodeNames) -> Bool { if_nametoindex(node.interface) != 0 }

    /// Pulls or plugs a node's cable; the node sees its carrier go and come.
    func setCable(_ node: NodeNames, connected: Bool) throws(LabFailure) {
        try ip(["link set \(node.interface) \(connected ? "up" : "down")"])
    }

    /// Whether the cable carries: IFF_UP of the machine's end.
    func isConnected(_ node: NodeNames) -> Bool {
        let flags = cl_interface_flags(node.interface)
        return flags >= 0 && flags & Int32(IFF_UP) != 0
    }

    /// Lets the bridge drop what one node sends to another, for exactly these pairs: whatever kind of packet it is
    /// and whatever addresses it has, since what counts are the ports. One transaction.
    func setDrops(_ pairs: [(sender: NodeNames, receiver: NodeNames)]) throws(LabFailure) {
        let table = "bridge \(names.table)"
        // `add` before `delete`: it is no error then when there is none.
        var text = "add table \(table)\ndelete table \(table)\n"
        if !pairs.isEmpty {
            text += "add table \(table)\n"
            text += "add chain \(table) forward { type filter hook forward priority 0; policy accept; }\n"
            for pair in pairs {
                text +=
                    "add rule \(table) forward iifname \"\(pair.sender.interface)\" "
                    + "oifname \"\(pair.receiver.interface)\" counter drop\n"
            }
        }
        try tools.run(["nft", "-f", "-"], input: text, timeout: limits.toolTimeout)
    }

    /// Another interface with addresses of the lab's range would take the lab's packets, or lose its own.
    private func refuseForeignRoutes() throws(LabFailure) {
        guard let foreign = try foreignRoute() else { return }
        throw LabFailure(
            "The lab's range \(range) is already routed to \(foreign.device) on this machine (\(foreign.range)). "
                + "Take that down (another lab? pidep lab down), or give this lab another documentation range."
        )
    }

    /// Whether it is the machine itself that has the lab's range on its network, and not another lab.
    func rangeIsTheMachines() throws(LabFailure) -> Bool {
        guard let foreign = try foreignRoute() else { return false }
        return !foreign.device.hasPrefix("pidep-")
    }

    private func foreignRoute() throws(LabFailure) -> (device: String, range: String)? {
        let routes = try tools.run(
            ["ip", "-4", "route", "show", "to", "root", range], timeout: limits.toolTimeout)
        for line in routes.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard words.first != "unreachable", let index = words.firstIndex(of: "dev"),
                index + 1 < words.count, words[index + 1] != names.bridge
            else { continue }
            return (words[index + 1], words[0])
        }
        return nil
    }

    private func ip(_ commands: [String], in namespace: String? = nil) throws(LabFailure) {
        let options = namespace.map { ["-n", $0] } ?? []
        try tools.run(
            ["ip"] + options + ["-batch", "-"], input: commands.map { $0 + "\n" }.joined(),
            timeout: limits.toolTimeout)
    }

    private func releaseNamespacesFolder() {
        guard access(Self.namespacesMark, F_OK) == 0,
            (try? FileManager.default.contentsOfDirectory(atPath: Self.namespacesFolder))?.isEmpty != false
        else { return }
        while MountPoint.all().contains(where: { $0.path == Self.namespacesFolder }) {
            guard umount2(Self.namespacesFolder, 0) == 0 else { return }
        }
        rmdir(Self.namespacesFolder)
        unlink(Self.namespacesMark)
    }
}
