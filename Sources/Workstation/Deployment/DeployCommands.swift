import CrossBuild
import Events
import Foundation
import SSH

/// What `pidep plan` and `pidep deploy` do, for a command line or a test.
public struct Deploying: Sendable {
    /// What a plan says: `pidep plan`'s exit code.
    public enum Verdict: Int32, Sendable {
        case nothingToDo = 0
        case failed = 1
        case changes = 2
    }

    /// `plan` or `deploy`: the events' command.
    public var command: String
    /// The inventory's path.
    public var inventory: String
    /// `--limit`.
    public var limit: String?
    /// Whether the plan is shown in colour.
    public var colour: Bool
    /// Whether files' changes are shown without their lines.
    public var brief: Bool
    /// Whether package indexes are read anew, so that what is installed now is the newest.
    public var refreshPackages = false
    /// Takes what happens.
    public var sink: any EventSink
    /// The plan that was approved beforehand; nil: it is shown and asked about now.
    var planned: PlanFile?
    /// Asks the person what only a person can say.
    public var asking: Asking

    /// What to plan or deploy.
    public init(
        command: String, inventory: String, limit: String?, colour: Bool, brief: Bool = false,
        sink: any EventSink,
        asking: Asking
    ) {
        self.command = command
        self.inventory = inventory
        self.limit = limit
        self.colour = colour
        self.brief = brief
        self.sink = sink
        self.asking = asking
    }

    /// Carries out a plan that was approved beforehand: nothing is asked, and nothing is done if a node has changed since.
    public mutating func use(_ plan: PlanFile?) {
        guard let plan else { return }
        planned = plan
        limit = plan.limit
    }

    /// Goes on where the last deploy of this inventory stopped; false, and said, when there is nothing to go on with.
    public mutating func resume() throws(DeploymentFailure) -> Bool {
        let root: PackageRoot
        do throws(BuildError) { root = try .find() } catch { throw DeploymentFailure(error.sentence) }
        guard let names = RunRecord.unfinished(inventory: inventory, root: root) else {
            throw DeploymentFailure(
                "no deploy of \(inventory) is remembered here: without --resume it begins one")
        }
        guard !names.isEmpty else {
            sink.report(
                Event(
                    .result, command: command,
                    message: "Nothing to go on with: the last deploy reached all its nodes."))
            return false
        }
        limit = names.joined(separator: ":")
        return true
    }

    /// Shows what a deploy would change; keeps it in a file where one is named.
    public func plan(out file: String? = nil) -> Verdict {
        do throws(DeploymentFailure) {
            let fleet = try prepare()
            let members = try fleet.members(asking: asking)
            let isEmpty = show(members)
            try refuse(Preflight.run(members, in: fleet.loaded.cluster))
            if let file {
                try PlanFile(inventory: inventory, limit: limit, members: Rollout.order(members))
                    .write(to: file)
                sink.report(
                    Event(
                        .finished, command: command,
                        message: "kept in \(file): pidep deploy --plan \(file) carries it out"))
            }
            return isEmpty ? .nothingToDo : .changes
        } catch {
            return fail(error.sentence)
        }
    }

    /// Shows the plan, asks, and carries it out. `confirm` is asked only when there is something to do.
    public func deploy(
        pace: Rollout.Pace = .init(), message: String = "", confirm: () -> Bool
    ) -> Rollout.Outcome {
        do throws(DeploymentFailure) {
            let fleet = try prepare()
            let record = RunRecord(command: command, inventory: inventory, root: fleet.root, passingTo: sink)
            let outcome = with(record).deploy(fleet, record, pace, message, confirm)
            if outcome == .done, !record.hasNodes {
                record.discard()
            } else {
                record.end(exitCode: outcome.rawValue)
            }
            return outcome
        } catch {
            _ = fail(error.sentence)
            return .nothingTouched
        }
    }

    /// The same, its events kept.
    private func with(_ record: RunRecord) -> Deploying {
        var copy = self
        copy.sink = record
        return copy
    }

    private func deploy(
        _ fleet: Fleet, _ record: RunRecord, _ pace: Rollout.Pace, _ message: String, _ confirm: () -> Bool
    ) -> Rollout.Outcome {
        do throws(DeploymentFailure) {
            let members = try fleet.members(asking: asking)
            try planned?.verify(members)
            if show(members) {
                sink.report(Event(.result, command: command, message: "Nothing to do."))
                return .done
            }
            record.keep(Rollout.order(members).map(\.plan))
            try refuse(Preflight.run(members, in: fleet.loaded.cluster))
            guard planned != nil || confirm() else { return .nothingTouched }
            let interruption = Interruption.onSignals()
            let rollout = Rollout(
                cluster: fleet.loaded.cluster, root: fleet.root, sink: sink,
                author: Author(run: record.name, message: message), pace: pace, record: record)
            return rollout.run(members, interruption: interruption)
        } catch {
            _ = fail(error.sentence)
            return .nothingTouched
        }
    }

    private func fail(_ sentence: String) -> Verdict {
        sink.report(Event(.failed, command: command, message: sentence))
        return .failed
    }

    /// Ends the command with all that stands in the way.
    private func refuse(_ problems: [String]) throws(DeploymentFailure) {
        guard !problems.isEmpty else { return }
        throw DeploymentFailure((problems + ["Nothing was changed."]).joined(separator: "\n"))
    }

    private func prepare() throws(DeploymentFailure) -> Fleet {
        let loaded: LoadedCluster
        do throws(LoadedCluster.Failure) { loaded = try LoadedCluster(inventory) } catch {
            throw DeploymentFailure(error.sentence)
        }
        for warning in loaded.warnings { sink.report(Event(.warning, command: command, message: warning)) }
        do throws(BuildError) {
            var fleet = Fleet(loaded, root: try .find(), limit: limit, command: command, sink: sink)
            fleet.refreshPackages = refreshPackages
            return fleet
        } catch {
            throw DeploymentFailure(error.sentence)
        }
    }

    /// Returns whether there is nothing to do.
    private func show(_ members: [Member]) -> Bool {
        for member in Rollout.order(members) {
            sink.report(
                Event(
                    .result, command: command, subject: member.plan.node,
                    message: member.plan.text(colour: colour, brief: brief), data: member.plan.json))
        }
        return members.allSatisfy { $0.plan.isEmpty }
    }
}
