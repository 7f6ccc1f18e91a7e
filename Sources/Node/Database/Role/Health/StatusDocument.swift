import CLinux
import Database
import JSON
import Reactor

/// What programs are told of this node and of those that it hears of. docs/database.md lists the names.
struct StatusDocument {
    let agent: Agent

    private func seconds(_ duration: Duration) -> JSONValue {
        .decimal(duration.wholeNanoseconds / 100_000_000, places: 1)
    }

    private func number(_ value: UInt64) -> JSONValue { .integer(Int64(clamping: value)) }

    /// `show json`.
    var console: JSONValue {
        let status = agent.status
        let electorate = agent.electorate
        let now = Reactor.clock()
        return .object([
            .init("node", .string(agent.own.name)), .init("member", .integer(Int64(agent.own.id.number))),
            .init("cluster", .string("\(agent.systemIdentifier)")),
            .init("role", .string(status.isPrimary ? "primary" : "standby")),
            .init("state", .string(status.state.word)),
            .init("doing", .string(agent.member.roleName)),
            .init("leader", agent.leader.map { .string(agent.configuration.name($0)) } ?? .null),
            .init("epoch", number(agent.control?.view?.epoch ?? 0)),
            .init("timeline", .integer(Int64(status.position.timeline))),
            .init("durability", .string(agent.configuration.durability.word)),
            .init(
                "voters",
                .array((electorate?.voters ?? .none).map { .string(agent.configuration.name($0)) })),
            .init("acknowledgements", .integer(Int64(electorate?.acknowledgements ?? 0))),
            .init("waiting", .boolean(agent.isWaiting)), .init("nodes", .array(nodes)),
            .init("job", job), .init("held", .boolean(agent.isHeld)), .init("backup", backup),
            .init("slots", .array(slots)),
            .init(
                "decisions",
                .array(
                    agent.decisions.all.map { decision in
                        .object([
                            .init("seconds_ago", seconds(now - decision.at)),
                            .init("text", .string(decision.text)),
                        ])
                    })),
        ])
    }

    /// Null on a node that keeps none.
    private var backup: JSONValue {
        guard let archive = agent.archive else { return .null }
        let names = archive.names
        return .object([
            .init("folder", .string(agent.configuration.backup?.folder ?? "")),
            .init("names", .strings(names)),
            .init("age_seconds", names.last.flatMap { Archive.age(of: $0) }.map { .integer($0) } ?? .null),
            .init("receiving", .boolean(archive.isReceiving)),
            .init("running", .boolean(archive.isBackingUp)),
            .init("failure", archive.failure.map { .string($0) } ?? .null),
            .init("restoring", .boolean(agent.isRestoring)),
            .init("restore_step", agent.restore?.step.map { .string($0.word) } ?? .null),
            .init("restore_failure", agent.restore?.failure.map { .string($0) } ?? .null),
        ])
    }

    private var job: JSONValue {
        guard let job = agent.jobs.current?.job else { return .null }
        var members: [JSONValue.Member] = [.init("name", .string(job.word))]
        switch job {
        case .catchUp(let source): members.append(.init("from", .string(agent.configuration.name(source))))
        case .copy(let source), .rewind(let source):
            members.append(.init("from", .string(agent.configuration.name(source))))
            members.append(.init("progress", .decimal(Int64(agent.jobs.progress), places: 3)))
        case .create, .start, .fence, .follow, .promote, .apply, .checkpoint, .stop: break
        }
        return .object(members)
    }

    private var slots: [JSONValue] {
        agent.chores.slots.map { slot in
            .object([
                .init("name", .string(slot.name)), .init("active", .boolean(slot.isActive)),
                .init("retained_bytes", .integer(slot.retained)),
            ])
        }
    }

    /// Each node, as this one knows it.
    private var nodes: [JSONValue] {
        let now = Reactor.clock()
        let front = agent.front
        return agent.configuration.nodes.map { node in
            let isOwn = node.id == agent.own.id
            let heard = agent.statuses[Int(node.id.number)]
            let status = isOwn ? agent.status : heard?.status
            let age: Duration = isOwn ? .zero : heard.map { now - $0.at } ?? .zero
            let isFresh = status != nil && age < Agent.statusLife
            var members: [JSONValue.Member] = [
                .init("node", .string(node.name)),
                .init("role", .string(status?.isPrimary == true && isFresh ? "primary" : "standby")),
                .init("state", .string(isFresh ? status?.state.word ?? "" : "no answer")),
            ]
            let follower = agent.postgres.details?.followers.first { $0.member == node.id }
            if isFresh, let status, status.position.offset > 0 {
                let lag = front > status.position.offset ? front - status.position.offset : 0
                members += [
                    .init("timeline", .integer(Int64(status.position.timeline))),
                    .init("position", .string(LSN.text(status.position.offset))),
                    .init("lag_bytes", status.isPrimary ? .integer(0) : number(lag)),
                    .init(
                        "lag_seconds",
                        status.isPrimary || lag == 0
                            ? .decimal(0, places: 1) : .decimal(Int64(status.replayAge) / 100, places: 1)),
                ]
            } else {
                members += [
                    .init("timeline", .null), .init("position", .null), .init("lag_bytes", .null),
                    .init("lag_seconds", .null),
                ]
            }
            members += [
                .init("voter", .boolean(agent.electorate?.voters.contains(node.id) ?? false)),
                .init(
                    "synchronous",
                    .boolean(follower?.synchronous == "quorum" || follower?.synchronous == "sync")),
                .init("heard_seconds", status == nil ? .null : seconds(age)),
                .init("pending_restart", .boolean(status?.isRestartPending ?? false)),
                .init(
                    "free_bytes",
                    isFresh ? status.map { .integer(Int64($0.freeKiB) << 10) } ?? .null : .null),
            ]
            return .object(members)
        }
    }

    // MARK: Patroni's documents

    /// `GET /patroni`.
    var patroni: JSONValue {
        let view = agent.postgres.view
        let location: JSONValue =
            agent.isPrimary
            ? .object([.init("location", number(view.position.offset))])
            : .object([
                .init("received_location", number(view.position.offset)),
                .init("replayed_location", number(agent.postgres.details?.offset ?? 0)),
                .init("replayed_timestamp", .null), .init("paused", .boolean(false)),
            ])
        return .object([
            .init("state", .string(agent.postgres.details == nil ? "stopped" : "running")),
            .init("role", .string(agent.isPrimary ? "primary" : "replica")),
            .init("server_version", .integer(Int64(agent.configuration.version) * 10000)),
            .init("xlog", location), .init("timeline", .integer(Int64(view.position.timeline))),
            .init("cluster_unlocked", .boolean(agent.control?.view?.owner == nil)),
            .init("database_system_identifier", .string("\(agent.systemIdentifier)")),
            .init(
                "patroni",
                .object([
                    .init("version", .string(String(cString: cl_pinode_version()))),
                    .init("scope", .string("\(agent.systemIdentifier)")),
                    .init("name", .string(agent.own.name)),
                ])),
        ])
    }

    /// `GET /cluster`.
    var cluster: JSONValue {
        let now = Reactor.clock()
        let front = agent.front
        return .object([
            .init(
                "members",
                .array(
                    agent.configuration.nodes.compactMap { node -> JSONValue? in
                        let heard = agent.statuses[Int(node.id.number)]
                        let isFresh = heard.map { now - $0.at < Agent.statusLife } ?? false
                        guard
                            let status = node.id == agent.own.id
                                ? agent.status : isFresh ? heard?.status : nil
                        else { return nil }
                        let offset = status.position.offset
                        return .object([
                            .init("name", .string(node.name)),
                            .init("role", .string(status.isPrimary ? "leader" : "replica")),
                            .init("state", .string(status.state.word)), .init("host", .string(node.address)),
                            .init("port", .integer(Int64(agent.configuration.port))),
                            .init("timeline", .integer(Int64(status.position.timeline))),
                            .init("lag", number(status.isPrimary || offset > front ? 0 : front - offset)),
                        ])
                    }))
        ])
    }
}

extension Durability {
    /// As the file has it.
    var word: String {
        switch self {
        case .strict: "strict"
        case .available: "available"
        case .async: "async"
        }
    }
}

extension Job {
    /// For people and programs.
    var word: String {
        switch self {
        case .create: "create"
        case .copy: "copy"
        case .rewind: "rewind"
        case .start: "start"
        case .catchUp: "catch up"
        case .fence: "fence"
        case .follow: "follow"
        case .promote: "promote"
        case .apply: "apply"
        case .checkpoint: "checkpoint"
        case .stop: "stop"
        }
    }
}
