import CLinux
import Database
import Reactor

/// What operators order.
extension Agent {
    /// Passed on to the primary, wherever the order is given.
    func switchover(to next: MemberID?) -> String {
        guard let leader else { return "refused: there is no primary now" }
        if leader == next { return "refused: \(configuration.name(leader)) is primary already" }
        guard leader == own.id else {
            control?.tell(.leave(to: next), to: leader)
            return "ok: \(configuration.name(leader)) is told to leave"
        }
        guard case .primary = member.role else { return "refused: \(member.roleName), it cannot leave now" }
        let able = member.successors
        if let next, !able.contains(next) {
            return "refused: \(configuration.name(next)) does not confirm writes now, so it could not go on"
        }
        if able.isEmpty { return "refused: no other node confirms writes now" }
        leave(to: next)
        return "ok: \(next.map { configuration.name($0) } ?? "another") takes over"
    }

    /// After a checkpoint: the less there is to write at the end, the shorter nobody is primary.
    func leave(to next: MemberID?) {
        note("writes a checkpoint, then leaves")
        jobs.checkpoint(within: Self.checkpointPatience) { [unowned(unsafe) self] _ in
            feed(.switchover(to: next))
        }
    }

    /// PostgreSQL dies at once, as in an accident.
    func failover() -> String {
        guard isPrimary, let program = postgres.program else { return "refused: this node is not primary" }
        note("an operator wants a failover: PostgreSQL is killed")
        keeper.tell(.signal(id: program, SIGKILL))
        return "ok: PostgreSQL is killed, another takes over"
    }

    /// The last resort, in two steps: what may be lost, then the act.
    func promote(isMeant: Bool) -> String {
        if let leader { return "refused: \(configuration.name(leader)) is primary" }
        guard postgres.view.process == .standby, member.record.folder == .clean else {
            return "refused: PostgreSQL does not run as a standby here, on whole data"
        }
        var text = ""
        let own = postgres.view.position
        for voter in electorate?.voters ?? .none where voter != self.own.id {
            let heard = statuses[Int(voter.number)].map { $0.status.position }
            let known =
                heard.map { "was last heard of at timeline \($0.timeline), \(LSN.text($0.offset))" }
                ?? "has not been heard of since this node's pinode began"
            text += "\(configuration.name(voter)) \(known)\n"
        }
        text += "this node is at timeline \(own.timeline), \(LSN.text(own.offset))\n"
        text +=
            "Every write that those nodes have and this one has not is lost, also acknowledged ones; they come back as copies of this one.\n"
        guard isMeant else { return text + "nothing is done yet: add --yes to do it" }
        feed(.promoteAnyway)
        return text + "ok: this node becomes primary"
    }

    /// A standby's alone: a primary leaves first.
    func restart() -> String {
        guard postgres.program != nil else { return "refused: PostgreSQL does not run" }
        guard !isPrimary else {
            return "refused: this node is primary. Switch over first: pidep database switchover"
        }
        note("an operator wants a restart")
        postgres.stop()
        return "ok: PostgreSQL is restarted"
    }

    func makeBackup() -> String {
        guard let archive else {
            return
                "refused: backups are kept on \(configuration.backup?.node ?? "no node, see [backup] in docs/database.md")"
        }
        return archive.makeBackup()
            ? "ok: a backup begins; show json says when it is done"
            : "refused: a backup is under way, or there is no primary"
    }

    func checkpoint() -> String {
        guard postgres.session != nil else { return "refused: there is no session with PostgreSQL" }
        jobs.checkpoint(within: .seconds(3600)) { _ in }
        return "ok: a checkpoint begins"
    }

    /// The folder is marked as one that must be copied, and PostgreSQL is ended; all else is as after an accident.
    func reinitialize() -> String {
        guard !isPrimary, leader != nil else {
            return isPrimary ? "refused: this node is primary" : "refused: there is no primary to copy from"
        }
        note("an operator wants this node's data copied anew")
        feed(.reinitialize)
        return "ok: the data is copied anew"
    }
}
