import Foundation
import Inventory

/// Where and as whom to log in, and which files say whom to trust.
public struct SSHTarget: Sendable {
    /// The node's name in the inventory.
    public var node: String
    /// An address, or a name that this machine resolves.
    public var address: String
    /// Where its sshd listens.
    public var port: UInt16
    /// Who logs in.
    public var user: String
    /// Whether commands run under sudo.
    public var become: Bool
    /// For keyboard-interactive and password logins, where no key is taken; nil: none.
    public var password: String?
    /// sudo's password; nil: sudo must not ask for one.
    public var becomePassword: String?
    /// Passphrases of key files.
    public var passphrases: [String: String] = [:]
    /// The private key that the inventory (or the lab) names; nil means the agent and the usual files.
    public var keyFile: String?
    /// known_hosts files, read in this order; the first is where an accepted key is written.
    public var knownHosts: [String]
    /// The network interface that the socket is bound to: a lab's bridge.
    public var device: String?

    /// A target from its parts.
    public init(
        node: String, address: String, port: UInt16 = 22, user: String = "root", become: Bool = false,
        keyFile: String? = nil, knownHosts: [String], device: String? = nil
    ) {
        self.node = node
        self.address = address
        self.port = port
        self.user = user
        self.become = become
        self.keyFile = keyFile
        self.knownHosts = knownHosts
        self.device = device
    }

    /// A node of a cluster. A lab's key and known hosts are those that `pidep lab up` made in `labFolder`
    /// (`.pidep/lab/<name>`); another cluster's are `known_hosts` beside the inventory, then the user's own.
    public init(_ node: ClusterNode, in cluster: Cluster, labFolder: String) {
        self.init(
            node: node.name, address: node.address, port: node.port, user: node.user, become: node.become,
            keyFile: node.keyFile, knownHosts: [])
        if let lab = cluster.lab {
            device = lab.bridge
            keyFile = node.keyFile ?? "\(labFolder)/id_ed25519"
            knownHosts = ["\(labFolder)/known_hosts"]
        } else {
            let folder = URL(fileURLWithPath: cluster.file).deletingLastPathComponent().path
            knownHosts = ["\(folder)/known_hosts", "\(NSHomeDirectory())/.ssh/known_hosts"]
        }
    }

    /// `nustler1 (192.0.2.1:22)`.
    public var name: String { "\(node) (\(address.contains(":") ? "[\(address)]" : address):\(port))" }

    /// What known_hosts files call it (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).
    public var knownHostsName: String { port == 22 ? address : "[\(address)]:\(port)" }
}

/// How long each step may take.
public struct SSHTimeouts: Sendable {
    /// Until the TCP connection stands.
    public var connect: Duration = .seconds(5)
    /// Until the server has said hello and keys are exchanged: a Pi 2 under load needs seconds.
    public var keyExchange: Duration = .seconds(15)
    /// Until one of our keys is accepted.
    public var authentication: Duration = .seconds(10)
    /// How long a command may neither print nor take input.
    public var commandIdle: Duration = .seconds(60)
    /// How long a connection that is only listened to may leave what we send unacknowledged.
    public var unanswered: Duration = .seconds(15)
    /// How often a silent connection is asked whether it lives.
    public var keepalive: Duration = .seconds(15)

    /// The defaults.
    public init() {}
}
