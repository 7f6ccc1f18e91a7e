import Diagnostics

/// What an inventory must fulfil to be a lab, so that nothing of it ever leaves this machine.
extension ClusterResolution {
    /// The longest name of a network interface, in bytes (IFNAMSIZ - 1).
    static let longestInterfaceName = 15

    mutating func labNetwork(
        name: String, nodes: [ClusterNode], vip: (address: IPv4Address, line: Int)?
    ) -> LabNetwork? {
        guard let network = network(of: nodes) else { return nil }
        let workstation = IPv4Address(value: network.last.value - 1)
        for node in nodes {
            let line = node.variables["ansible_host"]?.line ?? node.line
            check(node.address, "the address of \(node.name)", line, network, workstation)
        }
        if let vip { check(vip.address.description, "vip", vip.line, network, workstation) }
        return LabNetwork(
            bridge: Self.bridgeName(name), workstation: workstation.description,
            network: network.address.description, prefix: network.prefix)
    }

    /// `lab_network`, or the /24 of the first node.
    private mutating func network(of nodes: [ClusterNode]) -> IPv4Network? {
        guard let variable = inventory.group("all")?.variables["lab_network"] else {
            let first = nodes.lazy.compactMap { IPv4Address($0.address) }.first
            if first == nil, let node = nodes.first {
                report(
                    node.line, "no node of the lab has an IPv4 address",
                    "Add ansible_host=192.0.2.1 and so on to the nodes")
            }
            return first.map { IPv4Network(containing: $0, prefix: 24) }
        }
        guard let network = IPv4Network(variable.text) else { return nil }
        guard IPv4Network.documentation.contains(where: { $0.contains(network) }), network.prefix <= 29 else {
            report(
                variable.line, "lab_network is \(network), which a lab must not use",
                "Write one of \(Self.ranges), or a part of one down to /29")
            return nil
        }
        return network
    }

    private mutating func check(
        _ address: String, _ what: String, _ line: Int, _ network: IPv4Network, _ workstation: IPv4Address
    ) {
        guard let number = IPv4Address(address),
            IPv4Network.documentation.contains(where: { $0.contains(number) })
        else {
            return report(
                line, "\(what) is \(ASCII.clip(address)), and a lab must stay in the documentation ranges",
                "Use an address of \(Self.ranges), or delete lab = true")
        }
        guard network.contains(number), number != network.address, number != network.last else {
            return report(
                line, "\(what) is \(address), which is no host's address in the lab's network \(network)",
                "Use one between \(IPv4Address(value: network.address.value + 1)) and"
                    + " \(IPv4Address(value: workstation.value - 1))")
        }
        if number == workstation {
            report(
                line, "\(what) is \(address), which the workstation itself has in the lab",
                "Use another address")
        }
    }

    private static var ranges: String {
        let names = IPv4Network.documentation.map(\.description)
        return names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
    }

    /// `pidep-` and the lab's name; when that is too long or not fit for an interface, the name's beginning and a
    /// hash of the whole (FNV-1a), so that two labs never share a bridge by accident.
    static func bridgeName(_ lab: String) -> String {
        let plain = "pidep-\(lab)"
        let fits = lab.utf8.allSatisfy { ASCII.isDigit($0) || ASCII.isLetter($0) || "-_.".utf8.contains($0) }
        guard plain.utf8.count > longestInterfaceName || !fits else { return plain }
        var hash: UInt32 = 2_166_136_261
        for byte in lab.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        let digits = String(hash | 1 << 31, radix: 16).suffix(5)
        let beginning = lab.utf8.filter { ASCII.isDigit($0) || ASCII.isLetter($0) }.prefix(4)
        return "pidep-\(ASCII.text(beginning))\(digits)"
    }
}
