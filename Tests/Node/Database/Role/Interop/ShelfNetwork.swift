import Commands
import Foundation

/// Network namespaces on a bridge in one of their own: nodes 1, 2 … with 198.51.100.1, .2 … on eth0, and a client's.
struct ShelfNetwork {
    /// What a node can be kept from.
    enum Direction: String {
        /// What it says arrives nowhere.
        case output
        /// It hears nothing.
        case input
    }

    static let clientNumber = 100
    let prefix: String
    let nodes: ClosedRange<Int>

    init(prefix: String, nodes count: Int) {
        self.prefix = prefix
        nodes = 1...count
    }

    func build() throws {
        try ip("netns", "add", switchName)
        try ip("-n", switchName, "link", "add", "br0", "type", "bridge")
        try ip("-n", switchName, "link", "set", "br0", "up")
        for node in Array(nodes) + [Self.clientNumber] {
            try ip("netns", "add", name(node))
            try ip(
                "-n", switchName, "link", "add", "p\(node)", "type", "veth", "peer", "name", "eth0", "netns",
                name(node))
            try ip("-n", switchName, "link", "set", "p\(node)", "master", "br0", "up")
            try ip("-n", name(node), "link", "set", "lo", "up")
            try ip("-n", name(node), "link", "set", "eth0", "up")
            try ip("-n", name(node), "address", "add", "\(Self.address(node))/24", "dev", "eth0")
        }
    }

    /// Takes away what is there.
    func close() {
        for node in Array(nodes) + [Self.clientNumber] {
            _ = try? Command(["ip", "netns", "del", name(node)]).runAny()
        }
        _ = try? Command(["ip", "netns", "del", switchName]).runAny()
    }

    static func address(_ node: Int) -> String { "198.51.100.\(node)" }

    private var switchName: String { "\(prefix)-s" }
    func name(_ node: Int) -> String { node == Self.clientNumber ? "\(prefix)-c" : "\(prefix)-\(node)" }
    /// What setns(2) takes.
    var clientPath: String { "/run/netns/\(name(Self.clientNumber))" }

    @discardableResult
    private func ip(_ arguments: String...) throws -> String {
        try Command(["ip"] + arguments, timeout: 20).run().standardOutput
    }

    /// All processes of a node.
    func processes(_ node: Int) -> [pid_t] {
        ((try? ip("netns", "pids", name(node))) ?? "").split(separator: "\n").compactMap { pid_t($0) }
    }

    func setCable(_ node: Int, _ isPlugged: Bool) throws {
        try ip("-n", switchName, "link", "set", "p\(node)", isPlugged ? "up" : "down")
    }

    /// Drops all packets of one direction; the link stays up.
    func cut(_ node: Int, _ direction: Direction) throws {
        let interface = direction == .output ? "oifname" : "iifname"
        let rules = """
            table inet cut {
                chain cut {
                    type filter hook \(direction.rawValue) priority 0
                    \(interface) "eth0" drop
                }
            }

            """
        try Command(
            ["ip", "netns", "exec", name(node), "nft", "-f", "-"], input: Data(rules.utf8), timeout: 20
        ).run()
    }

    func mend(_ node: Int) throws {
        try Command(["ip", "netns", "exec", name(node), "nft", "flush", "ruleset"], timeout: 20).run()
    }
}
