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
        /// Ctrl-C: the node in hand was brought to its end, the others were not touched.
        case interrupted = 130
    }

    /// The cluster.
    public var cluster: Cluster
    /// Where bundles are.
    public var root: PackageRoot
    /// Takes what happens.
    public var sink: any EventSink
    /// Who does it, and why.
    public var author: Author
    /// How it is done.
    public var pace: Pace
    /// Keeps how the nodes came out.
    let record: RunRecord?

    /// How a rollout is done.
    public struct Pace: Sendable {
        /// How long a node must stay healthy before the next one is touched.
        public var stability: Duration
        /// How many nodes at a time.
        public var batch: Batch

        /// How long a node waits for the confirmation of a change that may cut it off; then it undoes it.
        public var confirmTime: Duration

        /// A pace; unless said otherwise one node at a time, each healthy for a second.
        public init(
            stability: Duration = Rollout.stabilityTime, batch: Batch = .one, confirmTime: Duration? = nil
        ) {
            self.stability = stability
            self.batch = batch
            self.confirmTime = confirmTime ?? DeadManSwitch.confirmTime
        }
    }

    /// A rollout.
    init(
        cluster: Cluster, root: PackageRoot, sink: any EventSink, author: Author, pace: Pace,
        record: RunRecord?
    ) {
        self.cluster = cluster
        self.root = root
        self.sink = sink
        self.author = author
        self.pace = pace
        self.record = record
    }

    /// The order: nodes that cannot hold the virtual address first, then those that can, its holder last.
    public static func order(_ members: [Member]) -> [Member] {
        func rank(_ member: Member) -> Int {
            if member.facts.virtualAddressInterface != nil { return 2 }
            return isEdge(member.compiled.node) ? 1 : 0
        }
        return members.enumerated().sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }
            .map(\.element)
    }

    private static func isEdge(_ node: ClusterNode) -> Bool {
        node.recipes.contains("vrrp") || node.groups.contains("edge")
    }

    /// Brings the nodes to their plan, wave by wave; stops at the first that fails, gives it back its release from before,
    /// and names those that were not touched. Ctrl-C ends it between two waves.
    public func run(_ members: [Member], interruption: Interruption = Interruption()) -> Outcome {
        let start = ContinuousClock.now
        let pending = Self.order(members).filter { !$0.plan.isEmpty }
        guard pending.isEmpty || othersAnswer(members.filter(\.plan.isEmpty)) else { return .nothingTouched }
        let locks: [DeployLock]
        do throws(DeploymentFailure) { locks = try take(pending) } catch {
            sink.report(Event(.failed, command: "deploy", message: error.sentence))
            return .nothingTouched
        }
        defer { for lock in locks { lock.release() } }
        let aftermath = Aftermath(author, record)
        defer { aftermath.wait() }
        guard stage(pending) else {
            unstage(pending)
            return .nothingTouched
        }
        var done: [String] = []
        for wave in waves(pending) {
            if interruption.isRequested {
                reportInterruption(done, pending)
                unstage(pending.filter { !done.contains($0.compiled.node.name) })
                return .interrupted
            }
            let names = wave.map(\.compiled.node.name)
            let notice = Notice(interruption) { [sink] in
                sink.report(
                    Event(
                        .warning, command: "deploy",
                        message:
                            "\(names.joined(separator: " and ")) will be brought to an end first, then this stops"
                    ))
            }
            if usesOtherSessions(wave) { aftermath.wait() }
            let deployed = done + names
            let outcomes = bring(wave, among: members) { member in
                Together(cluster: cluster, members: members, deployed: deployed).checks(of: member)
            }
            notice.end()
            for (member, outcome) in zip(wave, outcomes) { aftermath.begin(member, outcome) }
            let outcome = outcomes.first { $0 == .left } ?? outcomes.first { $0 != .done } ?? .done
            guard outcome == .done else {
                let rest = pending.filter { !(done + names).contains($0.compiled.node.name) }
                reportUntouched(rest.map(\.compiled.node.name))
                unstage(rest)
                return outcome
            }
            done += names
        }
        let tenths = Int64((ContinuousClock.now - start) / .milliseconds(100))
        let nodes = pending.count == 1 ? "1 node" : "\(pending.count) nodes"
        sink.report(
            Event(
                .result, command: "deploy",
                message: "\(nodes) deployed and checked in \(tenths / 10).\(tenths % 10) s."))
        return .done
    }

    private func waves(_ pending: [Member]) -> [[Member]] {
        let items = pending.map { member in
            let node = member.compiled.node
            return Batch.Item(
                name: node.name, recipes: node.recipes,
                isAlone: Self.isEdge(node)
                    || Together.isBroken(by: member.plan, member.compiled.checks),
                isIdle: member.facts.release == nil && member.plan.touchesNothingThatRuns)
        }
        var sizes: [String: Int] = [:]
        for node in cluster.nodes { for recipe in node.recipes { sizes[recipe, default: 0] += 1 } }
        return pace.batch.waves(items, sizes: sizes).map { wave in
            wave.compactMap { item in pending.first { $0.compiled.node.name == item.name } }
        }
    }

    /// Nobody else deploys to these nodes meanwhile.
    private func take(_ members: [Member]) throws(DeploymentFailure) -> [DeployLock] {
        let nodes = members.map { ($0.session, $0.compiled.node.name, $0.facts.release) }
        return try DeployLock.take(nodes, by: author, in: cluster.file) { name, holder in
            sink.report(
                Event(
                    .warning, command: "deploy", subject: name,
                    message: "the deploy by \(holder.sentence) was cut off; this one makes up for it"))
        }
    }

    /// Sends every node what it lacks, side by side and before the first is touched: what cannot be sent (a full disk, a lost
    /// connection) is known while nothing has changed, and nobody waits for a slow line between two nodes.
    private func stage(_ members: [Member]) -> Bool {
        let ready = parallel(members) { member in
            Result { () throws(DeploymentFailure) in try stage(member) }
        }
        var isWhole = true
        for (member, attempt) in zip(members, ready) {
            guard case .failure(let failure) = attempt else { continue }
            fail(member, failure.sentence)
            isWhole = false
        }
        return isWhole
    }

    private func stage(_ member: Member) throws(DeploymentFailure) {
        let bundle: CrossBuild.Bundle
        do throws(BuildError) {
            bundle = try .load(architecture: member.compiled.manifest.architecture, from: root)
        } catch { throw DeploymentFailure(error.sentence) }
        let upload = try Upload(
            member.compiled, present: member.facts.blobs, runtime: bundle.binaryPath,
            packages: member.packages)
        sink.report(
            Event(
                .started, command: "deploy", subject: member.compiled.node.name,
                message: "sending \(upload.contents)", data: [.init("bytes", .integer(upload.byteCount))]))
        do throws(SSHError) {
            try member.session.perform(
                Upload.staging, step: "receiving", input: upload, idle: RemoteApply.idle)
        } catch { throw DeploymentFailure(error.sentence) }
    }

    /// What was sent to nodes that will not be touched takes no room there.
    private func unstage(_ members: [Member]) {
        _ = parallel(members) { member in
            (try? member.session.perform(Upload.unstaging, step: "removing what was sent")) != nil
        }
    }

    /// One wave: drained, changed side by side, and given traffic again.
    private func bring(
        _ wave: [Member], among members: [Member], together: @Sendable (Member) -> [Check]
    ) -> [Outcome] {
        let names = wave.map(\.compiled.node.name).joined(separator: " and ")
        let drained = wave.filter(\.plan.interruptsService).map(\.compiled.node.address)
        let drain = Drain(addresses: drained, members: members)
        if let drain { begin(drain, names) }
        // Behind undoing: a node that failed gets traffic again when it has its release from before.
        defer { if let drain { end(drain, names) } }
        // Edge nodes come alone.
        let move = wave.first.flatMap { member in
            VirtualAddressMove(member, among: members) { isWarning, message in
                sink.report(
                    Event(
                        isWarning ? .warning : .progress, command: "deploy", subject: names, message: message)
                )
            }
        }
        move?.begin()
        defer { move?.end() }
        let outcomes = parallel(wave) { member in bring(member) }
        guard outcomes.allSatisfy({ $0 == .done }) else { return outcomes }
        let last = wave.map { ($0, together($0)) }
        return parallel(last) { member, checks in
            do throws(DeploymentFailure) {
                try HealthGate(device: cluster.lab?.bridge, sink: sink).passTogether(member, checks)
            } catch {
                fail(member, error.sentence)
                return undo(member)
            }
            return .done
        }
    }

    /// Draining a node and moving the virtual address go over the other nodes' sessions.
    private func usesOtherSessions(_ wave: [Member]) -> Bool {
        wave.contains { $0.plan.interruptsService || VirtualAddressMove.restarts($0.plan.steps) }
    }

    private func bring(_ member: Member) -> Outcome {
        do throws(DeploymentFailure) { try deploy(member) } catch {
            fail(member, error.sentence)
            return undo(member)
        }
        return .done
    }

    private func fail(_ member: Member, _ sentence: String) {
        sink.report(Event(.failed, command: "deploy", subject: member.compiled.node.name, message: sentence))
    }

    private func reportInterruption(_ done: [String], _ pending: [Member]) {
        let rest = pending.map(\.compiled.node.name).filter { !done.contains($0) }
        let sofar = done.isEmpty ? "nothing was touched" : "\(done.joined(separator: ", ")) done and checked"
        sink.report(
            Event(
                .warning, command: "deploy",
                message: "interrupted: \(sofar); not touched: \(rest.joined(separator: ", ")). Go on with: "
                    + "pidep deploy \(cluster.file) --resume",
                data: [.init("untouched", .strings(rest))]))
    }

    private func reportUntouched(_ names: [String]) {
        guard !names.isEmpty else { return }
        sink.report(
            Event(
                .warning, command: "deploy",
                message: "not touched: \(names.joined(separator: ", ")). Mend what failed and go on with: "
                    + "pidep deploy \(cluster.file) --resume",
                data: [.init("untouched", .strings(names))]))
    }

    /// Gives a node the release that it had before this run.
    private func undo(_ member: Member) -> Outcome {
        let name = member.compiled.node.name
        func report(_ kind: Event.Kind, _ message: String) {
            sink.report(Event(kind, command: "deploy", subject: name, message: message))
        }
        if let dead = deadManSwitch(of: member) {
            guard !waitForRevert(member, dead) else {
                report(.warning, "has undone it by itself, for nobody could confirm it over a new connection")
                return .rolledBack
            }
        }
        guard let previous = member.facts.release, previous != member.compiled.manifest.release else {
            report(.warning, "left as it is: it had no release before this one")
            return .left
        }
        report(.progress, "rolling back to \(previous)")
        do throws(DeploymentFailure) {
            try revive(member)
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
        // What concerns all together may be what this deploy mends.
        let checks = members.map {
            (name: $0.plan.node, checks: $0.compiled.checks.filter { $0.concernsNode && $0.together == nil })
        }
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

    private func deploy(_ member: Member) throws(DeploymentFailure) {
        let name = member.compiled.node.name
        sink.report(Event(.progress, command: "deploy", subject: name, message: "applying"))
        let begin = NodeHistory.begin(
            author, command: "deploy", from: member.facts.release, to: member.compiled.manifest.release)
        let dead = deadManSwitch(of: member)
        let first = [dead?.arming, NodeHistory.appending(begin)].compactMap { $0 }.joined(separator: "; ")
        let changed = try remote(member).run(
            Upload.applying(member.compiled.manifest, after: first))
        if let dead { try confirm(member, dead) }
        try HealthGate(device: cluster.lab?.bridge, sink: sink).pass(member, stability: pace.stability)
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
}

extension Check {
    /// Whether it asks the node itself and not the cluster.
    var concernsNode: Bool { !concernsVirtualAddress }
}
