import Consensus

/// Control on one node, without I/O: leases in memory, and changes that find their way to the leader.
///
/// Beside it, its driver has the `Replica`: it tells the core what that knows (`update`) and how proposals end, and does
/// all of `takeActions()`. Clients are told apart by numbers of the driver's.
public final class ControlCore {
    /// Who wants something: a client, by the driver's number, and the client's own number for the request.
    public struct Asker: Sendable, Hashable {
        /// The driver's number for the client.
        public var client: UInt64
        /// The client's number for the request.
        public var request: UInt64

        /// An asker.
        public init(client: UInt64, request: UInt64) {
            self.client = client
            self.request = request
        }
    }

    /// What the driver must do.
    public enum Action: Sendable, Equatable {
        /// Send, if there is a connection; what is lost is sent again, or asked again by the client.
        case send(ControlMessage, to: MemberID)
        /// Hand to the replica; `finished` tells how it ended. This node is the leader, as far as it knows.
        case propose(ControlChange, ticket: UInt64)
        /// Tell a client what became of its change. What it then reads here is at least as new.
        case answer(Asker, ControlResult)
        /// Tell a client until when, by this node's clock, it may act for its lease.
        case valid(Asker, until: Duration)
        /// Tell a client that voters refuse to renew; why, in a word. Others may still grant it.
        case refused(Asker, reason: String)
        /// Say what this node, as the leader, sees of the members: `see`.
        case look
        /// For the journal: what was decided about the members, without anybody asking.
        case note(String)
    }

    /// What this node's replica knows.
    public struct Knowledge {
        /// What is agreed on, as far as it was applied here.
        public var state: ControlState
        /// The last entry that was applied here.
        public var applied: UInt64
        /// Who votes, in the newest membership, committed or not; sorted.
        public var voters: [MemberID]
        /// Where each member listens, of the same membership, those that do not vote too.
        public var addresses: [MemberID: String]
        /// Whether that membership is committed.
        public var areVotersSettled: Bool
        /// The leader, if known.
        public var leader: MemberID?

        /// Nothing known yet.
        public init(
            state: ControlState = ControlState(), applied: UInt64 = 0, voters: [MemberID] = [],
            addresses: [MemberID: String] = [:], areVotersSettled: Bool = true, leader: MemberID? = nil
        ) {
            self.addresses = addresses
            self.state = state
            self.applied = applied
            self.voters = voters.sorted()
            self.areVotersSettled = areVotersSettled
            self.leader = leader
        }
    }

    /// How long a change may take; then its client is told `unknown`.
    public static let changeTimeout: Duration = .seconds(5)
    /// After so long without an answer a change is handed on again: it does no more when it comes twice.
    public static let retryInterval: Duration = .milliseconds(300)
    /// An owner whose voters have promised to the one before, or were silent, is asked for again so often, until a majority
    /// promises: its first `renew` is enough.
    public static let renewRetry: Duration = .milliseconds(20)
    /// So long a voter may take to become the leader when it is asked to.
    public static let transferTimeout: Duration = .seconds(2)
    /// Changes of this node that may wait.
    public static let changeLimit = 256

    /// This member's number.
    public let id: MemberID
    /// The length of leases.
    public let terms: LeaseTerms
    private var keeper: MemberKeeper?
    private var known = Knowledge()
    private var promises: Promises
    /// Epochs of leases that may have begun already: of what is in the log here and was not applied.
    private var foreseen: [String: UInt64] = [:]
    private var grants: [String: Granting] = [:]
    private var waiting: [Waiting] = []
    private var nextTicket: UInt64 = 1
    private var actions: [Action] = []
    /// Since when this node is the leader, or the voters are as they are.
    private var votersSince: Duration

    /// What voters have promised to a client of this node.
    private struct Granting {
        var grants: Grants
        var asker: Asker
        /// When the voters are asked again, while a majority has not promised anything to this owner.
        var retry: Duration
        /// Until when that is worth it: then all promises to others have run out, or no majority is there.
        var end: Duration
    }

    /// A change on its way.
    private struct Waiting {
        enum Origin: Equatable {
            case client(Asker)
            case member(MemberID, ticket: UInt64)
            /// This node's own, of its keeper.
            case keeper
        }
        var origin: Origin
        var ticket: UInt64
        var change: ControlChange
        var end: Duration
        var retry: Duration
        /// Known to be applied at this place; its answer waits until this node has applied it, too.
        var result: (index: UInt64, answer: ControlAnswer)?
        var isProposed = false
    }

    /// Control that starts now. Its promises of an earlier life run out before it makes new ones.
    ///
    /// Without a keeper it changes the members only when somebody asks, and asks nothing itself before that.
    public init(_ id: MemberID, terms: LeaseTerms, keeper: MemberKeeper? = nil, at now: Duration) {
        self.id = id
        self.keeper = keeper
        self.terms = terms
        promises = Promises(terms, startedAt: now)
        votersSince = now
    }

    /// Whether this voter has started so lately that it makes no promises: until then an owner must do without it.
    public func isSilent(at now: Duration) -> Bool { promises.isSilent(at: now) }

    /// What there is to do since the last call.
    public func takeActions() -> [Action] {
        defer { actions = [] }
        return actions
    }

    /// When `wake` must be called; nil: nothing waits.
    public var deadline: Duration? {
        var times = waiting.map { min($0.end, $0.retry) }
        for (_, entry) in grants where seeks(entry) { times.append(entry.retry) }
        if let look = keeper?.deadline { times.append(look) }
        return times.min()
    }

    /// Who has this voter's promise for a lease, and for how long.
    public func promise(of lease: String, at now: Duration) -> (owner: MemberID, time: Duration)? {
        promises.holder(of: lease, lease: known.state.lease(lease), at: now)
    }

    /// The replica knows more, or something else.
    public func update(_ knowledge: Knowledge, at now: Duration) {
        let becameLeader = knowledge.leader == id && known.leader != id
        if becameLeader || knowledge.voters != known.voters || !known.areVotersSettled { votersSince = now }
        let leaderChanged = knowledge.leader != known.leader
        known = knowledge
        keeper?.leads(known.leader == id, at: now)
        for (name, entry) in grants where known.state.lease(name).epoch > entry.grants.epoch {
            grants[name] = nil
        }
        for place in waiting.indices.reversed() {
            if let result = waiting[place].result, known.applied >= result.index {
                let asker = waiting.remove(at: place).origin
                reply(asker, .applied(index: result.index, result.answer))
            } else if leaderChanged, waiting[place].isProposed,
                case .transfer(let heir) = waiting[place].change
            {
                transferred(place, to: heir)
            } else if leaderChanged, waiting[place].result == nil, !waiting[place].isProposed {
                hand(place, at: now)
            }
        }
    }

    /// Entries that are in this node's log and were not applied (`Replica.unapplied`): to be told before `receive`, `renew` and
    /// `wake`. A voter that has just started has applied nothing yet, and must not know less than its log does: a majority of such
    /// voters would let an owner of the past go on.
    public func foresee(_ entries: [Entry]) {
        foreseen = [:]
        for entry in entries where entry.kind == .command {
            guard case .take(let lease, _, let after)? = ControlCommand(entry.data) else { continue }
            foreseen[lease] = max(foreseen[lease] ?? 0, after + 1)
        }
    }

    // MARK: clients

    /// A client wants a change.
    public func request(_ change: ControlChange, by asker: Asker, at now: Duration) {
        begin(change, .client(asker), at: now)
    }

    /// A client acts for a lease and wants to go on: `asked` is the clock before it asked.
    public func renew(_ lease: String, epoch: UInt64, asked: Duration, by asker: Asker, at now: Duration) {
        let agreed = known.state.lease(lease)
        // Taken a moment ago, and not applied here yet: the voters know.
        guard agreed.epoch <= epoch, agreed.released < epoch else {
            actions.append(.refused(asker, reason: "deposed"))
            return
        }
        var held = Grants(epoch: epoch)
        if let entry = grants[lease], entry.grants.epoch == epoch { held = entry.grants }
        grants[lease] = Granting(
            grants: held, asker: asker, retry: now + Self.renewRetry, end: now + terms.silence * 2)
        ask(lease, epoch, asked: min(asked, now), at: now)
    }

    /// Asks all voters.
    private func ask(_ lease: String, _ epoch: UInt64, asked: Duration, at now: Duration) {
        let renewal = Renewal(lease: lease, epoch: epoch, voters: known.voters, stamp: asked)
        for voter in known.voters where voter != id { actions.append(.send(.renew(renewal), to: voter)) }
        if known.voters.contains(id) { ask(renewal, by: id, at: now) }
    }

    /// Whether an owner still waits for the first time that it may act.
    private func seeks(_ entry: Granting) -> Bool {
        entry.retry < entry.end && entry.grants.validUntil(terms, voters: known.voters) == nil
    }

    /// A client is gone: nothing is renewed for it any more, and what it waited for is nobody's.
    public func forget(client: UInt64) {
        for (name, entry) in grants where entry.asker.client == client { grants[name] = nil }
        waiting.removeAll { entry in
            if case .client(let asker) = entry.origin { asker.client == client } else { false }
        }
    }

    // MARK: members

    /// A message of control on another node.
    public func receive(_ message: ControlMessage, from sender: MemberID, at now: Duration) {
        switch message {
        case .renew(let renewal): ask(renewal, by: sender, at: now)
        case .granted(let lease, let epoch, let stamp):
            granted(lease, epoch, stamp, by: sender, at: now)
        case .refused(let lease, let epoch, let reason):
            if let entry = grants[lease], entry.grants.epoch == epoch {
                actions.append(.refused(entry.asker, reason: reason))
            }
        case .forward(let ticket, let change):
            let origin = Waiting.Origin.member(sender, ticket: ticket)
            // Asked again because the answer takes long.
            guard !waiting.contains(where: { $0.origin == origin }) else { return }
            guard known.leader == id else {
                actions.append(.send(.forwarded(ticket: ticket, .unknown), to: sender))
                return
            }
            begin(change, origin, at: now)
        case .forwarded(let ticket, let result):
            guard let place = waiting.firstIndex(where: { $0.ticket == ticket }) else { return }
            settle(place, result, at: now)
        case .greeting: actions.append(.send(.greeted, to: sender))
        case .greeted: keeper?.greeted(by: sender, at: now)
        }
    }

    /// A proposal has ended, or was not made.
    public func finished(_ ticket: UInt64, _ result: ControlResult, at now: Duration) {
        guard let place = waiting.firstIndex(where: { $0.ticket == ticket }) else { return }
        waiting[place].isProposed = false
        settle(place, result, at: now)
    }

    /// The deadline is reached.
    public func wake(at now: Duration) {
        for place in waiting.indices.reversed() {
            if now >= waiting[place].end {
                end(place)
            } else if now >= waiting[place].retry {
                waiting[place].retry = now + Self.retryInterval
                if waiting[place].result == nil, !waiting[place].isProposed { hand(place, at: now) }
            }
        }
        for (name, entry) in grants where now >= entry.retry && seeks(entry) {
            grants[name]?.retry = now + Self.renewRetry
            let lease = known.state.lease(name)
            guard lease.released < entry.grants.epoch else { continue }
            // Whoever acts counts from this question, not from the client's: `valid` says until when.
            ask(name, entry.grants.epoch, asked: now, at: now)
        }
        if keeper?.isDue(at: now) == true { actions.append(.look) }
    }

    /// What this node sees of the members, after `Action.look`.
    public func see(_ sights: [MemberSight], at now: Duration) {
        keeper?.see(sights, at: now)
        for spare in keeper?.spares ?? [] { actions.append(.send(.greeting, to: spare)) }
        for place in waiting.indices.reversed()
        where waiting[place].change.isOfMembers && !waiting[place].isProposed && waiting[place].result == nil
        {
            hand(place, hasLooked: true, at: now)
        }
        guard known.leader == id, mayChangeVoters(at: now),
            !waiting.contains(where: { $0.origin == .keeper }),
            let step = keeper?.next(leader: id, at: now)
        else { return }
        actions.append(.note(step.why))
        begin(step.change, .keeper, at: now)
    }

    /// Two changes of voters within a lease's length could leave two majorities that share nobody.
    private func mayChangeVoters(at now: Duration) -> Bool {
        known.areVotersSettled && now - votersSince >= terms.silence
    }

    /// The time of a change is over.
    private func end(_ place: Int) {
        if waiting[place].isProposed, case .transfer(let heir) = waiting[place].change {
            return reply(
                waiting.remove(at: place).origin,
                .refused(
                    "member \(heir) did not take over within \(Self.transferTimeout.components.seconds) s, and member "
                        + "\(id) leads on. Is the other connected, and has it all of the log? See show status"
                ))
        }
        reply(waiting.remove(at: place).origin, .unknown)
    }

    /// This node leads no more, after it was asked to hand over.
    private func transferred(_ place: Int, to heir: MemberID) {
        guard let leader = known.leader else { return }
        let origin = waiting.remove(at: place).origin
        guard leader != heir else { return reply(origin, .applied(index: known.applied, .done)) }
        reply(origin, .refused("member \(leader) was faster than member \(heir), and leads. Ask again"))
    }

    // MARK: inside

    private func begin(_ change: ControlChange, _ origin: Waiting.Origin, at now: Duration) {
        guard waiting.count < Self.changeLimit else {
            return reply(origin, .refused("\(Self.changeLimit) changes wait already. Ask again later"))
        }
        waiting.append(
            Waiting(
                origin: origin, ticket: nextTicket, change: change, end: now + Self.changeTimeout,
                retry: now + Self.retryInterval))
        nextTicket += 1
        hand(waiting.count - 1, at: now)
    }

    /// Hands a change to whoever can bring it about.
    private func hand(_ place: Int, hasLooked: Bool = false, at now: Duration) {
        let entry = waiting[place]
        guard let leader = known.leader else { return }
        guard leader == id else {
            // What another member asked for is asked for by it again, of the new leader; its keeper has its own sight.
            switch entry.origin {
            case .client: break
            case .member, .keeper: return settle(place, .unknown, at: now)
            }
            actions.append(.send(.forward(ticket: entry.ticket, entry.change), to: leader))
            return
        }
        if let (owner, time) = holder(againstTaking: entry.change, at: now) {
            return settle(place, .held(by: owner, for: time), at: now)
        }
        var change = entry.change
        // Who answers is looked at when it counts: a voter may have died a moment ago.
        if keeper != nil, change.isOfMembers, !hasLooked { return actions.append(.look) }
        switch keeper?.judge(change, leader: id) {
        case nil, .possible: break
        case .inSteps(let first): change = first
        case .done: return settle(place, .applied(index: known.applied, .done), at: now)
        case .refused(let why): return settle(place, .refused(why), at: now)
        }
        if change.changesVoters {
            guard mayChangeVoters(at: now) else {
                return settle(
                    place,
                    .refused(
                        "the voters changed, or the leader did, a moment ago. Ask again in a few seconds"),
                    at: now)
            }
        }
        waiting[place].isProposed = true
        if case .transfer = change { waiting[place].end = now + Self.transferTimeout }
        actions.append(.propose(change, ticket: entry.ticket))
    }

    /// Who renews the lease that a change wants to take. A voter that has just started cannot know, and so waits.
    private func holder(againstTaking change: ControlChange, at now: Duration) -> (MemberID, Duration)? {
        guard case .command(.take(let name, let owner, let after)) = change else { return nil }
        let lease = known.state.lease(name)
        guard lease.epoch == after, let holder = lease.owner, holder != owner else { return nil }
        if promises.isSilent(at: now) { return (holder, terms.length / 4) }
        return promises.holder(of: name, lease: lease, at: now)
    }

    private func settle(_ place: Int, _ result: ControlResult, at now: Duration) {
        switch result {
        case .applied(let index, let answer):
            guard known.applied < index else { return reply(waiting.remove(at: place).origin, result) }
            waiting[place].result = (index, answer)
        case .unknown:
            // Again, until its time is over.
            if case .client = waiting[place].origin { return }
            reply(waiting.remove(at: place).origin, .unknown)
        case .refused, .held:
            reply(waiting.remove(at: place).origin, result)
        }
    }

    private func reply(_ origin: Waiting.Origin, _ result: ControlResult) {
        switch origin {
        case .client(let asker): actions.append(.answer(asker, result))
        case .member(let member, let ticket):
            actions.append(.send(.forwarded(ticket: ticket, result), to: member))
        case .keeper:
            if case .refused(let why) = result { actions.append(.note("it did not work: \(why)")) }
        }
    }

    /// Asks this voter.
    private func ask(_ renewal: Renewal, by owner: MemberID, at now: Duration) {
        guard known.voters.contains(id) else { return }
        let refusal = promises.ask(
            renewal, by: owner, voters: known.voters, lease: known.state.lease(renewal.lease),
            foreseen: foreseen[renewal.lease] ?? 0, at: now)
        switch refusal {
        case nil where owner == id: granted(renewal.lease, renewal.epoch, renewal.stamp, by: id, at: now)
        case nil:
            actions.append(
                .send(.granted(lease: renewal.lease, epoch: renewal.epoch, stamp: renewal.stamp), to: owner))
        case .silent?, .otherVoters?: refuse(renewal, owner, "silent")
        case .deposed?: refuse(renewal, owner, "deposed")
        case .promised?: refuse(renewal, owner, "promised")
        }
    }

    private func refuse(_ renewal: Renewal, _ owner: MemberID, _ reason: String) {
        if owner == id {
            if let entry = grants[renewal.lease], entry.grants.epoch == renewal.epoch {
                actions.append(.refused(entry.asker, reason: reason))
            }
        } else {
            actions.append(
                .send(.refused(lease: renewal.lease, epoch: renewal.epoch, reason: reason), to: owner))
        }
    }

    private func granted(
        _ lease: String, _ epoch: UInt64, _ stamp: Duration, by voter: MemberID, at now: Duration
    ) {
        // A stamp of the future is not one of this node.
        guard var entry = grants[lease], entry.grants.epoch == epoch, stamp <= now else { return }
        let before = entry.grants.validUntil(terms, voters: known.voters)
        entry.grants.add(voter, stamp: stamp)
        grants[lease] = entry
        guard let until = entry.grants.validUntil(terms, voters: known.voters), until != before, until > now
        else { return }
        actions.append(.valid(entry.asker, until: until))
    }
}
