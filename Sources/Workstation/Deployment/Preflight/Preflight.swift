import Inventory
import Manifest
import Recipes

/// Whether a deploy can go well, before anything is touched: a pure function of what nodes shall be and what they say.
/// All that stands in the way is told at once, a sentence each.
struct Preflight {
    /// One node that something will be done to.
    struct Node {
        var compiled: CompiledNode
        var demands: NodeDemands
        var plan: NodePlan
        var facts: Facts
        var found: PreflightFacts
        /// The workstation's clock when the node was asked, in seconds since 1970.
        var asked: Double
    }

    /// The clocks of two nodes may differ by this much: the round trip's own error is far below it.
    static let clockSkewLimit: Duration = .seconds(5)
    /// What must be left on every file system: logs and apt want room, too.
    static let spaceReserve: Int64 = 32 << 20
    /// What must be free for an apply and the roles it starts (bytes).
    static let memoryNeeded: Int64 = 48 << 20
    /// Debian's releases, and Raspberry Pi OS's that are made of them.
    static let releases = ["11", "12", "13"]
    static let distributions = ["debian", "raspbian"]
    /// Debian 11's kernel.
    static let oldestKernel = (5, 10)

    let cluster: Cluster
    let nodes: [Node]
    /// Hardware addresses of this cluster's nodes, all that are known.
    let ownHardware: Set<String>

    init(cluster: Cluster, nodes: [Node]) {
        self.cluster = cluster
        self.nodes = nodes
        let own = nodes.flatMap { Array($0.found.interfaces.values) }
        let addresses = Set(cluster.nodes.map(\.address))
        let peers = nodes.flatMap(\.found.neighbours).filter { addresses.contains($0.address) }
        ownHardware = Set(own + peers.map(\.hardwareAddress))
    }

    /// What stands in the way; empty when nothing does.
    var problems: [String] {
        let questions = [system, memory, space, ports, addresses, kernel, accounts]
        var problems: [String] = []
        for node in nodes {
            for question in questions { problems += question(node).map { "\(node.plan.node): \($0)" } }
        }
        return problems + clocks
    }

    private func system(_ node: Node) -> [String] {
        let found = node.found
        var problems: [String] = []
        if !Self.distributions.contains(found.distribution)
            || !Self.releases.contains(found.distributionRelease)
        {
            let name = [found.distribution, found.distributionRelease].filter { !$0.isEmpty }.joined(
                separator: " ")
            problems.append(
                "runs \(name.isEmpty ? "an unknown system" : name), and pidep knows Debian and Raspberry Pi OS "
                    + "\(Self.releases.joined(separator: ", ")): put one of them on its card")
        }
        let numbers = found.kernel.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        if numbers.count < 2 || (numbers[0], numbers[1]) < Self.oldestKernel {
            problems.append(
                "has the kernel \(found.kernel), and \(Self.oldestKernel.0).\(Self.oldestKernel.1) is the oldest that "
                    + "will do: apt full-upgrade, then restart it")
        }
        if !found.features.contains("systemd") {
            problems.append("does not run under systemd, which starts the roles")
        }
        let mayHoldAddress = !node.demands.virtualAddresses.isEmpty
        for (feature, meaning) in [
            ("packet", "packet sockets (CONFIG_PACKET)"), ("multicast", "IP multicast"),
        ]
        where mayHoldAddress && !found.features.contains(feature) {
            problems.append(
                "has a kernel without \(meaning), which VRRP needs: use the distribution's kernel")
        }
        return problems
    }

    private func memory(_ node: Node) -> [String] {
        guard node.found.memoryFree < Self.memoryNeeded else { return [] }
        return [
            "has \(mebibytes(node.found.memoryFree)) of memory left, and \(mebibytes(Self.memoryNeeded)) are needed: "
                + "stop something there"
        ]
    }

    private func space(_ node: Node) -> [String] {
        var needed: [String: Int64] = [:]
        func need(_ size: Int, at path: String) {
            guard let mount = Self.mount(of: path, among: Array(node.found.free.keys)) else { return }
            needed[mount, default: 0] += Int64(size)
        }
        let manifest = node.compiled.manifest
        if let packages = node.plan.packages {
            need(Int(packages.downloadSize), at: "/var/lib/pinode")
            need(Int(packages.installedSize), at: "/usr")
        }
        for blob in manifest.blobs where !node.facts.blobs.contains(blob.digest.hexadecimal) {
            need(blob.size, at: "/var/lib/pinode")
        }
        if node.facts.release != manifest.release { need(manifest.runtime.size, at: "/opt/pinode") }
        for step in node.plan.steps where step.kind == .file && ["create", "change"].contains(step.action) {
            guard case .blob(_, let size) = manifest.files.first(where: { $0.path == step.name })?.content
            else {
                continue
            }
            need(size, at: step.name)
        }
        return needed.sorted { $0.key < $1.key }.compactMap { mount, bytes in
            let free = node.found.free[mount] ?? 0
            guard free < bytes + Self.spaceReserve else { return nil }
            return
                "has \(mebibytes(free)) left on \(mount), and \(mebibytes(bytes + Self.spaceReserve)) are needed "
                + "there: make room (df -h, apt-get clean, journalctl --vacuum-size=50M)"
        }
    }

    /// The mount point that a path lies below.
    static func mount(of path: String, among mounts: [String]) -> String? {
        mounts.filter { $0 == "/" || path == $0 || path.hasPrefix($0 + "/") }.max { $0.count < $1.count }
    }

    private func ports(_ node: Node) -> [String] {
        let ours = Set(
            (node.compiled.manifest.units + (node.facts.manifest?.units ?? [])).map(\.name))
        var told: Set<String> = []
        return node.demands.listeners.compactMap { wanted in
            let holder = node.found.sockets.first { socket in
                socket.kind == "tcp" && socket.port == wanted.port && !ours.contains(socket.unit)
                    && (socket.address == "*" || wanted.address == "*" || socket.address == wanted.address)
            }
            guard let holder else { return nil }
            let who = [holder.process, holder.unit.isEmpty ? "" : "(\(holder.unit))"]
                .filter { !$0.isEmpty }.joined(separator: " ")
            let address = wanted.address == "*" ? "" : " of \(wanted.address)"
            let problem =
                "port \(wanted.port)\(address) is held by \(who.isEmpty ? "an unknown process" : who): stop it "
                + (holder.unit.isEmpty ? "there" : "with systemctl disable --now \(holder.unit)")
                + ", or take another port in the inventory"
            return told.insert(problem).inserted ? problem : nil
        }
    }

    private func addresses(_ node: Node) -> [String] {
        node.demands.virtualAddresses.flatMap { wanted -> [String] in
            let found = node.found
            guard found.interfaces[wanted.interface] != nil else {
                let others = found.interfaces.keys.filter { $0 != "lo" }.sorted().joined(separator: ", ")
                return [
                    "has no interface \(wanted.interface) for the virtual address: set interface= in the inventory "
                        + "(it has \(others.isEmpty ? "none" : others))"
                ]
            }
            let own = found.addresses[wanted.interface] ?? []
            var problems: [String] = []
            // A router tells of IPv6 prefixes that the interface itself need not have yet.
            if let address = IPv4Address(wanted.address),
                !own.contains(where: { Self.network(of: $0)?.contains(address) == true })
            {
                problems.append(
                    "the virtual address \(wanted.address) is in no network of \(wanted.interface) "
                        + "(\(own.isEmpty ? "which has no address" : own.joined(separator: ", "))): set vip= to a free "
                        + "address of that network")
            }
            for stranger in found.neighbours
            where stranger.address == wanted.address && !isOwn(stranger.hardwareAddress) {
                problems.append(
                    "the virtual address \(wanted.address) is in use by a stranger, \(stranger.hardwareAddress) on "
                        + "\(wanted.interface): find that machine, or set vip= to a free address")
            }
            return problems
        }
    }

    /// A node's, or the one that VRRP itself makes (RFC 9568, 7.3: 00-00-5E-00-01-{VRID}).
    private func isOwn(_ hardwareAddress: String) -> Bool {
        ownHardware.contains(hardwareAddress) || hardwareAddress.hasPrefix("00:00:5e:00:01:")
    }

    /// The network of an interface's `192.0.2.1/24`.
    private static func network(of interface: String) -> IPv4Network? {
        let parts = interface.split(separator: "/").map(String.init)
        guard parts.count == 2, let prefix = Int(parts[1]), let own = IPv4Address(parts[0]) else {
            return nil
        }
        return IPv4Network(containing: own, prefix: prefix)
    }

    private func kernel(_ node: Node) -> [String] {
        let manifest = node.compiled.manifest
        let modules = manifest.modules.filter { node.facts.modules[$0] == nil }
        let toLoad = manifest.modules.contains { node.facts.modules[$0] == false }
        // A module that is not loaded yet may bring a parameter.
        let sysctls = toLoad ? [] : manifest.sysctls.filter { node.facts.sysctls[$0.key] == nil }
        return modules.map {
            "has a kernel without the module \($0): is it misspelt, or does a package bring it?"
        }
            + sysctls.map {
                "has a kernel without the sysctl \($0.key) (\($0.path)): is it misspelt, or does a module bring it?"
            }
    }

    private func accounts(_ node: Node) -> [String] {
        let installs = node.plan.steps.contains { $0.kind == .package }
        return node.compiled.manifest.accountProblems(
            node.facts.accounts, toleratingUnknownGroups: installs)
    }

    /// The two whose clocks differ most, if that is too much.
    private var clocks: [String] {
        let offsets = nodes.map { (name: $0.plan.node, offset: $0.found.clock - $0.asked) }
        guard let slow = offsets.min(by: { $0.offset < $1.offset }),
            let fast = offsets.max(by: { $0.offset < $1.offset }),
            fast.offset - slow.offset > Double(Self.clockSkewLimit.components.seconds)
        else { return [] }
        return [
            "the clocks of \(fast.name) and \(slow.name) differ by \(Int(fast.offset - slow.offset)) s, and "
                + "\(Self.clockSkewLimit.components.seconds) s is the most that logs and failover bear: timedatectl "
                + "on both tells whether they are synchronised"
        ]
    }

    private func mebibytes(_ bytes: Int64) -> String { "\((bytes + (1 << 20) - 1) >> 20) MiB" }
}
