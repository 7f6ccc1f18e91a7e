import Foundation
import Inventory
import JSON

/// `pidep control status`: who leads, who votes, who owns which lease, and whether all nodes agree about it.
public struct ControlReport: Sendable {
    /// What one node says.
    struct Answer: Sendable, Equatable {
        /// The node's own number.
        var member: Int64
        var leader: Int64?
        var voters: [Int64]
        /// Name, owner (0: nobody) and epoch.
        var leases: [Lease]

        struct Lease: Sendable, Equatable {
            var name: String
            var owner: Int64
            var epoch: Int64
            var released: Int64
        }

        init?(_ text: String) {
            guard let json = try? JSONValue.parse(text), let member = json["member"]?.integer else {
                return nil
            }
            self.member = member
            leader = json["leader"]?.integer.flatMap { $0 == 0 ? nil : $0 }
            voters = json["voters"]?.elements?.compactMap(\.integer) ?? []
            leases = (json["leases"]?.members ?? []).map {
                Lease(
                    name: $0.name, owner: $0.value["owner"]?.integer ?? 0,
                    epoch: $0.value["epoch"]?.integer ?? 0, released: $0.value["released"]?.integer ?? 0)
            }
        }
    }

    /// A node, what it says, and what it says of its health; else why it says nothing.
    struct Entry: Sendable {
        var node: String
        var answer: Answer?
        /// `ok: …`, or what is wrong.
        var health: String
        /// Why the node says nothing: a sentence.
        var failure: String?
    }

    /// In the order of the inventory.
    var entries: [Entry]
    /// The nodes' names by their numbers, as inventory and nodes have them.
    var names: [Int64: String]

    /// Asks all nodes.
    public init(_ consoles: RoleConsoles, cluster: Cluster) {
        var names: [Int64: String] = [:]
        for (index, node) in cluster.nodes.enumerated() where consoles.nodes.contains(node.name) {
            names[node.variables["control_id"].flatMap { Int64($0.text) } ?? Int64(index + 1)] = node.name
        }
        let healths = consoles.askAll("show health")
        let states = consoles.askAll("show json")
        entries = zip(healths, states).map { health, state in
            switch (health.answer, state.answer) {
            case (.success(let health), .success(let text)):
                Entry(node: state.node, answer: Answer(text), health: health)
            case (.failure(let silence), _), (_, .failure(let silence)):
                Entry(node: state.node, health: "-", failure: silence.sentence)
            }
        }
        for entry in entries { if let answer = entry.answer { names[answer.member] = entry.node } }
        self.names = names
    }

    private func name(_ number: Int64) -> String { names[number] ?? "member \(number)" }

    /// Every reason why not all is well, a sentence each.
    public var problems: [String] {
        var problems = entries.compactMap { entry -> String? in
            if let failure = entry.failure { return failure }
            if entry.answer == nil { return "\(entry.node): says what this pidep does not understand" }
            return entry.health.hasPrefix("ok") ? nil : "\(entry.node): \(entry.health)"
        }
        let leaders = Set(entries.compactMap { $0.answer?.leader })
        if leaders.count > 1 {
            problems.append(
                "the nodes follow different leaders (\(leaders.sorted().map(name).joined(separator: ", "))): for a moment "
                    + "that is an election, else some of them cannot reach the others")
        }
        return problems
    }

    /// The node with the newest knowledge: the leader's own word first.
    private var best: Answer? {
        let answers = entries.compactMap(\.answer)
        return answers.first { $0.leader == $0.member } ?? answers.first { $0.leader != nil } ?? answers.first
    }

    /// One document.
    public var json: JSONValue {
        func named(_ number: Int64?) -> JSONValue { number.map { .string(name($0)) } ?? .null }
        return .object([
            .init("well", .boolean(problems.isEmpty)), .init("leader", named(best?.leader)),
            .init("voters", .strings((best?.voters ?? []).map(name))),
            .init(
                "leases",
                .array(
                    (best?.leases ?? []).map {
                        .object([
                            .init("lease", .string($0.name)),
                            .init("owner", $0.owner == 0 ? .null : named($0.owner)),
                            .init("epoch", .integer($0.epoch)),
                            .init("released", .boolean($0.released == $0.epoch)),
                        ])
                    })),
            .init(
                "nodes",
                .array(
                    entries.map { entry in
                        .object([
                            .init("node", .string(entry.node)),
                            .init("member", entry.answer.map { .integer($0.member) } ?? .null),
                            .init("leader", named(entry.answer?.leader)),
                            .init("voter", .boolean(votes(entry))),
                            .init("health", entry.failure == nil ? .string(entry.health) : .null),
                            .init("failure", entry.failure.map { .string($0) } ?? .null),
                        ])
                    })), .init("problems", .strings(problems)),
        ])
    }

    private func votes(_ entry: Entry) -> Bool {
        entry.answer.map { best?.voters.contains($0.member) == true } ?? false
    }

    /// A table with a line a node, the leases, and the problems.
    public func text(colour: Bool) -> String {
        var rows = [["node", "number", "leader", "votes", "health"]]
        rows += entries.map { entry in
            [
                entry.node, entry.answer.map { "\($0.member)" } ?? "-",
                entry.answer?.leader.map(name) ?? "-", votes(entry) ? "yes" : "no", entry.health,
            ]
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        var lines = rows.map { row in
            zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
                .joined(separator: "  ").trimmingCharacters(in: .init(charactersIn: " "))
        }
        if colour { lines[0] = "\u{1B}[1m\(lines[0])\u{1B}[0m" }
        for lease in best?.leases ?? [] {
            let owner = lease.owner == 0 || lease.released == lease.epoch ? "nobody" : name(lease.owner)
            lines.append("lease \(lease.name): \(owner), epoch \(lease.epoch)")
        }
        lines += problems.map { colour ? "\u{1B}[31m✗\u{1B}[0m \($0)" : "✗ \($0)" }
        if problems.isEmpty { lines.append("All is well.") }
        return lines.joined(separator: "\n")
    }
}
