import Events
import JSON

/// `pidep database backup` and `restore`. The node that keeps the backups does the work; a restore needs all nodes to stand still.
extension DatabaseActions {
    /// How long a node may take to stop PostgreSQL, a checkpoint on a slow card included.
    public static let holdLimit: Duration = .seconds(120)

    /// Makes a base backup now, and waits until it is verified.
    public func backup() throws(DeploymentFailure) {
        let (node, before) = try keeper()
        try order("backup", node)
        var last = ""
        let start = consoles.clock()
        while true {
            let state = try archive(of: node)
            if !state.isRunning {
                if let failure = state.failure {
                    throw DeploymentFailure(
                        "\(node): the backup did not work: \(failure). Those before it are as they were")
                }
                if let newest = state.names.last, newest != before.names.last {
                    return tell(
                        .finished, node,
                        "\(state.folder)/base/\(newest) is made and verified, after \(Self.seconds(consoles.clock() - start))"
                    )
                }
                if consoles.clock() - start > Self.stillLimit {
                    throw DeploymentFailure(
                        "\(node): no backup has begun. pidep logs … --role database tells why")
                }
            }
            let text = state.isRunning ? "copies the primary's data" : "begins"
            if text != last { tell(.progress, node, text) }
            last = text
            consoles.pause(Self.pause)
        }
    }

    /// What a restore would do, for people who must decide.
    public func planOfRestoring(_ backup: String, until time: String?) throws(DeploymentFailure) -> String {
        let (node, state) = try keeper()
        guard !state.names.isEmpty else { throw DeploymentFailure("\(node) keeps no backup yet") }
        let goal = time.map { "as it was at \($0) (UTC)" } ?? "as far as \(node) has its log"
        let which = backup == "latest" ? "the newest backup that is old enough" : "the backup \(backup)"
        return """
            \(node) copies the backup and goes through its log, to see that it comes so far; until then nothing else changes.
            Then PostgreSQL stops on all nodes. \(node) begins anew with \(which), \(goal); everything later is gone, acknowledged or not.
            The others are rewound to it. \(node)'s data of before stays beside the new one, with .before-restore at its end.
            \(node) has \(state.names.joined(separator: ", ")).
            """
    }

    /// Brings all nodes back to a backup and the log since, up to a time (`2026-11-25 19:00:00`, UTC) or its end.
    public func restore(_ backup: String, until time: String?) throws(DeploymentFailure) {
        let (keeper, _) = try keeper()
        let status = DatabaseStatus(consoles)
        for entry in status.entries {
            guard case .failure(let silence) = entry.answer else { continue }
            throw DeploymentFailure(
                "\(silence.sentence)\nNothing was changed: a node that does not stand still would take over in between"
            )
        }
        let what = backup + (time.map { " \($0)" } ?? "")
        do throws(DeploymentFailure) {
            try order("prepare \(what)", keeper)
            try waitForRestore(on: keeper)
        } catch {
            throw DeploymentFailure("\(error.sentence)\nNothing was changed")
        }
        // The primary last: what it has written by then still comes to the node with the backup. And each that goes before it has nothing left to win.
        let first = status.primary?.node
        for node in consoles.nodes where node != first { try order("hold", node) }
        if let first { try order("hold", first) }
        try wait(Self.holdLimit, "stop PostgreSQL everywhere", keeper) { status in
            status.answers.count == consoles.nodes.count
                && status.answers.allSatisfy { $0.json["held"]?.boolean == true }
        }
        do throws(DeploymentFailure) {
            try order("restore \(what)", keeper)
            try waitForRestore(on: keeper)
        } catch {
            for node in consoles.nodes { _ = consoles.ask(node, "resume") }
            throw DeploymentFailure("\(error.sentence)\nThe nodes go on with the data that they had")
        }
        try order("resume", keeper)
        try lead(keeper)
        for node in consoles.nodes where node != keeper { try order("resume", node) }
        try wait(Self.stillLimit, "follow \(keeper) everywhere", keeper) { status in
            status.primary?.node == keeper
                && status.nodes.allSatisfy { $0.name == keeper || $0.state == "streaming" }
        }
        tell(.finished, keeper, "is the primary with the restored data, and all follow it")
    }

    private func waitForRestore(on node: String) throws(DeploymentFailure) {
        var last = ""
        while case let state = try archive(of: node), state.isRestoring {
            if let step = state.restoreStep, step != last {
                tell(.progress, node, step)
                last = step
            }
            consoles.pause(Self.pause)
        }
        if let failure = try archive(of: node).restoreFailure {
            throw DeploymentFailure("\(node): \(failure)")
        }
    }

    /// Lets all nodes go on that are on hold, after a restore that broke off.
    public func resume() throws(DeploymentFailure) {
        for node in consoles.nodes {
            if case .success(let text) = consoles.ask(node, "resume") { tell(.progress, node, text) }
        }
        try wait(Self.changeLimit, "elect a primary", consoles.nodes.first ?? "") { $0.primary != nil }
        tell(.finished, consoles.nodes.first ?? "", "the nodes go on")
    }

    /// The node with the backup goes through the log first, and is promoted when it is where it should be.
    private func lead(_ node: String) throws(DeploymentFailure) {
        let start = consoles.clock()
        var last = ""
        while consoles.clock() - start < Self.stillLimit {
            let own = DatabaseStatus(consoles).answers.first { $0.node == node }
            if own?.isPrimary == true { return }
            let answer = consoles.ask(node, "promote --accept-loss --yes")
            let text =
                if case .success(let text) = answer, text.hasPrefix("refused") {
                    "goes through the log (\(own?.state ?? DatabaseAnswer.Node.silent))"
                } else {
                    "becomes the primary"
                }
            if text != last { tell(.progress, node, text) }
            last = text
            consoles.pause(.seconds(2))
        }
        throw DeploymentFailure(
            "\(node) did not become the primary with the restored data within \(Self.seconds(Self.stillLimit)). The others are on "
                + "hold: look at pidep logs \(consoles.inventory) \(node) --role database, then pidep database resume \(consoles.inventory)"
        )
    }

    private func wait(
        _ limit: Duration, _ what: String, _ node: String, _ isDone: (DatabaseStatus) -> Bool
    ) throws(DeploymentFailure) {
        let start = consoles.clock()
        while !isDone(DatabaseStatus(consoles)) {
            guard consoles.clock() - start < limit else {
                throw DeploymentFailure(
                    "the nodes did not \(what) within \(Self.seconds(limit)). pidep database status \(consoles.inventory) tells more; "
                        + "pidep database resume \(consoles.inventory) lets nodes on hold go on")
            }
            consoles.pause(Self.pause)
        }
    }

    // MARK: the node that keeps the backups

    private struct ArchiveState {
        var folder: String
        var names: [String]
        var isRunning: Bool
        var failure: String?
        var isRestoring: Bool
        /// What a restore does now.
        var restoreStep: String?
        var restoreFailure: String?

        init?(_ json: JSONValue?) {
            guard let json, let folder = json["folder"]?.text else { return nil }
            self.folder = folder
            names = json["names"]?.elements?.compactMap(\.text) ?? []
            isRunning = json["running"]?.boolean ?? false
            failure = json["failure"]?.text
            isRestoring = json["restoring"]?.boolean ?? false
            restoreStep = json["restore_step"]?.text
            restoreFailure = json["restore_failure"]?.text
        }
    }

    private func keeper() throws(DeploymentFailure) -> (String, ArchiveState) {
        let status = DatabaseStatus(consoles)
        for answer in status.answers {
            if let state = ArchiveState(answer.json["backup"]) { return (answer.node, state) }
        }
        throw DeploymentFailure(
            "no node that answers keeps backups. Set postgresql_backup_node in \(consoles.inventory) and deploy; docs/database.md tells more"
        )
    }

    private func archive(of node: String) throws(DeploymentFailure) -> ArchiveState {
        let text = try answer("show json", node)
        guard let state = ArchiveState(DatabaseAnswer(text)?.json["backup"]) else {
            throw DeploymentFailure("\(node) keeps no backups any more")
        }
        return state
    }
}
