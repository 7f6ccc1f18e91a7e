import Foundation
import JSON

extension DatabaseStatus {
    /// One document: what the freshest answer says of the cluster, and all nodes.
    public var json: JSONValue {
        let freshest = freshest?.json
        func member(_ name: String) -> JSONValue { freshest?[name] ?? .null }
        return .object(
            [
                .init("well", .boolean(problems.isEmpty)),
                .init("leader", primary.map { .string($0.node) } ?? .null),
            ]
                + [
                    "cluster", "epoch", "timeline", "durability", "voters", "acknowledgements", "waiting",
                ].map { .init($0, member($0)) }
                + [
                    .init("nodes", .array(nodes.map(json))), .init("slots", member("slots")),
                    .init("decisions", member("decisions")), .init("problems", .strings(problems)),
                ])
    }

    private func json(_ node: DatabaseAnswer.Node) -> JSONValue {
        let entry = entries.first { $0.node == node.name }
        var job: JSONValue = .null
        var failure: JSONValue = .null
        switch entry?.answer {
        case .success(let answer)?: job = answer.json["job"] ?? .null
        case .failure(let silence)?: failure = .string(silence.sentence)
        case nil: break
        }
        func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
        func number(_ value: Int64?) -> JSONValue { value.map { .integer($0) } ?? .null }
        func decimal(_ value: String?) -> JSONValue { value.map { .number($0) } ?? .null }
        return .object([
            .init("node", .string(node.name)), .init("role", text(node.role)),
            .init("state", .string(node.state)), .init("timeline", number(node.timeline)),
            .init("position", text(node.position)), .init("lag_bytes", number(node.lagBytes)),
            .init("lag_seconds", decimal(node.lagSeconds)), .init("voter", .boolean(node.isVoter)),
            .init("synchronous", .boolean(node.isSynchronous)),
            .init("heard_seconds", decimal(node.heardSeconds)),
            .init("pending_restart", .boolean(node.isPendingRestart)), .init("job", job),
            .init("failure", failure),
        ])
    }

    /// What the cluster is in a line, a table with a line a node, the last decisions, and the problems.
    public func text(colour: Bool) -> String {
        var lines = [headline, ""]
        var rows = [
            ["node", "role", "state", "timeline", "position", "behind", "", "votes", "commits wait", "note"]
        ]
        rows += nodes.map(row)
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        for (index, row) in rows.enumerated() {
            let line = zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
                .joined(separator: "  ").trimmingCharacters(in: .init(charactersIn: " "))
            let code = index == 0 ? "1" : nodes[index - 1].state == DatabaseAnswer.Node.silent ? "31" : nil
            lines.append(colour ? code.map { "\u{1B}[\($0)m\(line)\u{1B}[0m" } ?? line : line)
        }
        if let decisions = freshest?.json["decisions"]?.elements?.suffix(Self.shownDecisions),
            !decisions.isEmpty
        {
            lines.append("")
            for decision in decisions {
                let age = decision["seconds_ago"]?.digits.flatMap(Double.init).map { Int64($0) } ?? 0
                lines.append("\(ClusterStatus.span(age)) ago: \(decision["text"]?.text ?? "")")
            }
        }
        lines.append("")
        lines += problems.map { colour ? "\u{1B}[31m✗\u{1B}[0m \($0)" : "✗ \($0)" }
        if problems.isEmpty { lines.append("All is well.") }
        return lines.joined(separator: "\n")
    }

    /// How many of the latest decisions are shown.
    static let shownDecisions = 3

    private var headline: String {
        guard let freshest else { return "No node's database answers." }
        let leader = primary.map { "primary \($0.node)" } ?? "no primary"
        var text =
            "\(leader), epoch \(freshest.epoch), timeline \(freshest.timeline ?? 0), durability "
            + (freshest.durability ?? "unknown")
        switch freshest.durability {
        case "strict"?, "available"?:
            text +=
                freshest.acknowledgements > 0
                ? " (a commit is on \(freshest.acknowledgements + 1) nodes)"
                : " (a commit is on the primary alone)"
        default: break
        }
        return text
    }

    private func row(_ node: DatabaseAnswer.Node) -> [String] {
        var notes: [String] = []
        if case .success(let answer)? = entries.first(where: { $0.node == node.name })?.answer,
            let job = answer.job
        {
            notes.append(job.text)
        }
        if node.isPendingRestart { notes.append("restart pending") }
        return [
            node.name, node.role ?? "-", node.state, node.timeline.map { "\($0)" } ?? "-",
            node.position ?? "-",
            node.role == "primary" ? "-" : node.lagBytes.map(Self.size) ?? "-",
            node.role == "primary" ? "" : node.lagSeconds.map { "\($0) s" } ?? "",
            node.isVoter ? "yes" : "no", node.isSynchronous ? "yes" : "-", notes.joined(separator: ", "),
        ]
    }

    /// `12 B`, `3.4 MiB`.
    static func size(_ bytes: Int64) -> String {
        var (value, unit) = (Double(bytes), 0)
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        while value >= 1024, unit < units.count - 1 { (value, unit) = (value / 1024, unit + 1) }
        return unit == 0 ? "\(bytes) B" : String(format: "%.1f %@", value, units[unit])
    }
}
