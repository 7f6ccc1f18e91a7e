import Foundation
import Inventory
import JSON
import SSH

/// `pidep status`: how the cluster is, and every reason why it is not well.
public struct ClusterStatus: Sendable {
    /// A node, and its report or why there is none.
    public struct Entry: Sendable {
        /// The node.
        public var node: ClusterNode
        /// What it says; nil when it could not be asked.
        public var report: NodeReport?
        /// Why it could not be asked.
        public var failure: String?
    }

    /// In the order of the inventory.
    public var entries: [Entry]
    /// Whether the cluster has a virtual address that somebody must hold.
    public var hasVirtualAddress: Bool

    /// Asks all nodes side by side, one round trip each. `labFolder` is where a lab's key and known hosts lie.
    public static func ask(_ cluster: Cluster, labFolder: String) -> ClusterStatus {
        StatusQuestions(cluster, labFolder: labFolder).ask()
    }

    /// Whom a node believes to hold the virtual address: a node's name, or an address that is none's.
    func believedOwner(_ entry: Entry) -> String? {
        guard let report = entry.report else { return nil }
        if report.router == "active" { return entry.node.name }
        return report.activeAddress.map { address in
            entries.first { $0.node.address == address }?.node.name ?? address
        }
    }

    /// Who says that it holds the virtual address.
    public var owners: [String] { entries.filter { $0.report?.router == "active" }.map(\.node.name) }

    /// Every reason why not all is well, a sentence each; empty when all is.
    public var problems: [String] {
        var problems: [String] = []
        for entry in entries {
            let name = entry.node.name
            guard let report = entry.report else {
                problems.append(entry.failure ?? "\(name): no report")
                continue
            }
            if report.version == nil {
                problems.append("\(name): no node runtime. pidep deploy puts it there")
            }
            for unit in report.units where unit.state != "active" {
                problems.append(
                    "\(name): \(unit.name) is \(unit.state). Look there with: journalctl -u \(unit.name)")
            }
            if let control = report.control, !control.hasPrefix("ok: ") {
                problems.append("\(name): control: \(control)")
            }
            for server in report.servers where server.status != "UP" && server.status != "no check" {
                problems.append("\(name): its proxy sees \(server.name) \(server.status) (\(server.check))")
            }
        }
        guard hasVirtualAddress else { return problems }
        switch owners.count {
        case 0: problems.append("nobody holds the virtual address")
        case 1: break
        default:
            problems.append(
                "\(owners.joined(separator: " and ")) both say that they hold the virtual address")
        }
        return problems
    }

    /// One document.
    public var json: JSONValue {
        .object([
            .init("well", .boolean(problems.isEmpty)), .init("owners", .strings(owners)),
            .init("problems", .strings(problems)),
            .init(
                "nodes",
                .array(
                    entries.map { entry in
                        var members: [JSONValue.Member] = [
                            .init("name", .string(entry.node.name)),
                            .init("address", .string(entry.node.address)),
                            .init("recipes", .strings(entry.node.recipes)),
                            .init("reachable", .boolean(entry.report != nil)),
                        ]
                        if let failure = entry.failure { members.append(.init("failure", .string(failure))) }
                        return .object(members + (entry.report?.json.members ?? []))
                    })),
        ])
    }
}
