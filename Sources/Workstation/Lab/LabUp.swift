import Events
import Foundation
import Inventory

extension Lab {
    /// Architectures that a lab node can play.
    public static let architectures = ["armv7", "arm64", "amd64"]

    /// Brings the whole lab up: nodes that are not there, dead or frozen are started or thawed, cuts are healed, nodes
    /// that the inventory no longer has are removed. Returns when every node's sshd lets the lab's key in.
    ///
    /// `architecture` is what the nodes' facts report; nil keeps what the lab has, else takes the inventory's `arch`,
    /// else this machine's own. `prefilled`: nodes that are made now have the recipes' packages already.
    public func up(architecture: String? = nil, prefilled: Bool = false) throws(LabFailure) {
        try locked("lab up") { tools throws(LabFailure) in
            let rootFileSystem = try RootFileSystem(root: names.root, prefilled: prefilled)
            try rootFileSystem.ensure(tools, limits: limits, events: events)
            try claim()
            let state = try self.state(architecture: architecture, rootFileSystem)
            try makeKeys(tools)
            try LabSecrets.make(for: cluster)
            try registerFormats(of: state)
            let wiring = wiring(tools)
            try wiring.raise()
            for name in strangers() { try stranger(name, tools).remove() }
            try wiring.setDrops([])
            let nodes = try cluster.nodes.map { node throws(LabFailure) in try labNode(node, tools) }
            for node in nodes { try forgetCuts(of: node) }
            let failures = inParallel(nodes) { node throws(LabFailure) in
                do throws(LabFailure) { try bringUp(node, state) } catch {
                    events.report(
                        Event(.failed, command: "lab up", subject: node.node.name, message: error.sentence))
                    throw error
                }
            }
            guard failures.isEmpty else {
                throw LabFailure(
                    failures.count == 1
                        ? failures[0].sentence
                        : "\(failures.count) of \(nodes.count) nodes are not up:\n"
                            + failures.map(\.sentence).joined(separator: "\n"))
            }
            try warnIfFiltered(nodes, wiring)
        }
    }

    /// Starts a node that was killed: its disk is mounted again and its system boots, as when a Pi gets its power back.
    /// A cut cable stays cut; then the node is not waited for.
    public func start(_ name: String) throws(LabFailure) {
        let node = try node(named: name)
        try Self.requireBridge(cluster)
        try locked("lab start \(name)") { tools throws(LabFailure) in
            guard let state = LabState.read(names) else { throw noState }
            let labNode = try labNode(node, tools)
            guard !labNode.isRunning else { throw LabFailure("\(name) runs already.") }
            let begin = ContinuousClock.now
            try boot(labNode, state, command: "lab start")
            guard labNode.wiring.isConnected(labNode.names) else { return }
            try waitUntilUp(labNode, since: begin, command: "lab start")
        }
    }

    /// What commands say that need what `up` wrote.
    var noState: LabFailure {
        LabFailure(
            "\(names.stateFile) is missing or damaged: sudo pidep lab up --inventory \(cluster.file) writes it anew."
        )
    }

    /// Docker, for one, lets a machine's packet filter drop what it does not know on any bridge (br_netfilter).
    private func warnIfFiltered(_ nodes: [LabNode], _ wiring: LabWiring) throws(LabFailure) {
        guard wiring.bridgeIsFiltered, nodes.count > 1 else { return }
        let connect = "exec 3<>/dev/tcp/\(nodes[1].node.address)/\(nodes[1].node.port)"
        let output = try exec(nodes[0].node.name, ["timeout", "2", "bash", "-c", connect])
        guard output.code != 0 else { return }
        events.report(
            Event(
                .warning, command: "lab up",
                message:
                    "the nodes do not reach each other: this machine's packet filter (a firewall, Docker) drops "
                    + "what goes over the lab's bridge. Let it pass: sysctl net.bridge.bridge-nf-call-iptables=0"
            ))
    }

    private func bringUp(_ node: LabNode, _ state: LabState) throws(LabFailure) {
        let begin = ContinuousClock.now
        // A container without its first process, or without its mounts, is what a crash left.
        let isWhole = node.leader != nil && !MountPoint.below(node.names.runFolder).isEmpty
        if isWhole {
            if node.cgroup.isFrozen { try node.cgroup.setFrozen(false, within: limits.freezeTimeout) }
            try node.wiring.setCable(node.names, connected: true)
            try identity(of: node, state).writeArchitecture()
        } else {
            try boot(node, state, command: "lab up")
        }
        try waitUntilUp(node, since: begin, command: "lab up")
    }

    private func boot(_ node: LabNode, _ state: LabState, command: String) throws(LabFailure) {
        events.report(Event(.started, command: command, subject: node.node.name, message: "starting"))
        let size: Int64
        do { size = try node.node.size("lab_disk", default: Cluster.defaultLabDisk) } catch {
            throw LabFailure(error.sentence)
        }
        let disk = NodeDisk(node: node.names, rootFileSystem: state.rootFileSystem, size: size)
        try node.start(identity: identity(of: node, state), disk: disk)
    }

    private func waitUntilUp(
        _ node: LabNode, since begin: ContinuousClock.Instant, command: String
    ) throws(LabFailure) {
        events.report(
            Event(
                .progress, command: command, subject: node.node.name,
                message:
                    "waiting for sshd at \(node.node.address):\(node.node.port) (at most \(limits.bootTimeout))"
            ))
        try Readiness(lab: self, node: node).wait(started: begin)
        events.report(
            Event(
                .finished, command: command, subject: node.node.name, message: "up at \(node.node.address)",
                data: [.init("address", .string(node.node.address))]))
    }

    private func identity(of node: LabNode, _ state: LabState) throws(LabFailure) -> NodeIdentity {
        NodeIdentity(
            node: node.node, names: node.names, cluster: cluster,
            architecture: state.architectures[node.node.name] ?? hostArchitecture,
            authorizedKey: try KeyPair(path: names.key).publicKey())
    }

    // MARK: Before the nodes

    /// Says that this lab is this clone's: another clone of the project may have one of the same name.
    private func claim() throws(LabFailure) {
        let file = "\(names.runFolder)/root"
        if let owner = readFile(file)?.trimmingCharacters(in: .newlines), owner != names.root,
            Self.isUp(cluster)
        {
            throw LabFailure(
                "The lab \"\(names.lab)\" is up already, from the clone in \(owner). Take it down first: "
                    + "sudo pidep lab down --inventory \(cluster.file)")
        }
        try shareRunFolder()
        try makeFolder(names.nodesFolder)
        try writeFile(file, names.root + "\n")
    }

    /// Makes the lab's folder a mount point of its own whose mounts come and go in all mount namespaces together: where
    /// the machine's own are private, every `ip netns exec` would keep a copy of the nodes' disks that outlives `down`.
    private func shareRunFolder() throws(LabFailure) {
        try makeFolder(names.runFolder)
        if !MountPoint.all().contains(where: { $0.path == names.runFolder }) {
            try MountPoint.bind(names.runFolder)
        }
        try MountPoint.share(names.runFolder)
    }

    private func state(
        architecture: String?, _ rootFileSystem: RootFileSystem
    ) throws(LabFailure) -> LabState {
        let earlier = Self.isUp(cluster) ? LabState.read(names) : nil
        var architectures: [String: String] = [:]
        for node in cluster.nodes {
            architectures[node.name] =
                architecture ?? earlier?.architectures[node.name] ?? node.architecture ?? hostArchitecture
        }
        // Running nodes keep the root file system that they stand on.
        let state = LabState(
            architectures: architectures,
            rootFileSystem: earlier?.rootFileSystem ?? rootFileSystem.folder)
        try makeFolder(names.stateFolder)
        try state.write(names, cluster: cluster)
        return state
    }

    private func registerFormats(of state: LabState) throws(LabFailure) {
        for architecture in Set(state.architectures.values) {
            guard let format = Binfmt.format(for: architecture, on: hostArchitecture) else { continue }
            try writeFile("\(names.runFolder)/binfmt", format + "\n")
            try Binfmt.register(format)
        }
    }

    /// The lab's key pair, one host key a node, and the file by which everybody knows them.
    private func makeKeys(_ tools: Toolbox) throws(LabFailure) {
        try makeFolder("\(names.stateFolder)/nodes")
        chmod(names.stateFolder, 0o700)
        try KeyPair(path: names.key).ensure(tools, comment: "pidep lab \(names.lab)", limits: limits)
        var knownHosts = ""
        for node in cluster.nodes {
            let its = names.node(node.name)
            try makeFolder(its.stateFolder)
            let pair = KeyPair(path: its.hostKey)
            try pair.ensure(tools, comment: node.name, limits: limits)
            let hosts = [node.address, node.name].map { node.port == 22 ? $0 : "[\($0)]:\(node.port)" }
            knownHosts += "\(hosts.joined(separator: ",")) \(try pair.publicKey())\n"
        }
        try writeFile(names.knownHosts, knownHosts)
    }

    var hostArchitecture: String {
        #if arch(x86_64)
            "amd64"
        #elseif arch(arm64)
            "arm64"
        #else
            "armv7"
        #endif
    }
}
