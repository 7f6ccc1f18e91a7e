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
    /// Takes what happens.
    public var sink: any EventSink
    /// Shown unknown host keys, says whether they are accepted.
    public var trust: @Sendable ([HostKey]) -> Bool

    /// What to plan or deploy.
    public init(
        command: String, inventory: String, limit: String?, colour: Bool, brief: Bool = false,
        sink: any EventSink,
        trust: @escaping @Sendable ([HostKey]) -> Bool
    ) {
        self.command = command
        self.inventory = inventory
        self.limit = limit
        self.colour = colour
        self.brief = brief
        self.sink = sink
        self.trust = trust
    }

    /// Shows what a deploy would change.
    public func plan() -> Verdict {
        do throws(DeploymentFailure) {
            return try show(try prepare().members(trust: trust)) ? .nothingToDo : .changes
        } catch {
            return fail(error.sentence)
        }
    }

    /// Shows the plan, asks, and carries it out. `confirm` is asked only when there is something to do.
    public func deploy(stability: Duration = Rollout.stabilityTime, confirm: () -> Bool) -> Rollout.Outcome {
        do throws(DeploymentFailure) {
            let fleet = try prepare()
            let members = try fleet.members(trust: trust)
            if try show(members) {
                sink.report(Event(.result, command: command, message: "Nothing to do."))
                return .done
            }
            guard confirm() else { return .nothingTouched }
            return Rollout(
                cluster: fleet.loaded.cluster, root: fleet.root, sink: sink, stability: stability
            ).run(members)
        } catch {
            _ = fail(error.sentence)
            return .nothingTouched
        }
    }

    private func fail(_ sentence: String) -> Verdict {
        sink.report(Event(.failed, command: command, message: sentence))
        return .failed
    }

    private func prepare() throws(DeploymentFailure) -> Fleet {
        let loaded: LoadedCluster
        do throws(LoadedCluster.Failure) { loaded = try LoadedCluster(inventory) } catch {
            throw DeploymentFailure(error.sentence)
        }
        for warning in loaded.warnings { sink.report(Event(.warning, command: command, message: warning)) }
        do throws(BuildError) { return Fleet(loaded, root: try .find(), limit: limit) } catch {
            throw DeploymentFailure(error.sentence)
        }
    }

    /// Returns whether there is nothing to do.
    private func show(_ members: [Member]) throws(DeploymentFailure) -> Bool {
        for member in Rollout.order(members) {
            sink.report(
                Event(
                    .result, command: command, subject: member.plan.node,
                    message: member.plan.text(colour: colour, brief: brief), data: member.plan.json))
        }
        return members.allSatisfy { $0.plan.isEmpty }
    }
}
