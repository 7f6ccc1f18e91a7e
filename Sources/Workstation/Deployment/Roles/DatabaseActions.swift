import Events
import JSON

/// What `pidep database` does besides looking: each tells how it goes on, and throws a sentence when it does not.
public struct DatabaseActions: Sendable {
    /// How long a switchover, a failover or a restart may take until somebody is the primary: a checkpoint of a slow card.
    public static let changeLimit: Duration = .seconds(90)
    /// How long a copy may stand still.
    public static let stillLimit: Duration = .seconds(180)
    /// The pause between two looks.
    static let pause: Duration = .milliseconds(250)

    let consoles: RoleConsoles
    let command: String
    let sink: any EventSink

    /// Actions over the nodes' consoles; `command` is the events' one.
    public init(_ consoles: RoleConsoles, command: String, sink: any EventSink) {
        self.consoles = consoles
        self.command = command
        self.sink = sink
    }

    // MARK: switchover, failover

    /// Makes another node the primary, in order: no write fails that waits a moment.
    public func switchover(to target: String?) throws(DeploymentFailure) {
        let primary = try primary(
            "there is nobody to hand over. Once enough nodes are there they elect one by themselves")
        try check(target, besides: primary)
        if target == primary.node {
            return tell(.finished, primary.node, "is the primary already")
        }
        try order("switchover" + (target.map { " \($0)" } ?? ""), primary.node)
        try awaitPrimary(after: primary, named: target)
    }

    /// Gives the primary up at once: for when it misbehaves.
    public func failover() throws(DeploymentFailure) {
        let primary = try primary("there is nothing to give up")
        try order("failover", primary.node)
        try awaitPrimary(after: primary, named: nil)
    }

    private func check(_ target: String?, besides primary: DatabaseAnswer) throws(DeploymentFailure) {
        guard let target, target != primary.node else { return }
        try consoles.require(target, running: "the database")
        guard let node = primary.nodes.first(where: { $0.name == target }), node.state == "streaming" else {
            let state = primary.nodes.first { $0.name == target }?.state ?? DatabaseAnswer.Node.silent
            throw DeploymentFailure(
                "\(target) cannot become the primary: it is not streaming (\(state)). Nothing was changed")
        }
    }

    /// Until somebody is the primary in a later epoch, and the one before follows.
    private func awaitPrimary(after old: DatabaseAnswer, named target: String?) throws(DeploymentFailure) {
        let start = consoles.clock()
        var last = ""
        while consoles.clock() - start < Self.changeLimit {
            let status = DatabaseStatus(consoles)
            if let now = status.primary, now.epoch > old.epoch {
                let took = Self.seconds(consoles.clock() - start)
                tell(
                    .progress, now.node,
                    "is the primary in epoch \(now.epoch), timeline \(now.timeline ?? 0), after \(took)")
                if let target, now.node != target {
                    throw DeploymentFailure(
                        "\(now.node) became the primary instead of \(target): it was the furthest that could. "
                            + "Look at the decisions: pidep database status \(consoles.inventory)")
                }
                return try awaitStandby(old.node, leader: now.node, since: start)
            }
            let text =
                status.primary.map { "\($0.node) is still the primary, \($0.job?.text ?? $0.state)" }
                ?? "no node is the primary yet"
            if text != last { tell(.progress, old.node, text) }
            last = text
            consoles.pause(Self.pause)
        }
        throw DeploymentFailure(
            "no node became the primary within \(Self.seconds(Self.changeLimit)). Look at pidep database status "
                + "\(consoles.inventory) and pidep control status \(consoles.inventory)")
    }

    /// Nothing fails any more when the old one takes its time: it comes back by itself.
    private func awaitStandby(_ node: String, leader: String, since start: Duration) throws(DeploymentFailure)
    {
        while consoles.clock() - start < Self.changeLimit {
            let status = DatabaseStatus(consoles)
            if status.nodes.first(where: { $0.name == node })?.state == "streaming" {
                let took = Self.seconds(consoles.clock() - start)
                return tell(.finished, leader, "is the primary, and \(node) follows it, after \(took)")
            }
            consoles.pause(Self.pause)
        }
        tell(
            .warning, node,
            "does not follow \(leader) yet; it goes on by itself: pidep database status \(consoles.inventory)"
        )
    }

    // MARK: restart, copy, promote

    /// Restarts PostgreSQL on a node, or on all, one after the other and the primary last; that hands over first.
    public func restart(_ node: String?) throws(DeploymentFailure) {
        if let node { try consoles.require(node, running: "the database") }
        let status = DatabaseStatus(consoles)
        for silence in node == nil ? status.entries : [] {
            if case .failure(let reason) = silence.answer {
                throw DeploymentFailure(
                    "\(reason.sentence)\nNothing was restarted; name a node to restart it alone")
            }
        }
        let names =
            node.map { [$0] } ?? consoles.nodes.filter { $0 != status.primary?.node }
            + [status.primary?.node].compactMap { $0 }
        for name in names {
            if name == status.primary?.node, consoles.nodes.count > 1 {
                tell(.progress, name, "handing over first: it is the primary")
                try switchover(to: nil)
            }
            tell(.progress, name, "restarting PostgreSQL")
            try order("restart", name)
            let start = consoles.clock()
            var isBack = false
            while consoles.clock() - start < Self.changeLimit, !isBack {
                consoles.pause(Self.pause)
                let now = DatabaseStatus(consoles)
                let own = now.answers.first { $0.node == name }
                let state = now.nodes.first { $0.name == name }?.state
                isBack = now.primary != nil && (own?.isPrimary == true || state == "streaming")
            }
            guard isBack else {
                throw DeploymentFailure(
                    "\(name) does not run as it should \(Self.seconds(Self.changeLimit)) after its restart. Look there: "
                        + "pidep logs \(consoles.inventory) \(name) --role database")
            }
            tell(.finished, name, "restarted")
        }
    }

    /// Throws a standby's data folder away and copies it anew.
    public func reinit(_ node: String) throws(DeploymentFailure) {
        try consoles.require(node, running: "the database")
        let primary = try primary("there is nothing to copy from")
        guard node != primary.node else {
            throw DeploymentFailure(
                "\(node) is the primary: its data is what the others are copied from. Make another node the primary "
                    + "first: pidep database switchover \(consoles.inventory)")
        }
        try order("reinit", node)
        var (changed, last) = (consoles.clock(), "")
        // Its state from before may still be told for a moment.
        var hasBegun = false
        while consoles.clock() - changed < Self.stillLimit {
            let status = DatabaseStatus(consoles)
            let answer = status.answers.first { $0.node == node }
            let state = answer?.state ?? DatabaseAnswer.Node.silent
            let text = answer?.job?.text ?? state
            if state != "streaming" || answer?.job != nil { hasBegun = true }
            if hasBegun, state == "streaming", answer?.job == nil {
                return tell(.finished, node, "copied, and follows \(status.primary?.node ?? primary.node)")
            }
            if text != last {
                (changed, last) = (consoles.clock(), text)
                tell(.progress, node, text)
            }
            consoles.pause(Self.pause)
        }
        throw DeploymentFailure(
            "\(node) has stood still for \(Self.seconds(Self.stillLimit)) (\(last)). It goes on by itself when what keeps "
                + "it is mended: pidep logs \(consoles.inventory) \(node) --role database")
    }

    /// What a node says would be lost if it became the primary by force.
    public func lossOfPromoting(_ node: String) throws(DeploymentFailure) -> String {
        try consoles.require(node, running: "the database")
        let status = DatabaseStatus(consoles)
        if let primary = status.primary {
            throw DeploymentFailure(
                "\(primary.node) is the primary and answers: nothing needs to be lost. Use pidep database switchover "
                    + "\(consoles.inventory) --to \(node)")
        }
        return try answer("promote --accept-loss", node)
    }

    /// Makes a node the primary by force, whatever is lost.
    public func promote(_ node: String) throws(DeploymentFailure) {
        try order("promote --accept-loss --yes", node)
        let start = consoles.clock()
        while consoles.clock() - start < Self.changeLimit {
            if let now = DatabaseStatus(consoles).answers.first(where: { $0.node == node }), now.isPrimary {
                return tell(.finished, node, "is the primary in epoch \(now.epoch)")
            }
            consoles.pause(Self.pause)
        }
        throw DeploymentFailure(
            "\(node) did not become the primary within \(Self.seconds(Self.changeLimit)): control must have a majority for it. "
                + "pidep control status \(consoles.inventory)")
    }

    // MARK: asking

    func primary(_ otherwise: String) throws(DeploymentFailure) -> DatabaseAnswer {
        let status = DatabaseStatus(consoles)
        if let primary = status.primary { return primary }
        throw DeploymentFailure(
            (status.problems + ["Nothing was changed: without a primary \(otherwise)."]).joined(
                separator: "\n"))
    }

    func answer(_ command: String, _ node: String) throws(DeploymentFailure) -> String {
        switch consoles.ask(node, command) {
        case .success(let text): return text
        case .failure(let silence): throw DeploymentFailure(silence.sentence)
        }
    }

    /// A command that begins something: `ok: …`, or `refused: why`.
    func order(_ command: String, _ node: String) throws(DeploymentFailure) {
        let text = try answer(command, node)
        if text.hasPrefix("ok") {
            let rest = text.drop { $0 != ":" }.dropFirst().drop { $0 == " " }
            if !rest.isEmpty { tell(.progress, node, String(rest)) }
            return
        }
        let refusal = "refused: "
        throw DeploymentFailure(
            text.hasPrefix(refusal)
                ? "\(node) refuses: \(text.dropFirst(refusal.count))"
                : "\(node) answers \"\(text.prefix(300))\" to \(command): deploy, so that both are one version"
        )
    }

    func tell(_ kind: Event.Kind, _ node: String, _ message: String) {
        sink.report(Event(kind, command: command, subject: node, message: message))
    }

    /// `1.2 s`.
    static func seconds(_ duration: Duration) -> String {
        let tenths = Int64(duration / .milliseconds(100))
        return tenths % 10 == 0 && tenths >= 100 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
    }
}
