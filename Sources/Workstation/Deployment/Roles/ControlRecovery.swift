import Events
import Foundation
import JSON

/// `pidep control recover` and `rejoin`: when a majority of the voters is gone for good, one node begins another life of the cluster
/// alone, the others that are left throw their logs away, and two of them vote again.
public struct ControlRecovery: Sendable {
    /// How long a node may take until it does its part, a silent lease time included.
    public static let startLimit: Duration = .seconds(60)
    /// How long a follower may take to catch up, and to vote.
    public static let promoteLimit: Duration = .seconds(60)
    /// The pause between two looks.
    static let pause: Duration = .milliseconds(500)
    private static let pinode = "/opt/pinode/current/pinode control -f /etc/pinode/control.conf"

    let consoles: RoleConsoles
    let command: String
    let sink: any EventSink

    /// Over the nodes' consoles of control; `command` is the events' one.
    public init(_ consoles: RoleConsoles, command: String, sink: any EventSink) {
        self.consoles = consoles
        self.command = command
        self.sink = sink
    }

    /// What a node that is left knows, as `pinode control … recover` says it.
    struct Knowledge: Equatable {
        var node: String
        var lines: [String]
        /// Which life of the cluster, which election in it, and the last entry: the later is the more.
        var recovery: Int
        var term: Int
        var entry: Int

        /// Nil for what this pidep does not understand.
        init?(_ node: String, _ lines: [String]) {
            guard let first = lines.first(where: { $0.contains(": last entry ") }),
                let entry = Self.number(after: ": last entry ", in: first),
                let term = Self.number(after: " of term ", in: first)
            else { return nil }
            self.node = node
            self.lines = lines
            self.entry = entry
            self.term = term
            recovery = Self.number(after: " of recovery ", in: first) ?? 0
        }

        private static func number(after mark: String, in line: String) -> Int? {
            guard let place = line.range(of: mark) else { return nil }
            return Int(line[place.upperBound...].prefix { $0.isNumber })
        }

        func isBehind(_ other: Knowledge) -> Bool {
            (recovery, term, entry) < (other.recovery, other.term, other.entry)
        }
    }

    // MARK: what could be lost

    /// What the node knows, who knows as much, who does not answer: for people who must decide. Control is stopped for a moment on
    /// each node that answers, which does nothing without a majority.
    public func lossOfRecovering(_ node: String) throws(DeploymentFailure) -> String {
        try consoles.require(node, running: "control")
        let healths = consoles.askAll("show health")
        for health in healths {
            guard case .success(let text) = health.answer, text.hasPrefix("ok") else { continue }
            throw DeploymentFailure(
                "\(health.node) says \"\(text)\": a majority of the voters is there, and nothing needs to be lost. "
                    + "pidep control status \(consoles.inventory) tells what is wrong besides")
        }
        let silent = healths.compactMap { health -> String? in
            guard case .failure(let silence) = health.answer, !silence.isReachable else { return nil }
            return health.node
        }
        guard !silent.contains(node) else {
            throw DeploymentFailure("\(node) does not answer. Recover a node that is left")
        }
        var all: [Knowledge] = []
        for left in consoles.nodes where !silent.contains(left) { all.append(try knowledge(of: left)) }
        guard let own = all.first(where: { $0.node == node }) else {
            throw DeploymentFailure("\(node): it is not known what it knows")
        }
        if let better = all.first(where: { own.isBehind($0) }) {
            throw DeploymentFailure(
                "\(better.node) knows more than \(node): entry \(better.entry) of term \(better.term), not entry \(own.entry) of "
                    + "term \(own.term). Nothing was changed: pidep control recover \(consoles.inventory) \(better.node)"
            )
        }
        let gone = silent.isEmpty ? "" : "\(silent.joined(separator: ", ")) do not answer. "
        let others = all.map(\.node).filter { $0 != node }
        return own.lines.joined(separator: "\n") + """

            \(gone)Could be lost: whatever was agreed on after this last entry, by voters that are gone. Do this only if less than a
            majority of the voters will ever come back: \(node) becomes the only member and begins another life of the cluster\
            \(others.isEmpty ? "" : "; \(others.joined(separator: ", ")) throw their logs away and follow it").
            """
    }

    private func knowledge(of node: String) throws(DeploymentFailure) -> Knowledge {
        let lines = try run(
            node, "asking what it knows",
            "systemctl stop pinode-control; code=0; \(Self.pinode) recover || code=$?; systemctl start pinode-control; exit $code"
        )
        // The rest is advice for somebody at the node.
        let facts = lines.prefix { !$0.hasPrefix("Could be lost") }
        guard let knowledge = Knowledge(node, Array(facts)) else {
            throw DeploymentFailure(
                "\(node) says what this pidep does not understand: \(lines.first ?? "nothing"). Nothing was changed"
            )
        }
        return knowledge
    }

    // MARK: the act

    /// Makes the node the only member, takes the others that answer in anew, and lets two of them vote.
    public func recover(_ node: String) throws(DeploymentFailure) {
        let others = consoles.askAll("show health").compactMap { health -> String? in
            if case .failure(let silence) = health.answer, !silence.isReachable { return nil }
            return health.node == node ? nil : health.node
        }
        // None of the former life may come to a majority meanwhile.
        for other in others { _ = try run(other, "stopping control", "systemctl stop pinode-control") }
        do throws(DeploymentFailure) {
            _ = try run(
                node, "recovering",
                "systemctl stop pinode-control; code=0; \(Self.pinode) recover --accept-loss || code=$?; "
                    + "systemctl start pinode-control; exit $code")
        } catch {
            for other in others { _ = try? run(other, "starting control", "systemctl start pinode-control") }
            throw DeploymentFailure("\(error.sentence)\nControl was started again everywhere, as it was")
        }
        try wait(for: node)
        tell(.progress, node, "leads the recovered cluster alone")
        for other in others { try rejoin(other) }
        try promote(Array(others.prefix(2)), on: node)
        let gone = consoles.nodes.filter { $0 != node && !others.contains($0) }
        for name in gone {
            tell(
                .warning, name,
                "does not answer. Should it come back: pidep control rejoin \(consoles.inventory) \(name) --accept-loss; until then "
                    + "it stops by itself when it hears of the recovered cluster")
        }
        tell(.finished, node, "the cluster is recovered")
    }

    /// Throws a node's log away, after another one was recovered, and waits until it follows.
    public func rejoin(_ node: String) throws(DeploymentFailure) {
        try consoles.require(node, running: "control")
        _ = try run(
            node, "rejoining",
            "systemctl stop pinode-control; code=0; \(Self.pinode) rejoin --accept-loss || code=$?; "
                + "systemctl start pinode-control; exit $code")
        try wait(for: node)
        tell(.progress, node, "has thrown its log away, and follows")
    }

    /// Two voters are no protection: with one other node it stays a follower.
    private func promote(_ followers: [String], on leader: String) throws(DeploymentFailure) {
        guard followers.count == 2 else {
            return tell(
                .warning, leader,
                "votes alone, since less than two others answer: with a second voter losing either would stop everything"
            )
        }
        for follower in followers {
            guard case .success(let text) = consoles.ask(follower, "show json"),
                let number = (try? JSONValue.parse(text))?["member"]?.integer
            else { throw DeploymentFailure("\(follower) does not say which member it is") }
            let start = consoles.clock()
            while true {
                guard case .success(let answer) = consoles.ask(leader, "promote \(number)") else {
                    throw DeploymentFailure("\(leader) does not answer any more")
                }
                if answer.hasPrefix("done") { break }
                guard consoles.clock() - start < Self.promoteLimit else {
                    throw DeploymentFailure(
                        "\(follower) does not vote yet: \(answer). The cluster goes on without its vote; later: pinode ctl control "
                            + "promote \(number) on \(leader)")
                }
                // Voters change at most once in a lease time, and a follower must have the log first.
                consoles.pause(Self.pause)
            }
            tell(.progress, follower, "votes")
        }
    }

    private func wait(for node: String) throws(DeploymentFailure) {
        let start = consoles.clock()
        var last = "no answer"
        while consoles.clock() - start < Self.startLimit {
            switch consoles.ask(node, "show health") {
            case .success(let text):
                if text.hasPrefix("ok") { return }
                last = text
            case .failure(let silence): last = silence.sentence
            }
            consoles.pause(Self.pause)
        }
        throw DeploymentFailure(
            "\(node) does not do its part \(DatabaseActions.seconds(Self.startLimit)) after its start: \(last). Look there: pidep logs "
                + "\(consoles.inventory) \(node) --role control")
    }

    // MARK: asking

    /// A script's lines.
    private func run(_ node: String, _ step: String, _ script: String) throws(DeploymentFailure) -> [String] {
        let lines = Lines()
        if let why = consoles.run(node, script, step, { lines.add($0) }) { throw DeploymentFailure(why) }
        return lines.all
    }

    private final class Lines: @unchecked Sendable {
        private let lock = NSLock()
        private var list: [String] = []

        func add(_ line: String) { lock.withLock { list.append(line) } }
        var all: [String] { lock.withLock { list } }
    }

    private func tell(_ kind: Event.Kind, _ node: String, _ message: String) {
        sink.report(Event(kind, command: command, subject: node, message: message))
    }
}
