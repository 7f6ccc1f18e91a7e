import Database
import JSON
import Reactor

/// What `pinode ctl database COMMAND` answers.
struct DatabaseConsole {
    let agent: Agent

    private static let help = """
        show status          this node and the others, who confirms writes, the latest decisions
        show json            the same for programs
        switchover [NODE]    another node becomes primary, without losing anything; nobody is cut off that does not write
        failover             this node's PostgreSQL is killed, if it is primary, and another takes over
        restart              PostgreSQL on this node
        reinit               this standby's data is thrown away and copied anew from the primary
        promote --accept-loss [--yes]   the last resort: what may be lost, and with --yes the act
        hold, resume         PostgreSQL is stopped and stays so, until: resume
        backup               a base backup now, on the node that keeps them
        prepare NAME|latest [TIME]   all of a restore that can fail, beside the data that there is
        restore NAME|latest [TIME]   on hold everywhere, on the node that keeps backups: the data as it was at a time (UTC)
        checkpoint           so that a stop or a rewind is quick
        """

    func answer(_ command: String) -> String {
        let words = command.utf8.split(separator: 32).map { String(decoding: $0, as: UTF8.self) }
        switch (words.first ?? "", words.count) {
        case ("help", 1): return Self.help
        case ("show", 2) where words[1] == "json": return StatusDocument(agent: agent).console.compact
        case ("show", 2) where words[1] == "status": return text
        case ("switchover", 1): return switchover(nil)
        case ("switchover", 2): return switchover(words[1])
        case ("failover", 1): return agent.failover()
        case ("restart", 1): return agent.restart()
        case ("reinit", 1): return agent.reinitialize()
        case ("promote", 2) where words[1] == "--accept-loss": return agent.promote(isMeant: false)
        case ("promote", 3) where words[1] == "--accept-loss" && words[2] == "--yes":
            return agent.promote(isMeant: true)
        case ("hold", 1): return agent.hold()
        case ("resume", 1): return agent.resume()
        case ("backup", 1): return agent.makeBackup()
        case ("prepare", 2), ("restore", 2):
            return agent.restore(words[1], until: nil, isMeant: words[0] == "restore")
        case ("prepare", 3...4), ("restore", 3...4):
            let time = words.count == 3 ? words[2] : words[2] + " " + words[3]
            return agent.restore(words[1], until: time, isMeant: words[0] == "restore")
        case ("checkpoint", 1): return agent.checkpoint()
        default: return "Unknown command: '\(command)'. Type help for the list."
        }
    }

    private func switchover(_ name: String?) -> String {
        guard let name else { return agent.switchover(to: nil) }
        guard let node = agent.configuration.nodes.first(where: { $0.name == name }) else {
            return "refused: there is no node \(name)"
        }
        return agent.switchover(to: node.id)
    }

    private var text: String {
        let status = agent.status
        var lines = [
            "\(agent.own.name): \(agent.member.roleName), \(status.state.word), timeline \(status.position.timeline) at \(LSN.text(status.position.offset))"
        ]
        let names = (agent.electorate?.voters ?? .none).map { agent.configuration.name($0) }
        var list = ""
        for name in names { list += (list.isEmpty ? "" : ", ") + name }
        lines.append(
            "durability \(agent.configuration.durability.word): \(agent.electorate?.acknowledgements ?? 0) of \(list.isEmpty ? "nobody" : list) besides the primary confirm each write"
        )
        if agent.isWaiting { lines.append("WRITES WAIT: too few standbys stream") }
        let now = Reactor.clock()
        for node in agent.configuration.nodes where node.id != agent.own.id {
            guard let heard = agent.statuses[Int(node.id.number)], now - heard.at < Agent.statusLife else {
                lines.append("\(node.name): no answer")
                continue
            }
            let other = heard.status
            lines.append(
                "\(node.name): \(other.isPrimary ? "primary" : "standby"), \(other.state.word), timeline \(other.position.timeline) at \(LSN.text(other.position.offset))"
            )
        }
        for follower in agent.postgres.details?.followers ?? [] {
            lines.append(
                "stream to \(agent.configuration.name(follower.member)): \(follower.state), \(follower.synchronous), flushed \(LSN.text(follower.flushed)), replayed \(LSN.text(follower.replayed))"
            )
        }
        for decision in agent.decisions.all.suffix(10) {
            lines.append("\((now - decision.at).components.seconds) s ago: \(decision.text)")
        }
        var text = ""
        for line in lines { text += line + "\n" }
        return text
    }
}
