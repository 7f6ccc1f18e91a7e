import CLinux
import Events
import Foundation
import Inventory
import JSON
import Recipes
import SSH

/// `pidep smoke`: every service once, on each node and on the virtual address, side by side.
public struct Smoke: Sendable {
    /// How long any one service may take, whatever its recipe would wait: the whole stays under 10 s.
    public static let limit: Duration = .seconds(5)

    /// The cluster.
    public var cluster: Cluster
    /// What is asked, each once.
    public var checks: [Check]
    /// Where a lab's key and known hosts lie.
    public var labFolder: String

    /// The checks of a cluster's compiled nodes. The same check of several nodes is made once, and one that asks less of
    /// the same page than another one is not made.
    public init(cluster: Cluster, nodes: [CompiledNode], labFolder: String = "") {
        self.cluster = cluster
        self.labFolder = labFolder
        let all = nodes.flatMap(\.checks)
        let demanding = all.filter { $0.contains != nil }
        checks = all.reduce(into: []) { chosen, check in
            let rivals = check.contains == nil ? demanding + chosen : chosen
            let isCovered = rivals.contains {
                $0.url == check.url && $0.status == check.status
                    && (check.contains == nil || $0.contains == check.contains)
            }
            if !isCovered { chosen.append(check) }
        }
    }

    /// Asks everything; returns whether all is well.
    public func run(_ sink: any EventSink) -> Bool {
        var runner = CheckRunner(device: cluster.lab?.bridge)
        let consoles = consoles()
        runner.console = { question in
            consoles[question.node]?.ask(question)
                ?? .failure(HTTPProbe.Failure(reason: "there is no such node"))
        }
        let outcomes = runner.run(checks, limit: Self.limit)
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

    /// A login each, made when it is needed.
    private func consoles() -> [String: ConsoleQuestions] {
        var consoles: [String: ConsoleQuestions] = [:]
        for node in cluster.nodes {
            let target = SSHTarget(node, in: cluster, labFolder: labFolder)
            consoles[node.name] = ConsoleQuestions { () throws(SSHError) in try SSHSession.connect(to: target)
            }
        }
        return consoles
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
