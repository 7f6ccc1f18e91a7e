import CLinux
import Events
import Foundation
import Inventory
import JSON
import Recipes

/// `pidep smoke`: every service once, on each node and on the virtual address, side by side.
public struct Smoke: Sendable {
    /// How long any one service may take, whatever its recipe would wait: the whole stays under 10 s.
    public static let limit: Duration = .seconds(5)

    /// The cluster.
    public var cluster: Cluster
    /// What is asked, each once.
    public var checks: [Check]

    /// The checks of a cluster's compiled nodes; the same check of several nodes is made once.
    public init(cluster: Cluster, nodes: [CompiledNode]) {
        self.cluster = cluster
        checks = nodes.flatMap(\.checks).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// Asks everything; returns whether all is well.
    public func run(_ sink: any EventSink) -> Bool {
        let outcomes = CheckRunner(device: cluster.lab?.bridge).run(checks, limit: Self.limit)
        for outcome in outcomes { sink.report(event(outcome)) }
        let failures = outcomes.count { $0.failure != nil }
        let answered = Set(outcomes.filter { $0.check.concernsVirtualAddress }.compactMap(node)).sorted()
        let by = answered.isEmpty ? "" : ", the virtual address by way of \(answered.joined(separator: ", "))"
        sink.report(
            Event(
                .result, command: "smoke",
                message: failures == 0
                    ? "All \(outcomes.count) services answer\(by)."
                    : "\(failures) of \(outcomes.count) services do not answer as they should.",
                data: [
                    .init("checks", .integer(Int64(outcomes.count))),
                    .init("failures", .integer(Int64(failures))),
                    .init("answered", .strings(answered)),
                ]))
        return failures == 0
    }

    /// The node that an answer names (`/node.php?json`).
    private func node(_ outcome: CheckRunner.Outcome) -> String? {
        guard let document = try? JSONValue.parse(outcome.body) else { return nil }
        return document["node"]?.text
    }

    private func event(_ outcome: CheckRunner.Outcome) -> Event {
        let took =
            outcome.took.components.seconds * 1000 + outcome.took.components.attoseconds
            / 1_000_000_000_000_000
        var data: [JSONValue.Member] = [
            .init("url", .string(outcome.check.url)), .init("recipe", .string(outcome.check.recipe)),
            .init("milliseconds", .integer(took)),
        ]
        if let name = node(outcome) { data.append(.init("node", .string(name))) }
        if let failure = outcome.failure {
            return Event(.failed, command: "smoke", subject: outcome.check.url, message: failure, data: data)
        }
        let by = node(outcome).map { ", answered by \($0)" } ?? ""
        return Event(
            .finished, command: "smoke", subject: outcome.check.url, message: "\(took) ms\(by)", data: data)
    }
}
