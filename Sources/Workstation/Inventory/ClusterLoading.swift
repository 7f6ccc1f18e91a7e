import Diagnostics
import Foundation

extension Cluster {
    /// The network interface that carries the virtual IP address unless `vip_interface` says another.
    public static let defaultInterface = "eth0"
    /// The size of a lab node's state file system unless `lab_disk` says another, in bytes.
    public static let defaultLabDisk: Int64 = 1 << 30

    /// Reads an inventory file and validates it as a cluster.
    ///
    /// `knownVariables` are the variables that recipes declare: with them, a key that is neither one of them nor
    /// pidep's own is an error that names the nearest known word. Without them (nil) unknown keys are let through,
    /// for commands that have nothing to do with recipes.
    public static func load(
        _ path: String, knownVariables: Set<String>? = nil
    ) throws(InventoryFailure) -> Cluster {
        let (inventory, diagnostics) = Inventory.load(path)
        let (cluster, more) = resolve(inventory, knownVariables: knownVariables)
        let all = (diagnostics + more).sortedByLine
        guard !all.containErrors, var cluster else { throw InventoryFailure(diagnostics: all) }
        cluster.warnings = all
        return cluster
    }

    /// The cluster that an inventory describes, and what is wrong with it beyond its syntax; the cluster is nil
    /// when there is an error.
    public static func resolve(
        _ inventory: Inventory, knownVariables: Set<String>?
    ) -> (Cluster?, [Diagnostic]) {
        var resolution = ClusterResolution(inventory: inventory, knownVariables: knownVariables)
        let cluster = resolution.cluster()
        let diagnostics = resolution.diagnostics.sortedByLine
        return (diagnostics.containErrors ? nil : cluster, diagnostics)
    }
}

/// Builds a cluster and keeps what it finds wrong on the way.
struct ClusterResolution {
    let inventory: Inventory
    let knownVariables: Set<String>?
    private(set) var diagnostics: [Diagnostic] = []

    init(inventory: Inventory, knownVariables: Set<String>?) {
        self.inventory = inventory
        self.knownVariables = knownVariables
    }

    private var whole: [String: Variable] { inventory.group("all")?.variables ?? [:] }

    mutating func cluster() -> Cluster {
        checkKeys()
        let nodes = inventory.hosts.map(node)
        checkNodes(nodes)
        let vip = virtualAddress(nodes)
        let name = URL(fileURLWithPath: inventory.file).deletingPathExtension().lastPathComponent
        var cluster = Cluster(
            name: name, file: inventory.file, nodes: nodes, virtualAddress: vip?.address.description, lab: nil
        )
        cluster.packages = value("packages", in: whole, PackageSupply.init(rawValue:)) ?? .push
        if value("lab", in: whole, Bool.init(spelled:)) == true {
            cluster.lab = labNetwork(name: name, nodes: nodes, vip: vip)
        }
        return cluster
    }

    mutating func report(_ diagnostic: Diagnostic) {
        if !diagnostics.contains(diagnostic) { diagnostics.append(diagnostic) }
    }

    mutating func report(
        _ line: Int, _ problem: String, _ advice: String, severity: Diagnostic.Severity = .error
    ) {
        report(Diagnostic(severity, file: inventory.file, line: line, problem: problem, advice: advice))
    }

    /// A value that `checkKeys` has looked at already: what cannot be read is nil and has been reported.
    func value<Value>(
        _ key: String, in variables: [String: Variable], _ read: (String) -> Value?
    ) -> Value? {
        variables[key].flatMap { read($0.text) }
    }

    // MARK: Keys

    /// Every assignment is looked at where it is written, also when a stronger one hides it.
    private mutating func checkKeys() {
        for group in inventory.groups {
            for (key, variable) in group.variables.sorted(by: { $0.value.line < $1.value.line }) {
                check(key, variable, inAll: group.name == "all")
            }
        }
        for host in inventory.hosts {
            for (key, variable) in host.own.sorted(by: { $0.key < $1.key }) {
                check(key, variable, inAll: false)
            }
        }
    }

    private mutating func check(_ key: String, _ variable: Variable, inAll: Bool) {
        if case .lab? = variable.secret, value("lab", in: whole, Bool.init(spelled:)) != true {
            report(
                variable.line, "\(ASCII.clip(key)) stands here in clear, and this is no lab",
                "Write \(SecretSource.acceptedForms)")
        }
        if let known = KnownKeys.own.first(where: { $0.key == key }) {
            if let problem = variable.problem(key, known.kind) { report(problem) }
            if known.wholeCluster, !inAll {
                report(
                    variable.line, "\(key) concerns the whole cluster", "Move it into the section [all:vars]")
            }
        } else if let known = KnownKeys.ansible.first(where: { $0.key == key }) {
            if let problem = variable.problem(key, known.kind) { report(problem) }
        } else if key.hasPrefix("ansible_") {
            let near = nearestWord(to: key, among: KnownKeys.ansible.map(\.key))
            report(
                variable.line, "\(ASCII.clip(key)) is not supported and is ignored by pidep",
                near.map { "Did you mean \"\($0)\"?" } ?? "", severity: .warning)
        } else if let knownVariables, !knownVariables.contains(key),
            !knownVariables.contains(where: { VariableFamily($0)?.key(of: key) != nil })
        {
            let near = nearestWord(to: key, among: KnownKeys.all + knownVariables.sorted())
            report(
                variable.line, "\"\(ASCII.clip(key))\" is not a variable that pidep or a recipe knows",
                near.map { "Did you mean \"\($0)\"?" }
                    ?? "docs/inventory.md lists pidep's own, each recipe.yaml those of its recipe")
        }
    }

    // MARK: Nodes

    private func node(_ host: Inventory.Host) -> ClusterNode {
        let variables = host.variables
        let recipes = inventory.recipes(of: host)
        return ClusterNode(
            name: host.name,
            address: variables["ansible_host"]?.text ?? host.name,
            port: value("ansible_port", in: variables, UInt16.init(port:)) ?? 22,
            user: variables["ansible_user"]?.text ?? "root",
            keyFile: variables["ansible_ssh_private_key_file"].map { keyPath($0.text) },
            become: value("ansible_become", in: variables, Bool.init(spelled:)) ?? false,
            architecture: variables["arch"]?.text,
            groups: host.groups.reversed(),
            recipes: recipes.map(\.name),
            recipeLines: Dictionary(uniqueKeysWithValues: recipes.map { ($0.name, $0.line) }),
            variables: variables,
            file: inventory.file, line: host.line)
    }

    /// `~` is the home folder; a relative path begins at the inventory file's folder.
    private func keyPath(_ text: String) -> String {
        let expanded = NSString(string: text).expandingTildeInPath
        guard !expanded.hasPrefix("/") else { return expanded }
        let folder = NSString(string: inventory.file).deletingLastPathComponent
        return folder.isEmpty ? expanded : "\(folder)/\(expanded)"
    }

    private mutating func checkNodes(_ nodes: [ClusterNode]) {
        if nodes.isEmpty {
            report(0, "the inventory names no node", "Add a line such as nustler1 to a section")
        }
        var seen: [String: ClusterNode] = [:]
        for node in nodes {
            let place = "\(node.address):\(node.port)"
            if let other = seen[place] {
                let where_ = "(line \(node.line)) and \(other.name) (line \(other.line))"
                report(
                    max(node.line, other.line),
                    "\(node.name) \(where_) have the same address \(node.address)",
                    "Give each node its own ansible_host or port")
            } else {
                seen[place] = node
            }
            if node.address.isEmpty || node.address.utf8.contains(where: { $0 <= 32 || $0 == 127 }) {
                report(
                    node.variables["ansible_host"]?.line ?? node.line,
                    "the address of \(node.name) is \"\(ASCII.clip(node.address))\", which cannot be used",
                    "Write an address, or a name that this machine resolves")
            }
        }
    }

    private mutating func virtualAddress(
        _ nodes: [ClusterNode]
    ) -> (address: IPv4Address, line: Int)? {
        guard let variable = whole["vip"], ValueKind.address.accepts(variable.text) else { return nil }
        guard let address = IPv4Address(variable.text) else {
            report(
                variable.line, "vip is \"\(ASCII.clip(variable.text))\", which cannot be used",
                "Write an IPv4 address, as in 192.0.2.29")
            return nil
        }
        if let node = nodes.first(where: { $0.address == variable.text }) {
            report(
                variable.line, "vip is also the address of \(node.name) (line \(node.line))",
                "The virtual IP address must be one that no node has")
        }
        return (address, variable.line)
    }
}
