import CLinux
import Digest
import Foundation
import Inventory

/// What makes a node this node and not its neighbour: name, addresses, keys. Written into its root file system before
/// it starts, as an image writer does with a Pi's card.
struct NodeIdentity {
    let node: ClusterNode
    let names: NodeNames
    let cluster: Cluster
    /// `armv7`, `arm64` or `amd64`: what the node's facts report.
    let architecture: String
    /// The key that may log in.
    let authorizedKey: String
    /// The file in which the node's facts look for the architecture that the lab plays.
    static let architectureFile = "/etc/pidep-lab-architecture"

    func write() throws(LabFailure) {
        let root = names.rootMount
        guard let hostKey = readFile(names.hostKey), let publicKey = readFile("\(names.hostKey).pub") else {
            throw LabFailure("\(names.hostKey) cannot be read. Run pidep lab down and up again.")
        }
        try writeFile("\(root)/etc/ssh/ssh_host_ed25519_key", hostKey, mode: 0o600)
        try writeFile("\(root)/etc/ssh/ssh_host_ed25519_key.pub", publicKey)
        try writeFile("\(root)/etc/ssh/sshd_config.d/lab-port.conf", "Port \(node.port)\n")
        try makeFolder("\(root)/root/.ssh")
        chmod("\(root)/root/.ssh", 0o700)
        try writeFile("\(root)/root/.ssh/authorized_keys", authorizedKey + "\n", mode: 0o600)
        try writeFile("\(root)/etc/machine-id", machineID(of: publicKey) + "\n", mode: 0o444)
        try writeArchitecture()
        // Once: a deploy may change them, and a node that is started again must find them as it left them.
        let mark = "\(names.diskMount)/named"
        guard access(mark, F_OK) != 0 else { return }
        try writeFile("\(root)/etc/hostname", node.name + "\n")
        try writeFile("\(root)/etc/hosts", hosts)
        try writeFile(mark, "")
        // As on a card that was written and taken out: a power cut does not undo it.
        let disk = cl_open(names.diskMount, O_RDONLY | O_DIRECTORY, 0)
        if disk >= 0 {
            _ = cl_syncfs(disk)
            close(disk)
        }
    }

    func writeArchitecture() throws(LabFailure) {
        try writeFile(names.rootMount + Self.architectureFile, architecture + "\n")
    }

    private var hosts: String {
        let own = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
        return cluster.nodes.reduce(own) { "\($0)\($1.address)\t\($1.name)\n" }
    }

    /// As lasting and as unique as the node's host key.
    private func machineID(of publicKey: String) -> String {
        String(SHA256Digest(of: Array("machine-id \(publicKey)".utf8)).hexadecimal.prefix(32))
    }
}
