import Events
import Foundation
import Inventory
import JSON
import SSH

/// `pidep rollback`: back to a release that the nodes still have.
public struct Rollback: Sendable {
    /// Which nodes.
    public var access: NodeAccess
    /// The release to go back to; nil for the one that each node had before its current one.
    public var target: String?
    /// Why, for the nodes' history.
    public var message: String
    /// Takes what happens.
    public var sink: any EventSink
    /// Asks the person what only a person can say.
    public var asking: Asking

    /// A rollback.
    public init(
        on access: NodeAccess, to target: String?, message: String = "", sink: any EventSink,
        asking: Asking
    ) {
        self.access = access
        self.target = target
        self.message = message
        self.sink = sink
        self.asking = asking
    }

    /// A release as a node has it.
    struct Release: Equatable {
        var name: String
        /// When it became the current one, in seconds since 1970.
        var since: Double
        var isCurrent: Bool
    }

    /// Applies it with its own runtime, which knows its own manifest; the blobs are kept as long as the release is.
    static func command(to release: String) -> String {
        let folder = "/opt/pinode/releases/\(release)"
        return "\(SSHSession.quote("\(folder)/pinode")) apply --manifest "
            + SSHSession.quote("\(folder)/manifest.json")
    }

    /// Back from a release that failed, which is no place to go back to later.
    static func command(to release: String, removing failed: String) -> String {
        let removal = "rm -rf \(SSHSession.quote("/opt/pinode/releases/\(failed)"))"
        return "sh -c \(SSHSession.quote("\(command(to: release)) && \(removal)"))"
    }

    private static let question = """
        current=$(readlink /opt/pinode/current); for m in /opt/pinode/releases/*/manifest.json; do \
        [ -f "$m" ] || continue; r=${m%/manifest.json}; \
        echo "$(stat -c %.Y "$m") ${r##*/} $([ "${current##*/}" = "${r##*/}" ] && echo current)"; done
        """

    /// What a node answers, the newest first.
    static func releases(_ answer: String) -> [Release] {
        answer.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count >= 2, let since = Double(words[0]) else { return nil }
            return Release(name: String(words[1]), since: since, isCurrent: words.count > 2)
        }.sorted { ($0.since, $0.name) > ($1.since, $1.name) }
    }

    /// Where a node would go; nil when it is there already.
    static func destination(_ releases: [Release], target: String?, node: String) throws(DeploymentFailure)
        -> Release?
    {
        guard let target else {
            guard let previous = releases.first(where: { !$0.isCurrent }) else {
                throw DeploymentFailure(
                    releases.isEmpty
                        ? "\(node) has no release: pidep deploy gives it one"
                        : "\(node) has only the release \(releases[0].name): there is nothing to go back to")
            }
            return previous
        }
        guard let found = releases.first(where: { $0.name.hasPrefix(target) }) else {
            let has = releases.map(\.name).joined(separator: ", ")
            throw DeploymentFailure("\(node) has no release \(target); it has \(has.isEmpty ? "none" : has)")
        }
        return found.isCurrent ? nil : found
    }

    private struct Step {
        var session: SSHSession
        var node: ClusterNode
        /// Empty: none.
        var from: String
        var release: Release
    }

    /// Says what would be done, asks, and does it: nodes that cannot hold the virtual address first, one after the other.
    public func run(confirm: () -> Bool) throws(DeploymentFailure) -> Rollout.Outcome {
        let file = access.loaded.cluster.file
        let record = RunRecord(command: "rollback", inventory: file, root: access.root, passingTo: sink)
        do throws(DeploymentFailure) {
            var recorded = self
            recorded.sink = record
            let outcome = try recorded.run(record, confirm)
            if record.hasNodes { record.end(exitCode: outcome.rawValue) } else { record.discard() }
            return outcome
        } catch {
            record.end(exitCode: Rollout.Outcome.nothingTouched.rawValue)
            throw error
        }
    }

    private func run(_ record: RunRecord, _ confirm: () -> Bool) throws(DeploymentFailure) -> Rollout.Outcome
    {
        let steps = try plan()
        guard !steps.isEmpty else {
            sink.report(Event(.result, command: "rollback", message: "Nothing to do."))
            return .done
        }
        record.keep(nodes: steps.map(\.node.name))
        guard confirm() else { return .nothingTouched }
        let author = Author(run: record.name, message: message)
        let nodes = steps.map { ($0.session, $0.node.name, $0.from.isEmpty ? nil : Optional($0.from)) }
        let locks = try DeployLock.take(nodes, by: author, in: access.loaded.cluster.file) { name, holder in
            sink.report(
                Event(
                    .warning, command: "rollback", subject: name,
                    message: "the deploy by \(holder.sentence) was cut off"))
        }
        defer { for lock in locks { lock.release() } }
        for (index, step) in steps.enumerated() {
            let name = step.node.name
            sink.report(Event(.started, command: "rollback", subject: name, message: "going back"))
            do throws(DeploymentFailure) {
                let changed = try RemoteApply(
                    session: step.session, node: name, command: "rollback", sink: sink
                )
                .run(Self.command(to: step.release.name))
                note(step, author, .done, record)
                sink.report(
                    Event(
                        .finished, command: "rollback", subject: name,
                        message: "\(changed) changes, now \(step.release.name)"))
            } catch {
                sink.report(Event(.failed, command: "rollback", subject: name, message: error.sentence))
                note(step, author, .left, record)
                let rest = steps[(index + 1)...].map(\.node.name)
                if !rest.isEmpty {
                    sink.report(
                        Event(
                            .warning, command: "rollback",
                            message: "not touched: \(rest.joined(separator: ", "))"))
                }
                return .left
            }
        }
        sink.report(
            Event(
                .result, command: "rollback",
                message: "\(steps.count == 1 ? "1 node" : "\(steps.count) nodes") rolled back. Next: "
                    + "pidep smoke \(access.loaded.cluster.file)"))
        return .done
    }

    /// Writes down how a node came out: on the node and here.
    private func note(_ step: Step, _ author: Author, _ result: RunRecord.NodeResult, _ record: RunRecord) {
        record.keep(result, of: step.node.name)
        let begin = NodeHistory.begin(author, command: "rollback", from: step.from, to: step.release.name)
        for line in [begin, NodeHistory.end(author, result: result.rawValue)] {
            _ = try? step.session.perform(NodeHistory.appending(line), step: "writing the history")
        }
    }

    private func plan() throws(DeploymentFailure) -> [Step] {
        let answers = parallel(try access.open(asking: asking)) { login in
            (
                login,
                login.use { (session) throws(SSHError) in
                    try session.perform(
                        "sh -c \(SSHSession.quote(Self.question))", step: "asking for releases"
                    )
                    .text
                }
            )
        }
        var steps: [Step] = []
        var failures: [String] = []
        for (login, answer) in answers {
            do throws(DeploymentFailure) {
                guard case .success(let text) = answer, case .success(let session) = login.outcome else {
                    if case .failure(let error) = answer { throw DeploymentFailure(error.sentence) }
                    continue
                }
                let releases = Self.releases(text)
                let name = login.node.name
                guard let release = try Self.destination(releases, target: target, node: name) else {
                    continue
                }
                let current = releases.first(where: \.isCurrent)?.name ?? ""
                let now = current.isEmpty ? "none" : current
                sink.report(
                    Event(
                        .result, command: "rollback", subject: name,
                        message: "\(name): \(now) → \(release.name)",
                        data: [.init("from", .string(now)), .init("to", .string(release.name))]))
                steps.append(Step(session: session, node: login.node, from: current, release: release))
            } catch { failures.append(error.sentence) }
        }
        guard failures.isEmpty else {
            throw DeploymentFailure((failures + ["Nothing was changed."]).joined(separator: "\n"))
        }
        return steps.filter { !$0.node.recipes.contains("vrrp") }
            + steps.filter { $0.node.recipes.contains("vrrp") }
    }
}
