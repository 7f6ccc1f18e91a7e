import Diagnostics

/// `/etc/pinode/control.conf`; docs/control.md is its manual.
public struct ControlConfiguration: Sendable, Equatable {
    /// How long leases are, unless said otherwise, and what they may be.
    public static let leaseTime: Duration = .milliseconds(1500)
    /// What a lease's length may be.
    public static let leaseTimes: ClosedRange<Duration> = .milliseconds(500) ... .seconds(60)
    /// How long a voter is waited for, unless said otherwise, and what that may be.
    public static let replaceAfter: Duration = .seconds(600)
    /// What `replace_after` may be.
    public static let replaceTimes: ClosedRange<Duration> = .seconds(10) ... .seconds(7 * 86_400)
    /// Where a member keeps its log, unless said otherwise.
    public static let folder = "/var/lib/pinode/control"
    /// Where the cluster's key is, unless said otherwise.
    public static let keyFile = "/etc/pinode/cluster.key"

    /// One node.
    public struct Node: Sendable, Equatable {
        /// Its name.
        public var name: String
        /// Its number, which is never given to another.
        public var id: UInt64
        /// Where control on the other nodes reaches it: `IP:PORT`.
        public var address: String
        /// Whether it was among the first voters.
        public var isFounder: Bool
    }

    /// The cluster's name.
    public var cluster = ""
    /// This node's name.
    public var node = ""
    /// Where the secret is that all members share.
    public var keyFile = Self.keyFile
    /// Where the log is.
    public var folder = Self.folder
    /// How long a lease lasts without being renewed.
    public var leaseTime = Self.leaseTime
    /// How long a voter may be gone before a follower votes in its place; nil: for ever.
    public var replaceAfter: Duration? = Self.replaceAfter
    /// All nodes, in the file's order.
    public var nodes: [Node] = []

    /// This node.
    public var own: Node? { nodes.first { $0.name == node } }

    private static let clusterKeys = ["name", "node", "key_file", "folder", "lease_time", "replace_after"]
    private static let nodeKeys = ["id", "address", "founder"]

    /// Reads the file's text; with an error among the diagnostics it cannot be used.
    public static func parse(_ text: String, file: String) -> (ControlConfiguration, [Diagnostic]) {
        var (document, diagnostics) = INIDocument.parse(text, file: file)
        var result = ControlConfiguration()
        func complain(_ line: Int, _ problem: String, _ advice: String) {
            diagnostics.append(Diagnostic(file: file, line: line, problem: problem, advice: advice))
        }
        func check(_ section: INIDocument.Section, _ known: [String]) {
            for setting in section.settings where !known.contains(setting.key) {
                let nearest = nearestWord(to: setting.key, among: known)
                complain(
                    setting.line, "[\(section.kind)] has no setting \(setting.key)",
                    nearest.map { "Is \($0) meant?" } ?? "See docs/control.md")
            }
        }
        for section in document.sections {
            switch section.kind {
            case "cluster" where section.name.isEmpty:
                check(section, clusterKeys)
                result.cluster = section["name"]?.value ?? ""
                result.node = section["node"]?.value ?? ""
                result.keyFile = section["key_file"]?.value ?? result.keyFile
                result.folder = section["folder"]?.value ?? result.folder
                if let setting = section["lease_time"] {
                    let time = INIDocument.duration(setting.value)
                    if let time, leaseTimes.contains(time) {
                        result.leaseTime = time
                    } else {
                        complain(
                            setting.line, "lease_time is no time from 500ms to 60s", "Write 1.5s, for example"
                        )
                    }
                }
                if let setting = section["replace_after"] {
                    let time = INIDocument.duration(setting.value)
                    if setting.value == "never" {
                        result.replaceAfter = nil
                    } else if let time, replaceTimes.contains(time) {
                        result.replaceAfter = time
                    } else {
                        complain(
                            setting.line, "replace_after is neither a time from 10s to 7d nor never",
                            "Write 10min, for example")
                    }
                }
            case "node" where !section.name.isEmpty:
                check(section, nodeKeys)
                let id = section["id"].flatMap { UInt64($0.value) } ?? 0
                if id == 0 || id > UInt64(Int32.max) {
                    complain(
                        section.line, "the node \(section.name) has no number",
                        "Write id = 1, each number once")
                }
                if result.nodes.contains(where: { $0.id == id && id != 0 }) {
                    complain(section.line, "two nodes have the number \(id)", "Give each its own")
                }
                let founder = section["founder"]?.value ?? "no"
                if founder != "yes" && founder != "no" {
                    complain(section["founder"]?.line ?? 0, "founder is neither yes nor no", "")
                }
                let address = section["address"]?.value ?? ""
                if !INIDocument.isEndpoint(address) {
                    complain(
                        section["address"]?.line ?? section.line,
                        "the address of \(section.name) is not IP:PORT",
                        "Write address = 192.0.2.1:4100")
                }
                result.nodes.append(
                    Node(name: section.name, id: id, address: address, isFounder: founder == "yes"))
            default:
                complain(
                    section.line, "there is no section [\(section.kind)] of that form",
                    "There are [cluster] and [node NAME]")
            }
        }
        if result.cluster.isEmpty {
            complain(0, "the cluster has no name", "Write name = lab below [cluster]")
        }
        if result.own == nil {
            complain(
                0, "this node, \"\(result.node)\", is none of the nodes",
                "Write node = NAME below [cluster], and a section [node NAME]")
        }
        let founders = result.nodes.filter { $0.isFounder }.count
        if founders != 1 && founders != 3 && founders != 5 {
            complain(
                0, "\(founders) nodes are founders",
                "Write founder = yes in three of them, or in five: two could lose one and be none, four gain nothing over three"
            )
        }
        for (index, node) in result.nodes.enumerated()
        where result.nodes[..<index].contains(where: { $0.address == node.address }) {
            complain(0, "two nodes have the address \(node.address)", "Give each its own")
        }
        if result.nodes.count == 2 {
            diagnostics.append(
                Diagnostic(
                    .warning, file: file, line: 0,
                    problem:
                        "two nodes are no protection: when \(result.nodes.first { $0.isFounder }?.name ?? "one") is"
                        + " lost, the other may decide nothing",
                    advice: "Add a third node with control alone, a witness: the smallest will do"))
        }
        return (result, diagnostics)
    }
}
