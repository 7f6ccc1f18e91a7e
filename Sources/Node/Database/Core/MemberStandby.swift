/// A node that is not primary: it runs PostgreSQL as a standby of whoever is, and mends its data folder until it can.
extension DatabaseMember {
    /// The primary to follow: the latest epoch that was heard of lately, never one that a candidate was promised to be left.
    var primary: (member: MemberID, state: PeerMessage.Primary)? {
        var best: (member: MemberID, state: PeerMessage.Primary)?
        for member in others {
            guard let heard = heard[Int(member.number)], now - heard.at < settings.reportLife,
                let state = heard.report.primary, state.epoch >= record.fencedEpoch
            else { continue }
            if state.epoch > best?.state.epoch ?? 0 { best = (member, state) }
        }
        return best
    }

    mutating func pursueStandby() {
        if let owed, let resting, view.process == .standby, record.folder == .clean {
            actions.append(.send(.fenced(epoch: owed.epoch, resting), to: owed.member))
            self.owed = nil
        }
        guard job == nil, now >= retryAt else { return }
        switch view.process {
        case .changing: break
        case .primary:
            note("PostgreSQL takes writes though nobody elected it: it is killed")
            kill()
        case .stopped: pursueStopped()
        case .standby: pursueRunning()
        }
    }

    private mutating func pursueStopped() {
        if record.folder == .incomplete {
            guard let (member, _) = primary else { return }
            return run(.catchUp(from: member), within: settings.catchUpTimeout)
        }
        guard record.folder == .clean else {
            guard record.folder != .created else { return }
            // Half a folder is never started: only a whole new one mends it.
            guard let (member, _) = primary else { return }
            note("copies member \(member.number)")
            record.folder = .copying
            record.mustRewind = false
            save()
            run(.copy(from: member), within: settings.copyTimeout)
            return
        }
        guard record.mustRewind, let (member, state) = primary else {
            return run(.start, within: settings.startTimeout)
        }
        // Before its checkpoint the source's control file names the former timeline: pg_rewind would see nothing to do.
        guard state.isCheckpointed else { return }
        note("rewinds to member \(member.number)")
        record.folder = .rewinding
        save()
        run(.rewind(from: member), within: settings.copyTimeout)
    }

    private mutating func pursueRunning() {
        if view.isReceiving || following == nil { silentSince = now }
        if owed != nil, resting == nil { return run(.fence) }
        guard let (member, state) = primary else { return }
        if let following, following.member == member, following.epoch == state.epoch {
            guard now - silentSince >= settings.streamPatience else { return }
            note("cannot stream from member \(member.number)")
            return diverged()
        }
        guard let resting else { return run(.fence) }
        if record.mustRewind || !state.history.contains(resting) { return diverged() }
        note("follows member \(member.number) in epoch \(state.epoch)")
        if state.epoch > record.fencedEpoch {
            record.fencedEpoch = state.epoch
            save()
        }
        // From here on the log may grow.
        self.resting = nil
        owed = nil
        following = (member, state.epoch)
        silentSince = now
        run(.follow(member))
    }

    private mutating func diverged() {
        if !record.mustRewind {
            record.mustRewind = true
            save()
        }
        resting = nil
        following = nil
        run(.stop, within: settings.stopTimeout)
    }

    /// As after a copy that broke off: it answers no candidate any more until a whole new one is there.
    mutating func reinitialize() {
        guard role == .standby, record.folder == .clean, !isKilling else {
            return note("no new copy: it is \(roleName)")
        }
        record.folder = .copying
        save()
        kill()
    }

    /// A folder that its source's log does not make whole is copied anew in the end.
    mutating func catchUpFailed() {
        catchUpFailures += 1
        guard catchUpFailures >= settings.catchUpTries else { return }
        record.folder = .copying
        save()
    }

    /// Whoever was to make the folder whole is not primary any more.
    mutating func watchCatchUp() {
        guard case .catchUp(let source)? = job?.job, let primary, primary.member != source else { return }
        note("member \(source.number) is primary no more: it begins anew")
        kill()
    }

    // MARK: what PostgreSQL says

    mutating func receive(_ new: PostgresView) {
        // Seen before the kill, or while it was on its way: it proves nothing.
        guard !isKilling else { return }
        view = new
        if new.process == .stopped { return ended() }
        if role == .primary { watchFollowers() }
    }

    /// Nothing of PostgreSQL is left.
    mutating func ended() {
        view.process = .stopped
        resting = nil
        following = nil
        switch role {
        case .promoting, .primary:
            // Nothing of it is left: the lease is free at once.
            note("PostgreSQL has ended")
            if let held = lease { ask(.release(epoch: held.epoch)) }
            lease = nil
            reign = nil
            job = nil
            holdUntil = now + settings.crashHold
            become(.standby)
        case .candidate, .sealing: giveUp("PostgreSQL has ended")
        case .standby, .acquiring, .founding, .leaving: break
        }
    }

    mutating func finish(_ id: UInt64, _ result: JobResult) {
        if id == reign?.checkpoint {
            reign?.checkpoint = nil
            reign?.isCheckpointed = result == .done
            if result != .done { retryAt = now + settings.retryDelay }
            reportAt = now
            return
        }
        guard let ended = job, ended.id == id else { return }
        job = nil
        switch (ended.job, result) {
        case (_, .failed(let why, let isFolderTouched)): failed(ended.job, why, isFolderTouched)
        case (.create, .created(let identifier)): created(identifier)
        case (.copy, .done), (.rewind, .done):
            record.folder = .incomplete
            record.mustRewind = false
            catchUpFailures = 0
            record.systemIdentifier = control?.agreement?.systemIdentifier ?? record.systemIdentifier
            save()
        case (.start, .rests(let position)), (.fence, .rests(let position)):
            resting = position
            following = nil
        case (.catchUp, .rests(let position)):
            record.folder = .clean
            save()
            resting = position
            following = nil
        case (.follow, .done): silentSince = now
        case (.promote, .promoted(let history)): if role == .promoting { beginReign(history) }
        case (.apply(let rule), .applied(let offset)): applied(rule, offset)
        case (.stop, _): break
        default: note("a job was answered with what does not belong to it")
        }
        reportAt = now
    }

    private mutating func failed(_ ended: Job, _ why: String, _ isFolderTouched: Bool) {
        note("did not work: \(why)")
        retryAt = now + settings.retryDelay
        switch ended {
        case .create: giveUp("the cluster could not be made")
        case .rewind where !isFolderTouched:
            record.folder = .clean
            save()
        case .promote, .apply: if mayBeWritable { resign("PostgreSQL refused") }
        case .stop: kill()
        case .fence, .follow, .start:
            // Whether a receiver is connected is not known: only a new process is sure to have none.
            kill()
        case .catchUp:
            catchUpFailed()
            kill()
        case .rewind, .copy, .checkpoint: break
        }
    }
}
