/// The lease: counted from before it was asked for, given up before it can be another's.
extension DatabaseMember {
    /// Whether PostgreSQL may be taking writes, as far as this member knows.
    var mayBeWritable: Bool {
        switch role {
        case .promoting, .primary, .leaving: true
        case .standby, .acquiring, .founding, .candidate, .sealing: false
        }
    }

    mutating func guardLease() {
        guard let lease, now >= lease.until - settings.killMargin else { return }
        self.lease = nil
        resign("the lease was not renewed in time")
    }

    mutating func renewIfDue() {
        guard var lease, now >= lease.askedAt + settings.renewInterval else { return }
        lease.askedAt = now
        self.lease = lease
        ask(.renew(epoch: lease.epoch))
    }

    mutating func receive(_ answer: ControlAnswer, to id: UInt64) {
        guard let index = requests.firstIndex(where: { $0.id == id }) else { return }
        let request = requests.remove(at: index)
        switch (request.request, answer) {
        case (.acquire, .granted(let epoch, let term)):
            guard role == .acquiring else {
                ask(.release(epoch: epoch))
                return
            }
            lease = Lease(epoch: epoch, until: end(of: term, from: request.sentAt), askedAt: now)
            if var known = control, known.epoch <= epoch {
                known.epoch = epoch
                known.owner = settings.id
                ownerSince = now
                control = known
                freeSince = nil
            }
            guardLease()
            if lease != nil { beginCandidacy() } else { become(.standby) }
        case (.acquire, .refused(let wait)):
            guard role == .acquiring else { return }
            let pause = Swift.max(settings.acquireRetry, Swift.min(wait, settings.electionHold))
            refused = (control?.epoch ?? 0, now + pause)
            become(.standby)
        case (.renew(let epoch), .granted(let granted, let term)):
            guard var held = lease, held.epoch == epoch, granted == epoch else { return }
            held.until = Swift.max(held.until, end(of: term, from: request.sentAt))
            lease = held
            if mayBeWritable { actions.append(.mayServe(until: held.until - settings.killMargin)) }
        case (.renew(let epoch), .refused):
            guard let held = lease, held.epoch == epoch else { return }
            lease = nil
            resign("control has given the lease to somebody else")
        case (.replace(let agreement, _), .replaced(let version)):
            learn(agreement, version)
            replaced(agreement)
        case (.replace(let agreement, _), .conflict(let present, let version)):
            learn(present, version)
            // Our own earlier try, whose answer was lost.
            if present == agreement { replaced(agreement) } else { conflicted() }
        case (.release, _), (.acquire, _), (.renew, _), (.replace, _): break
        }
    }

    private func end(of term: Duration, from start: Duration) -> Duration {
        start + term - term / settings.driftDivisor
    }

    /// Control was seen; views may come late and in any order.
    mutating func receive(_ seen: ControlView) {
        if control == nil { control = seen }
        if seen.epoch > (control?.epoch ?? 0) || (seen.epoch == control?.epoch && seen.owner == nil) {
            if seen.epoch > (control?.epoch ?? 0) { ownerSince = now }
            control?.epoch = seen.epoch
            control?.owner = seen.owner
        }
        if seen.owner == nil { freeEpoch = seen.epoch }
        learn(seen.agreement, seen.version)
        if record.folder == .created, let agreement = control?.agreement, role != .founding {
            // Whose cluster it became was decided while this process did not run.
            record.folder = agreement.systemIdentifier == record.systemIdentifier ? .clean : .absent
            save()
        }
        if control?.owner == nil { freeSince = freeSince ?? now } else { freeSince = nil }
        if let held = lease, let control, control.epoch > held.epoch {
            lease = nil
            resign("the lease has a newer epoch")
        }
    }

    private mutating func learn(_ agreement: Agreement?, _ version: UInt64) {
        guard var known = control, version >= known.version else { return }
        known.agreement = agreement
        known.version = version
        control = known
        // Somebody was elected after us.
        if let held = lease, let agreement, agreement.epoch > held.epoch {
            lease = nil
            resign("a later election has been won")
        }
    }

    private mutating func replaced(_ agreement: Agreement) {
        switch role {
        case .founding: founded()
        case .sealing: sealed(agreement)
        case .primary: changeSealed(agreement)
        case .standby, .acquiring, .candidate, .promoting, .leaving: break
        }
    }

    private mutating func conflicted() {
        switch role {
        case .founding: giveUp("another has made the cluster")
        case .sealing: become(.candidate)
        case .primary: changeConflicted()
        case .standby, .acquiring, .candidate, .promoting, .leaving: break
        }
    }

    /// Out of office: PostgreSQL ends before anything else, then the lease is given back if it is still ours.
    mutating func resign(_ why: String) {
        note("\(roleName) no more: \(why)")
        if mayBeWritable { kill() }
        reign = nil
        if let held = lease, !isKilling { ask(.release(epoch: held.epoch)) }
        // While it is being killed, the lease simply runs out: releasing it would let another in beside it.
        lease = nil
        holdUntil = now + settings.electionHold
        become(.standby)
    }

    /// Nothing of PostgreSQL is left that an earlier life of this process, or we before it was killed, had the lease for: others
    /// need not wait for its end.
    mutating func releaseFormerLease() {
        guard lease == nil, let control, control.owner == id, control.epoch > releasedEpoch,
            view.process != .primary
        else { return }
        releasedEpoch = control.epoch
        ask(.release(epoch: control.epoch))
    }

    /// Out of an election that did not succeed.
    mutating func giveUp(_ why: String) {
        note("no election: \(why)")
        if let held = lease { ask(.release(epoch: held.epoch)) }
        lease = nil
        failures += 1
        // Different for each member and try, so that two do not meet for ever.
        let share = settings.electionHold / 8 * ((Int(id.number) * 5 + failures * 3) % 8)
        holdUntil = now + settings.electionHold + share
        become(.standby)
    }

    /// For people.
    public var roleName: String {
        switch role {
        case .standby: "standby"
        case .acquiring: "standby that asks for the lease"
        case .founding: "founder"
        case .candidate, .sealing: "candidate"
        case .promoting: "candidate that is promoted"
        case .primary: "primary"
        case .leaving: "primary that leaves"
        }
    }
}
