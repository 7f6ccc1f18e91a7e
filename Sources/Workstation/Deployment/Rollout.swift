import CrossBuild
import Events
import Foundation
import Inventory
import JSON
import Manifest
import Recipes
import SSH

/// `pidep deploy` after the plan: node by node, each checked before the next is touched.
public struct Rollout: Sendable {
    /// How many lines of a unit's log are shown when its check fails.
    static let logLines = 20
    /// How long a node must stay healthy after its checks passed for the first time, unless said otherwise.
    public static let stabilityTime: Duration = .seconds(1)

    /// How a rollout ended: the exit code of `pidep deploy`.
    public enum Outcome: Int32, Sendable {
        /// Done, or nothing to do.
        case done = 0
        /// Failed before anything was touched.
        case nothingTouched = 1
        /// The node that failed has its release from before again.
        case rolledBack = 6
        /// The node that failed is left as it is.
        case left = 7
    }

    /// The cluster.
    public var cluster: Cluster
    /// Where bundles are.
    public var root: PackageRoot
    /// Takes what happens.
    public var sink: any EventSink
    /// How long a node must stay healthy before the next one is touched.
    public var stability: Duration

    /// A rollout.
    public init(
        cluster: Cluster, root: PackageRoot, sink: any EventSink, stability: Duration = Self.stabilityTime
    ) {
        self.cluster = cluster
        self.root = root
        self.sink = sink
        self.stability = stability
    }

    /// The order: nodes that cannot hold the virtual address first, then those that can, its holder last.
    public static func order(_ members: [Member]) -> [Member] {
        func rank(_ member: Member) -> Int {
            if member.facts.virtualAddressInterface != nil { return 2 }
            return member.compiled.node.recipes.contains("vrrp")
                || member.compiled.node.groups.contains("edge") ? 1 : 0
        }
        return members.enumerated().sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }
            .map(\.element)
    }

    /// Brings the nodes to their plan; stops at the first that fails, gives it back its release from before, and names
    /// those that were not touched.
    public func run(_ members: [Member]) -> Outcome {
        let start = ContinuousClock.now
        let pending = Self.order(members).filter { !$0.plan.isEmpty }
        guard pending.isEmpty || othersAnswer(members.filter(\.plan.isEmpty)) else { return .nothingTouched }
        for (index, member) in pending.enumerated() {
            let name = member.compiled.node.name
            var isTouched = false
            var drain: Drain?
            // Behind undoing: a node that failed gets traffic again when it has its release from before.
            defer { if let drain { end(drain, name) } }
            do throws(DeploymentFailure) {
                try deploy(member, among: members, isTouched: &isTouched, drain: &drain)
            } catch {
                sink.report(Event(.failed, command: "deploy", subject: name, message: error.sentence))
                let outcome: Outcome =
                    isTouched ? undo(member) : index == 0 ? .nothingTouched : .left
                reportUntouched(pending[(index + 1)...].map(\.compiled.node.name))
                return outcome
            }
        }
        let tenths = Int64((ContinuousClock.now - start) / .milliseconds(100))
        let nodes = pending.count == 1 ? "1 node" : "\(pending.count) nodes"
        sink.report(
            Event(
                .result, command: "deploy",
                message: "\(nodes) deployed and checked in \(tenths / 10).\(tenths % 10) s."))
        return .done
    }

    private func reportUntouched(_ names: [String]) {
        guard !names.isEmpty else { return }
        sink.report(
            Event(
                .warning, command: "deploy",
                message: "not touched: \(names.joined(separator: ", ")). Mend what failed and go on with: "
                    + "pidep deploy \(cluster.file)",
                data: [.init("untouched", .strings(names))]))
    }

    /// Gives a node the release that it had before this run.
    private func undo(_ member: Member) -> Outcome {
        let name = member.compiled.node.name
        func report(_ kind: Event.Kind, _ message: String) {
            sink.report(Event(kind, command: "deploy", subject: name, message: message))
        }
        guard let previous = member.facts.release, previous != member.compiled.manifest.release else {
            report(.warning, "left as it is: it had no release before this one")
            return .left
        }
        report(.progress, "rolling back to \(previous)")
        do throws(DeploymentFailure) {
            _ = try remote(member).run(
                Rollback.command(to: previous, removing: member.compiled.manifest.release))
        } catch {
            report(.failed, "left as it is, for rolling back to \(previous) failed: \(error.sentence)")
            return .left
        }
        // The checks that are known are those of the new release; apply itself saw the old one's units run.
        report(.warning, "rolled back to \(previous), its services run")
        return .rolledBack
    }

    /// A node that is as it shall be and fails its checks all the same (the last deploy stopped at it) must not be
    /// passed over on the way to the next one.
    private func othersAnswer(_ members: [Member]) -> Bool {
        let checks = members.map { (name: $0.plan.node, checks: $0.compiled.checks.filter(\.concernsNode)) }
        let runner = CheckRunner(device: cluster.lab?.bridge)
        let failures = parallel(checks) { entry in
            runner.run(entry.checks).compactMap(\.sentence).first.map { (entry.name, $0) }
        }.compactMap { $0 }
        for (name, failure) in failures {
            sink.report(
                Event(
                    .failed, command: "deploy", subject: name,
                    message:
                        "has nothing to do, and yet \(failure). No node was touched: mend it first, or leave it "
                        + "out with --limit"))
        }
        return failures.isEmpty
    }

    private func deploy(
        _ member: Member, among members: [Member], isTouched: inout Bool, drain: inout Drain?
    ) throws(DeploymentFailure) {
        let name = member.compiled.node.name
        sink.report(Event(.started, command: "deploy", subject: name, message: "sending"))
        let bundle: CrossBuild.Bundle
        do throws(BuildError) {
            bundle = try .load(architecture: member.compiled.manifest.architecture, from: root)
        } catch { throw DeploymentFailure(error.sentence) }
        let upload = try Upload(member.compiled, present: member.facts.blobs, runtime: bundle.binaryPath)
        sink.report(
            Event(
                .progress, command: "deploy", subject: name,
                message: "sending \(upload.blobs) blobs, \(upload.bytes.count / 1024) KiB"))
        if member.plan.interruptsService {
            drain = Drain(address: member.compiled.node.address, members: members)
            if let drain { begin(drain, name) }
        }
        isTouched = true
        let changed = try remote(member).run(Upload.command(member.compiled.manifest), input: upload.bytes)
        sink.report(Event(.progress, command: "deploy", subject: name, message: "checking"))
        try check(member)
        if stability > .zero {
            usleep(useconds_t(stability / .microseconds(1)))
            try check(member)
        }
        sink.report(
            Event(
                .finished, command: "deploy", subject: name, message: "\(changed) changes, checks passed",
                data: [.init("changed", .integer(Int64(changed)))]))
    }

    private func remote(_ member: Member) -> RemoteApply {
        RemoteApply(session: member.session, node: member.compiled.node.name, command: "deploy", sink: sink)
    }

    private func begin(_ drain: Drain, _ name: String) {
        sink.report(Event(.progress, command: "deploy", subject: name, message: "draining"))
        guard drain.begin() > 0 else { return }
        sink.report(
            Event(
                .warning, command: "deploy", subject: name,
                message: "still had sessions after \(Drain.sessionLimit.components.seconds) s; going on"))
    }

    private func end(_ drain: Drain, _ name: String) {
        sink.report(Event(.progress, command: "deploy", subject: name, message: "giving it traffic again"))
        guard drain.end() > 0 else { return }
        sink.report(
            Event(
                .warning, command: "deploy", subject: name,
                message: "is not up again in every proxy after \(Drain.returnLimit.components.seconds) s: "
                    + "pidep status shows what they think of it"))
    }

    /// Asks the recipes' checks of the node. Those of the virtual address are asked once an edge node is there.
    private func check(_ member: Member) throws(DeploymentFailure) {
        let isEdge = member.compiled.node.recipes.contains("vrrp")
        let checks = member.compiled.checks.filter { $0.concernsNode || isEdge }
        let failed = CheckRunner(device: cluster.lab?.bridge).run(checks).filter { $0.failure != nil }
        guard let first = failed.first else { return }
        var text = failed.compactMap(\.sentence).joined(separator: "\n  ")
        if !first.body.isEmpty { text += "\n  the answer: " + first.body.prefix(500) }
        for unit in member.compiled.manifest.units where unit.running {
            let lines = "journalctl --no-pager --output=cat --lines=\(Self.logLines) --unit=\(unit.name)"
            guard let log = try? member.session.perform(lines, step: "reading the log").text, !log.isEmpty
            else {
                continue
            }
            text +=
                "\n  the last lines of \(unit.name):\n    "
                + log.split(separator: "\n").suffix(8).joined(separator: "\n    ")
        }
        throw DeploymentFailure(text)
    }
}

extension Check {
    /// Whether it asks the node itself and not the cluster.
    var concernsNode: Bool { !concernsVirtualAddress }
}
