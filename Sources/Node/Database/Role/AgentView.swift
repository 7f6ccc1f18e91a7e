import Database
import Reactor

/// What consoles, health checks and metrics ask.
extension Agent {
    /// What another node told counts for so long.
    static var statusLife: Duration { .seconds(3) }

    /// Who confirms writes, as control has it.
    var electorate: Electorate? { control?.view?.agreement?.electorate }

    /// Whether an election is among others and this one.
    var isVoter: Bool { electorate?.voters.contains(own.id) ?? false }

    /// Which cluster this is; 0: none yet.
    var systemIdentifier: UInt64 {
        control?.view?.agreement?.systemIdentifier ?? member.record.systemIdentifier
    }

    /// The primary, as far as is known here.
    var leader: MemberID? {
        if isPrimary { return own.id }
        let now = Reactor.clock()
        return configuration.nodes.map { $0.id }.first { id in
            statuses[Int(id.number)].map { $0.status.isPrimary && now - $0.at < Self.statusLife } ?? false
        }
    }

    /// Where the primary writes; the furthest that is known without one.
    var front: UInt64 {
        if isPrimary { return postgres.view.position.offset }
        if let leader, let heard = statuses[Int(leader.number)] { return heard.status.position.offset }
        return postgres.view.position.offset
    }

    /// How far this node's PostgreSQL is behind; nil: it does not answer.
    var lag: UInt64? {
        guard let details = postgres.details else { return nil }
        if !details.isInRecovery { return 0 }
        return front > details.offset ? front - details.offset : 0
    }

    /// Commits wait for standbys that are not there.
    var isWaiting: Bool {
        guard isPrimary, let rule = member.reign?.rule, rule.count > 0 else { return false }
        let streaming = (postgres.details?.followers ?? []).filter {
            $0.state == "streaming" && rule.members.contains($0.member)
        }
        return streaming.count < rule.count
    }
}
