/// What a primary keeps in mind.
public struct Reign: Sendable {
    /// A change of the electorate on its way.
    enum Change: Sendable, Equatable {
        /// The rule that is safe before and after is put into effect.
        case bridging(to: Electorate)
        /// Enough of the next electorate must have all that was acknowledged by the former rule.
        case confirming(to: Electorate, since: Duration)
        /// Control is asked; until it answers, either may be true.
        case sealing(to: Electorate, asked: Duration)
    }

    /// The history of its timeline.
    public var history: TimelineHistory
    /// pg_rewind may use it as its source.
    public var isCheckpointed = false
    /// The checkpoint under way, which may last and holds nothing else up.
    var checkpoint: UInt64?
    /// The rule in effect, and the place of the log from which on it counts.
    public var rule: AcknowledgementRule
    var ruleOffset: UInt64
    var change: Change?
    var changeHold: Duration
    /// By number: when a standby was last seen to stream; since when it has without a break.
    var lastStreaming: [Duration]
    var streamingSince: [Duration?]
}

/// The primary: who confirms its commits, changed in the order that keeps every acknowledged write where elections look.
extension DatabaseMember {
    mutating func beginReign(_ history: TimelineHistory) {
        guard let electorate = control?.agreement?.electorate else { return }
        note("primary on timeline \(history.timeline)")
        become(.primary)
        view.process = .primary
        reign = Reign(
            history: history, rule: electorate.rule(for: id, least: least),
            // Whoever has the first byte of this timeline has all before it.
            ruleOffset: (history.branches.last?.end ?? 0) + 1, changeHold: now,
            lastStreaming: [Duration](repeating: now, count: 65),
            streamingSince: [Duration?](repeating: nil, count: 65))
    }

    mutating func watchFollowers() {
        guard var reign else { return }
        for member in others {
            let index = Int(member.number)
            if view.followers.contains(where: { $0.member == member && $0.isStreaming }) {
                reign.lastStreaming[index] = now
                reign.streamingSince[index] = reign.streamingSince[index] ?? now
            } else {
                reign.streamingSince[index] = nil
            }
        }
        self.reign = reign
    }

    mutating func pursueReign() {
        guard let reign, let agreement = control?.agreement, view.process == .primary else { return }
        if !reign.isCheckpointed, reign.checkpoint == nil, now >= retryAt {
            let checkpoint = runBeside(.checkpoint)
            self.reign?.checkpoint = checkpoint
        }
        switch reign.change {
        case nil:
            guard job == nil else { return }
            let next = target(agreement.electorate, reign)
            if next != agreement.electorate, now >= reign.changeHold {
                begin(agreement.electorate, next)
            } else if reign.rule != agreement.electorate.rule(for: id, least: least) {
                run(.apply(agreement.electorate.rule(for: id, least: least)))
            }
        case .bridging: break
        case .confirming(let next, let since): confirm(agreement, next, since)
        case .sealing(let next, let asked):
            if now >= asked + Self.requestTimeout { ask(agreement, next) }
        }
    }

    /// What the electorate should be, given who streams.
    private func target(_ present: Electorate, _ reign: Reign) -> Electorate {
        var voters = MemberSet([id])
        for member in others {
            let index = Int(member.number)
            let stays =
                present.voters.contains(member) && now - reign.lastStreaming[index] < settings.dropDelay
            let joins = reign.streamingSince[index].map { now - $0 >= settings.joinDelay } ?? false
            if stays || joins { voters = voters.with(member) }
        }
        // A strict primary does not go on alone: it keeps waiting for those that it had.
        if settings.durability == .strict, voters.count < 2 { voters = present.voters }
        let isLossless = settings.durability != .async
        return Electorate(
            voters: voters, acknowledgements: isLossless ? voters.count / 2 : 0, isLossless: isLossless)
    }

    private mutating func begin(_ present: Electorate, _ next: Electorate) {
        let bridge = present.bridge(to: next, leader: id, least: least)
        if reign?.rule == bridge {
            reign?.change = .confirming(to: next, since: now)
        } else {
            reign?.change = .bridging(to: next)
            run(.apply(bridge))
        }
    }

    mutating func applied(_ rule: AcknowledgementRule, _ offset: UInt64) {
        guard reign != nil else { return }
        reign?.rule = rule
        reign?.ruleOffset = offset
        if case .bridging(let next)? = reign?.change { reign?.change = .confirming(to: next, since: now) }
    }

    private mutating func confirm(_ agreement: Agreement, _ next: Electorate, _ since: Duration) {
        guard let reign else { return }
        var confirmed = 0
        for follower in view.followers
        where next.voters.contains(follower.member) && follower.isStreaming
            && follower.flushed >= reign.ruleOffset
        { confirmed += 1 }
        if confirmed >= next.acknowledgements {
            ask(agreement, next)
        } else if now >= since + settings.confirmTimeout {
            self.reign?.change = nil
            self.reign?.changeHold = now + settings.retryDelay
        }
    }

    private mutating func ask(_ agreement: Agreement, _ next: Electorate) {
        guard let lease else { return }
        var changed = agreement
        changed.electorate = next
        changed.leader = id
        changed.epoch = lease.epoch
        reign?.change = .sealing(to: next, asked: now)
        ask(.replace(changed, expected: control?.version ?? 0))
    }

    mutating func changeSealed(_ agreement: Agreement) {
        guard case .sealing(let next, _)? = reign?.change, agreement.electorate == next else { return }
        note("\(next.voters.count) voters, \(next.acknowledgements) confirm each write")
        reign?.change = nil
    }

    mutating func changeConflicted() {
        reign?.change = nil
    }

    // MARK: another one, on purpose

    /// Who could be primary next: voters that stream.
    public var successors: [MemberID] {
        guard role == .primary, let reign, let voters = control?.agreement?.electorate.voters else {
            return []
        }
        return voters.without(id).filter { reign.streamingSince[Int($0.number)] != nil }
    }

    mutating func leave(to member: MemberID?) {
        guard role == .primary else { return }
        let able = successors
        guard let next = member ?? able.first, able.contains(next) else {
            return note("no switchover: no such voter streams")
        }
        note("leaves to member \(next.number)")
        become(.leaving(to: next))
        self.reign?.change = nil
    }

    mutating func pursueLeaving() {
        guard case .leaving(let next) = role else { return }
        switch view.process {
        case .stopped:
            guard let held = lease else { return become(.standby) }
            if let next {
                for other in others {
                    actions.append(.send(.yield(epoch: held.epoch, to: next), to: other))
                }
            }
            ask(.release(epoch: held.epoch))
            lease = nil
            reign = nil
            holdUntil = now + settings.electionHold
            become(.standby)
        case .changing, .standby, .primary:
            if job == nil { run(.stop, within: settings.stopTimeout) }
        }
    }
}
