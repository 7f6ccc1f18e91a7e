/// Elections: among enough voters, who have first stopped taking log from earlier primaries; the furthest wins.
extension DatabaseMember {
    /// When this member may ask for the lease; nil: not before something else happens.
    var electionAt: Duration? {
        guard role == .standby, lease == nil, !isKilling, job == nil || job?.job == .fence, let control
        else { return nil }
        var at = holdUntil
        if let owner = control.owner {
            // One of our own that we do not hold belonged to an earlier life of this process.
            if owner != id {
                let sign = heard[Int(owner.number)].flatMap { $0.report.primary == nil ? nil : $0.at }
                // A new owner has its election before it, and says nothing until it is primary.
                at = Swift.max(at, Swift.max(sign ?? bornAt, ownerSince) + settings.suspectAfter)
            }
        } else {
            at = Swift.max(at, freeSince ?? now)
        }
        // Until control is seen to have what the owner said before: that it is free.
        if let refused, refused.epoch == control.epoch, freeEpoch != control.epoch {
            at = Swift.max(at, refused.until)
        }
        if let agreement = control.agreement {
            guard agreement.electorate.voters.contains(id) || isForced, view.process == .standby,
                record.folder == .clean
            else { return nil }
            if let successor, successor.until > now {
                if successor.member != id { at = Swift.max(at, successor.until) }
            } else {
                at += settings.rankDelay * rank(in: agreement.electorate.voters)
            }
        } else {
            guard settings.mayCreate, view.process == .stopped,
                record.folder == .absent || record.folder == .creating || record.folder == .created
            else { return nil }
            at += settings.rankDelay * Int(id.number)
        }
        return at
    }

    /// Whether an operator wants it elected whoever is missing.
    var isForced: Bool { anywayUntil.map { now < $0 } ?? false }

    mutating func promoteAnyway() {
        guard !mayBeWritable, view.process == .standby, record.folder == .clean else {
            return note("no promotion: it is \(roleName), or PostgreSQL does not run as a standby here")
        }
        note("an operator accepts the loss of what this node does not have")
        anywayUntil = now + settings.anywayTime
        holdUntil = now
    }

    /// How many voters seem to be further.
    private func rank(in voters: MemberSet) -> Int {
        let own = resting ?? view.position
        var rank = 0
        for member in voters.without(id) {
            guard let other = heard[Int(member.number)], other.report.isReady,
                now - other.at < settings.reportLife
            else { continue }
            let position = other.report.position
            if position > own || (position == own && member < id) { rank += 1 }
        }
        return rank
    }

    mutating func pursueElection() {
        guard let at = electionAt, now >= at else { return }
        become(.acquiring)
        ask(.acquire)
    }

    mutating func beginCandidacy() {
        guard let lease, let control else { return }
        guard let agreement = control.agreement else {
            become(.founding)
            return
        }
        guard agreement.epoch < lease.epoch else { return giveUp("the agreement is from the future") }
        note("candidate in epoch \(lease.epoch)")
        become(.candidate)
        record.fencedEpoch = Swift.max(record.fencedEpoch, lease.epoch)
        save()
        owed = nil
        for index in fenced.indices { fenced[index] = nil }
        fenceAt = now
    }

    mutating func pursueCandidacy() {
        guard let lease, let agreement = control?.agreement else { return giveUp("control is not known") }
        if now >= roleSince + settings.candidacyTimeout { return giveUp("not enough voters answered") }
        guard view.process == .standby, record.folder == .clean else {
            return giveUp("PostgreSQL does not run here")
        }
        let voters = agreement.electorate.voters
        guard voters.contains(id) || isForced else { return giveUp("it is no voter any more") }
        if now >= fenceAt {
            fenceAt = now + settings.renewInterval
            for member in others where fenced[Int(member.number)] == nil {
                actions.append(.send(.fence(epoch: lease.epoch), to: member))
            }
        }
        guard let own = resting else {
            if job == nil { run(.fence) }
            return
        }
        guard role == .candidate else { return }
        let present = voters.with(id).filter { $0 == id || fenced[Int($0.number)] != nil }
        // Any so many have every acknowledged write: one that was given its chance in vain need not be among them.
        let fit = present.filter { $0 == id || now >= passedOver[Int($0.number)] }
        let needed = isForced ? 1 : agreement.electorate.electors
        guard present.count >= needed else { return }
        var best = (member: id, position: own)
        for member in fit.count >= needed ? fit : present {
            if let position = fenced[Int(member.number)], member != id, position > best.position {
                best = (member, position)
            }
        }
        if best.member != id { return yield(to: best.member) }
        seal(agreement, lease.epoch)
    }

    private mutating func yield(to member: MemberID) {
        guard let lease else { return }
        for other in others {
            actions.append(.send(.yield(epoch: lease.epoch, to: member), to: other))
        }
        passedOver[Int(member.number)] = now + settings.passOverTime
        giveUp("member \(member.number) is further")
        successor = (member, now + settings.electionHold)
    }

    private mutating func seal(_ agreement: Agreement, _ epoch: UInt64) {
        guard job == nil else { return }
        var next = agreement
        next.leader = id
        next.epoch = epoch
        if isForced {
            // Whoever else had a vote may have what this one lacks; it comes back as a copy.
            next.electorate = Electorate(
                voters: MemberSet([id]), acknowledgements: 0, isLossless: agreement.electorate.isLossless)
        }
        become(.sealing)
        ask(.replace(next, expected: control?.version ?? 0))
    }

    mutating func sealed(_ agreement: Agreement) {
        guard let lease, lease.epoch == agreement.epoch, agreement.leader == id, resting != nil else {
            return
        }
        guard let timeline = agreement.timeline(of: lease.epoch) else {
            return giveUp("PostgreSQL has no timelines left")
        }
        let rule = agreement.electorate.rule(for: id, least: least)
        note("elected in epoch \(lease.epoch)")
        anywayUntil = nil
        failures = 0
        become(.promoting)
        resting = nil
        actions.append(.mayServe(until: lease.until - settings.killMargin))
        run(.promote(timeline: timeline, rule))
    }

    // MARK: the voter's side

    mutating func receive(_ message: PeerMessage, from member: MemberID) {
        guard settings.members.contains(member), member != id else { return }
        switch message {
        case .report(let report):
            heard[Int(member.number)] = Heard(report: report, at: now)
            if let primary = report.primary, let held = lease, primary.epoch > held.epoch {
                lease = nil
                resign("member \(member.number) is primary in a later epoch")
            }
        case .fence(let epoch): fence(for: member, epoch)
        case .fenced(let epoch, let position):
            if let lease, lease.epoch == epoch { fenced[Int(member.number)] = position }
        case .yield(let epoch, let next):
            guard let known = control, known.epoch <= epoch else { return }
            if known.epoch < epoch { ownerSince = now }
            control?.epoch = epoch
            control?.owner = nil
            freeSince = now
            successor = (next, now + settings.electionHold)
        }
    }

    private mutating func fence(for member: MemberID, _ epoch: UInt64) {
        guard epoch >= record.fencedEpoch, (following?.epoch ?? 0) < epoch else { return }
        if let held = lease {
            guard held.epoch < epoch else { return }
            lease = nil
            resign("member \(member.number) is a candidate in a later epoch")
        }
        if epoch > record.fencedEpoch {
            record.fencedEpoch = epoch
            save()
        }
        owed = (member, epoch)
    }

    // MARK: the first cluster

    mutating func pursueFounding() {
        guard job == nil, now >= retryAt else { return }
        if let agreement = control?.agreement {
            // Our own, from before a crash, or another's.
            return agreement.systemIdentifier == record.systemIdentifier
                ? founded() : giveUp("another has made the cluster")
        }
        if record.folder == .created {
            if roleSince == now || now >= fenceAt { propose() }
        } else {
            note("makes the cluster")
            record.folder = .creating
            save()
            run(.create, within: settings.copyTimeout)
        }
    }

    mutating func created(_ systemIdentifier: UInt64) {
        record.folder = .created
        record.systemIdentifier = systemIdentifier
        save()
        if role == .founding { propose() }
    }

    private mutating func propose() {
        guard let lease else { return }
        fenceAt = now + Self.requestTimeout
        let alone = Electorate(
            voters: MemberSet([id]), acknowledgements: 0, isLossless: settings.durability != .async)
        // initdb's timeline is 1; the first promotion makes a later one, like every other.
        ask(
            .replace(
                Agreement(
                    systemIdentifier: record.systemIdentifier, timelineBase: 1, electorate: alone, leader: id,
                    epoch: lease.epoch), expected: 0))
    }

    mutating func founded() {
        record.folder = .clean
        save()
        // The promotion needs an epoch of its own: the agreement is already of this one.
        if let held = lease { ask(.release(epoch: held.epoch)) }
        lease = nil
        become(.standby)
    }
}
