import Digest
import Inventory

/// Where everything of one lab is, and what it is called: all of it can be told from the lab's name, so that what a
/// crash left behind is found again.
struct LabNames: Sendable, Equatable {
    /// The folder below which labs keep what lives until the machine stops.
    static let runFolder = "/run/pidep/lab"
    /// The cgroup of all labs, below the mount of cgroup v2.
    static let cgroup = "pidep-lab"
    /// The largest name of a network interface (IFNAMSIZ without its zero).
    static let interfaceLength = 15

    let lab: String
    let bridge: String
    /// The project's folder.
    let root: String

    /// Keys, disks and `state.json`.
    var stateFolder: String { "\(root)/.pidep/lab/\(lab)" }
    var stateFile: String { "\(stateFolder)/state.json" }
    var key: String { "\(stateFolder)/id_ed25519" }
    var knownHosts: String { "\(stateFolder)/known_hosts" }
    /// Mounts, and a folder for each node that has something on this machine.
    var runFolder: String { "\(Self.runFolder)/\(lab)" }
    var lockFile: String { "\(Self.runFolder)/\(lab).lock" }
    /// Exists while the route of last resort is this lab's.
    var routeMark: String { "\(runFolder)/route" }
    var nodesFolder: String { "\(runFolder)/nodes" }
    var cgroup: String { "\(Self.cgroup)/\(lab)" }
    /// Where our own helper programs run, so that they do not outlive a command that was killed.
    var toolsCgroup: String { "\(cgroup)/tools" }
    /// The nftables table (family bridge) of `cut --from`.
    var table: String {
        "pidep_lab_" + String(lab.map { $0.isLetter || $0.isNumber ? $0 : "_" }) + "_" + tag(lab)
    }
    var bridgeHardwareAddress: String { hardwareAddress(of: "bridge") }

    func node(_ name: String) -> NodeNames {
        // A dot in either name would let two pairs of lab and node share one name.
        let readable = "\(lab).\(name)"
        let hashed = "pl" + String(digest(of: "\(lab)/\(name)").prefix(12))
        let isClear = !lab.contains(".") && !name.contains(".")
        return NodeNames(
            name: name,
            interface: isClear && readable.utf8.count <= Self.interfaceLength ? readable : hashed,
            namespace: isClear ? "pidep-\(readable)" : hashed,
            machine: "pidep-\(hashed)",
            hardwareAddress: hardwareAddress(of: name),
            stateFolder: "\(stateFolder)/nodes/\(name)",
            runFolder: "\(nodesFolder)/\(name)",
            cgroup: "\(cgroup)/node-\(name)")
    }

    /// Locally administered and the same at every start: a node that comes back is still in its neighbours' tables.
    private func hardwareAddress(of name: String) -> String {
        let digits = Array(digest(of: "\(lab)/\(name)").prefix(10))
        let pairs = stride(from: 0, to: 10, by: 2).map { String(digits[$0...$0 + 1]) }
        return (["02"] + pairs).joined(separator: ":")
    }

    private func tag(_ text: String) -> String { String(digest(of: text).prefix(4)) }

    private func digest(of text: String) -> String { SHA256Digest(of: Array(text.utf8)).hexadecimal }
}

/// Where everything of one lab node is, and what it is called.
struct NodeNames: Sendable, Equatable {
    let name: String
    /// The machine's end of the node's cable, a port of the bridge; the node's end is `eth0`.
    let interface: String
    /// The network namespace, below `/run/netns`.
    let namespace: String
    /// What systemd-nspawn calls it; unique on this machine.
    let machine: String
    /// The MAC of `eth0`.
    let hardwareAddress: String
    /// Host keys and the disk image.
    let stateFolder: String
    /// Mounts and marks.
    let runFolder: String
    /// Below the mount of cgroup v2.
    let cgroup: String

    var namespaceFile: String { "/run/netns/\(namespace)" }
    var hostKey: String { "\(stateFolder)/ssh_host_ed25519_key" }
    /// The node's ext4.
    var diskMount: String { "\(runFolder)/disk" }
    /// The overlay that the node sees as `/`.
    var rootMount: String { "\(runFolder)/root" }
    /// What the node printed while it started.
    var console: String { "\(runFolder)/console.log" }
    /// Exists while the cable is cut: a node that is started again does not mend it.
    var cutMark: String { "\(runFolder)/cut" }
    /// Exists after a power cut, until the disk is mounted again.
    var powerMark: String { "\(runFolder)/power-cut" }
}
