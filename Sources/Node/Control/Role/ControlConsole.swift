import Consensus
import Control
import JSON
import Languages
import Reactor

/// What `pinode ctl control COMMAND` answers.
struct ControlConsole {
    let configuration: ControlConfiguration
    let status: Status
    let known: ControlCore.Knowledge
    let core: ControlCore
    /// Why the member has stopped.
    let failure: String?

    func answer(_ command: String) -> String {
        switch command {
        case "show status": text
        case "show json": ClientAnswer.state(0, member: status.id, known)
        case "show facts": facts
        case "show health": health
        case "help":
            "show status   who votes, who leads, who owns which lease\nshow facts    what the cluster agrees on\n"
                + "show json     the same for programs\nshow health   one line that begins with ok when all is well here\n"
                + ConsoleChange.help
        default: "Unknown command: '\(command)'. Type help for the list."
        }
    }

    private func name(_ id: MemberID) -> String {
        configuration.nodes.first { $0.id == id }?.name ?? "member \(id)"
    }

    /// Begins with `ok` when somebody leads and this node does its part: another one may then be restarted.
    private var health: String {
        if let failure { return "stopped: \(failure)" }
        guard let leader = known.leader else {
            return "no leader: fewer than a majority of the voters answer. journalctl -u pinode-control"
        }
        if known.voters.contains(status.id), core.isSilent(at: Reactor.clock()) {
            return "silent: it started a moment ago and makes no promises yet"
        }
        return "ok: \(name(leader)) leads in term \(Recovery.name(of: status.term))"
    }

    private var text: String {
        var lines: [String] = []
        if let failure { lines.append("STOPPED: \(failure)") }
        let leader = known.leader.map { name($0) } ?? "nobody"
        lines.append(
            "\(name(status.id)) in cluster \(configuration.cluster), term \(Recovery.name(of: status.term)), leader \(leader)"
        )
        lines.append("log: \(status.last) entries, \(status.commit) agreed on, \(status.applied) known here")
        for member in status.membership.members {
            lines.append("member \(member.id) \(name(member.id)) at \(member.address): \(member.role.name)")
        }
        let now = Reactor.clock()
        for lease in known.state.leases.keys.sorted() {
            let agreed = known.state.lease(lease)
            let owner = agreed.owner.map { name($0) } ?? "nobody"
            var line = "lease \(lease): \(owner), epoch \(agreed.epoch)"
            if let (holder, time) = core.promise(of: lease, at: now) {
                line +=
                    ", promised to \(name(holder)) for \(time.components.seconds * 1000 + time.components.attoseconds / 1_000_000_000_000_000) ms more"
            }
            lines.append(line)
        }
        if lines.isEmpty { return "nothing" }
        var text = ""
        for line in lines { text += line + "\n" }
        return text
    }

    private var facts: String {
        var text = ""
        for name in known.state.facts.keys.sorted() {
            let fact = known.state.facts[name]
            text += "\(name) (version \(fact?.version ?? 0)) \(fact?.value ?? "")\n"
        }
        return text.isEmpty ? "none" : text
    }
}
