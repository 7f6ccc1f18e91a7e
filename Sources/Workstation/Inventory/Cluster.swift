import Diagnostics

/// What one inventory describes, validated: the nodes, their groups and variables.
public struct Cluster: Sendable, Equatable {
    /// The inventory file's name without folder and suffix: `lab` for `inventory/lab.ini`. Names its lab, too.
    public var name: String
    /// The inventory file as the person named it.
    public var file: String
    /// In the order of the inventory.
    public var nodes: [ClusterNode]
    /// The virtual IP address that clients use (`vip` in `[all:vars]`), or nil where the cluster has none.
    public var virtualAddress: String?
    /// Where nodes get packages from (`packages` in `[all:vars]`).
    public var packages: PackageSupply = .push
    /// Set where the inventory says `lab = true`.
    public var lab: LabNetwork?
    /// What is odd in the inventory and does not keep it from being used; sorted by line.
    public var warnings: [Diagnostic]

    /// A cluster from its parts; `Cluster.load` reads one from an inventory.
    public init(
        name: String, file: String, nodes: [ClusterNode], virtualAddress: String?, lab: LabNetwork?,
        warnings: [Diagnostic] = []
    ) {
        self.name = name
        self.file = file
        self.nodes = nodes
        self.virtualAddress = virtualAddress
        self.lab = lab
        self.warnings = warnings
    }

    /// The nodes of a group, in the order of the inventory.
    public func nodes(in group: String) -> [ClusterNode] { nodes.filter { $0.groups.contains(group) } }
}

/// Where nodes get Debian packages from.
public enum PackageSupply: String, Sendable, Equatable {
    /// The workstation fetches them and sends each node what it lacks.
    case push
    /// Each node's own apt fetches them.
    case node
}

/// The network of an emulated cluster, on this machine only.
public struct LabNetwork: Sendable, Equatable {
    /// The bridge interface that all lab nodes are on, at most 15 bytes (IFNAMSIZ - 1); derived from the lab's name.
    public var bridge: String
    /// The workstation's own address on the bridge: `192.0.2.254`.
    public var workstation: String
    /// The range: `192.0.2.0`, and its prefix length 24.
    public var network: String
    /// The prefix length of the range, 0 to 32.
    public var prefix: Int

    /// A network from its parts.
    public init(bridge: String, workstation: String, network: String, prefix: Int) {
        self.bridge = bridge
        self.workstation = workstation
        self.network = network
        self.prefix = prefix
    }
}

/// One Raspberry Pi, or one lab container.
public struct ClusterNode: Sendable, Equatable {
    /// The host's name in the inventory.
    public var name: String
    /// An IPv4 or IPv6 address, or a name that the workstation resolves (`ansible_host`; else the node's name).
    public var address: String
    /// The port of its sshd (`ansible_port`), 22 unless said.
    public var port: UInt16
    /// Who logs in (`ansible_user`), `root` unless said.
    public var user: String
    /// The private key (`ansible_ssh_private_key_file`); nil means the agent and the usual files.
    public var keyFile: String?
    /// Whether what needs root is run with sudo (`ansible_become`).
    public var become: Bool
    /// `armv7`, `arm64` or `amd64` (`arch`), or nil: whatever the node's facts say.
    public var architecture: String?
    /// All groups it is in, parents included, from the strongest to the weakest: `all` is last.
    public var groups: [String]
    /// The recipes of all its groups and of its own line, in the order of the inventory's lines, each once.
    public var recipes: [String]
    /// The line of the inventory that first names each recipe.
    public var recipeLines: [String: Int]
    /// The resolved variables.
    public var variables: [String: Variable]
    /// The inventory file as the person named it.
    public var file: String
    /// Where the inventory first names the node, counted from 1.
    public var line: Int

    /// A node from its parts.
    public init(
        name: String, address: String, port: UInt16 = 22, user: String = "root", keyFile: String? = nil,
        become: Bool = false, architecture: String? = nil, groups: [String] = [], recipes: [String] = [],
        recipeLines: [String: Int] = [:], variables: [String: Variable] = [:], file: String = "",
        line: Int = 0
    ) {
        self.name = name
        self.address = address
        self.port = port
        self.user = user
        self.keyFile = keyFile
        self.become = become
        self.architecture = architecture
        self.groups = groups
        self.recipes = recipes
        self.recipeLines = recipeLines
        self.variables = variables
        self.file = file
        self.line = line
    }
}

/// A variable's text and where it was written: every value is text until somebody reads it as something.
public struct Variable: Sendable, Equatable {
    /// The value as it was written, quotes taken off.
    public var text: String
    /// The file, as the person named it, and its line, counted from 1.
    public var file: String
    /// Counted from 1.
    public var line: Int

    /// A value and its place.
    public init(text: String, file: String, line: Int) {
        self.text = text
        self.file = file
        self.line = line
    }
}
