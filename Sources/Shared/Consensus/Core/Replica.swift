import CRaft

/// One member of a cluster that agrees by Raft: the protocol, the log in memory and the state machine. It does no I/O.
///
/// The driver hands in what happens (`receive`, `persisted`, `wake`, proposals), each with the time since boot, and then
/// does all of `takeActions()` in their order. It may do the writes late, and answer for them late, but in their order; the
/// replica itself holds back every message that must wait for one. With one seed and the same events it always does
/// the same.
///
/// Below it is C-Raft's step core (cowsql/raft); docs/consensus.md says what is done around its weak places.
public final class Replica<Machine: StateMachine> {
    /// What the driver must do.
    public enum Action: Sendable, Equatable {
        /// Write, make sure that it is on the disk (fdatasync), then call `persisted` with the ticket.
        case persist(Write, ticket: UInt64)
        /// Send, if a connection is there; what is lost is sent again.
        case send(Message, to: MemberID)
        /// A proposal of this member has ended.
        case finished(ProposalID, Outcome)
        /// Became leader, follower or candidate, or heard of another leader: see `status`.
        case standingChanged
        /// There is a new membership (not yet committed, perhaps): see `membership`.
        case membershipChanged
        /// The machine's state was replaced by a leader's snapshot.
        case restored
        /// The member does nothing any more: why, as a sentence.
        case stopped(String)
    }

    /// This member's number.
    public let id: MemberID
    /// Its times and bounds.
    public let settings: Settings
    /// The state, as of `status.applied`: on a follower, and on a leader that does not know yet that it is none, a
    /// little old. What must be new is proposed.
    public private(set) var machine: Machine
    /// The newest membership, committed or not.
    public private(set) var membership: Membership
    /// Free room on this member's disk in KiB, as the driver last looked; at most 65535.
    public var freeKiB: UInt16 = .max

    let core: OpaquePointer
    var log: LogWindow
    private var snapshot: Snapshot?
    private var applied: UInt64
    private var appliedMembership: Membership
    private var appliedMembershipIndex: UInt64
    private var bytesSinceSnapshot = 0
    private var isTakingSnapshot = false
    var writes = PendingWrites()
    /// Messages that wait for a vote to be on the disk.
    private var held: [(message: Message, receiver: MemberID)] = []
    private var actions: [Action] = []
    private var failure: String?
    var proposals = PendingProposals()
    private var standing = Standing.follower
    private var standingTerm: UInt64 = 0
    private var standingLeader: MemberID = 0
    /// The latest time that was handed in, in milliseconds: time never runs back for the core.
    var now: UInt64
    private var lastTimeout: UInt64?
    /// When a member last said something.
    private var heard: [MemberID: UInt64] = [:]

    /// A member with what its disk holds. `address` is its own; `seed` decides about its election timeouts.
    ///
    /// Nil when the machine cannot read the snapshot, or there is no memory.
    public init?(
        _ id: MemberID, seed: UInt32, settings: Settings = Settings(), machine: Machine, state: StoredState,
        at now: Duration
    ) {
        var machine = machine
        if let snapshot = state.snapshot, !machine.restore(snapshot.data) { return nil }
        guard id != 0,
            let core = craft_new(
                id, "", seed, UInt32(settings.electionTimeout.wholeMilliseconds),
                UInt32(settings.heartbeatInterval.wholeMilliseconds),
                UInt32(settings.snapshotTimeout.wholeMilliseconds), UInt32(settings.inflightEntries),
                settings.reservedKiB)
        else { return nil }
        self.id = id
        self.settings = settings
        self.machine = machine
        self.core = core
        self.now = now.wholeMilliseconds
        snapshot = state.snapshot
        log = LogWindow(first: state.firstIndex, entries: state.entries)
        if state.entries.isEmpty { log = LogWindow(first: (state.snapshot?.index ?? 0) + 1, entries: []) }
        applied = state.snapshot?.index ?? 0
        appliedMembership = state.snapshot?.membership ?? .empty
        appliedMembershipIndex = state.snapshot?.membershipIndex ?? 0
        membership = .empty
        start(state)
    }

    deinit { craft_free(core) }

    /// What there is to do since the last call.
    public func takeActions() -> [Action] {
        defer { actions = [] }
        return actions
    }

    /// When `wake` must be called; nil once it has stopped.
    public var deadline: Duration? {
        guard failure == nil else { return nil }
        var due = craft_deadline(core)
        // C-Raft's leader may name a time that has passed already (for a member that it made a spare): look again soon.
        if let lastTimeout, due <= lastTimeout {
            due = lastTimeout + max(1, settings.heartbeatInterval.wholeMilliseconds / 2)
        }
        return .milliseconds(Int64(due))
    }

    /// What it is and knows.
    public var status: Status {
        Status(
            id: id, standing: standing, term: craft_term(core), leader: leader, commit: craft_commit(core),
            applied: applied, last: craft_last_index(core), stored: craft_last_stored(core),
            snapshot: snapshot?.index ?? 0, membership: membership,
            isMembershipCommitted: membership == appliedMembership, failure: failure)
    }

    /// The leader of the term, if known.
    public var leader: MemberID? { standingLeader == 0 ? nil : standingLeader }

    /// Whether this member is the leader, as far as it knows. Not before its term is on its disk: after a crash it could lead the
    /// same term once more.
    public var isLeader: Bool { failure == nil && leads && !writes.hasVote }

    private var leads: Bool { Int(craft_state(core)) == CRAFT_LEADER }

    /// On a leader: the last entry that it knows a member to have on its disk.
    public func progress(of member: MemberID) -> UInt64 { craft_match(core, member) }

    /// Entries that are in the log here and not applied yet: they may be agreed on already, without this member knowing.
    public var unapplied: [Entry] {
        log.entries(from: applied + 1, count: Int(clamping: log.last - min(applied, log.last)))
    }

    /// How long a member has said nothing; since boot, when it never did.
    public func silence(of member: MemberID, at time: Duration) -> Duration {
        let last = Duration.milliseconds(Int64(heard[member] ?? 0))
        return member == id || time < last ? .zero : time - last
    }

    // MARK: events

    /// The deadline is reached.
    public func wake(at time: Duration) {
        guard begin(time), now >= craft_deadline(core) else { return }
        if craft_begin_term_alone(core, now) { writeVote() }
        guard advance({ craft_timeout($0, $1, $2) }) else { return }
        lastTimeout = now
        settle()
    }

    /// A message came from a member, over a connection that says who it is.
    public func receive(_ message: Message, from sender: MemberID, at time: Duration) {
        guard begin(time), sender != id, sender != 0, message.isSound, isTimely(message, from: sender) else {
            return
        }
        guard isOfThisLife(message, from: sender) else { return }
        if membership[sender] != nil { heard[sender] = now }
        switch message {
        case .append(let append): receive(append, from: sender)
        default:
            var flat = message.flat
            flat.peer = sender
            var source: Snapshot?
            if case .snapshot(_, let snapshot) = message {
                guard stage(snapshot.membership) else { return }
                source = snapshot
            }
            guard advance(snapshot: source, { craft_receive($0, $1, $2, &flat) }) else { return }
            settle()
        }
    }

    /// All writes up to this ticket are on the disk.
    public func persisted(_ ticket: UInt64, at time: Duration) {
        guard begin(time) else { return }
        while failure == nil, let write = writes.take(upTo: ticket) {
            switch write {
            case .vote: if !writes.hasVote { release() }
            case .truncation: break
            case .entries(let last):
                guard let last, last > craft_last_stored(core) else { break }
                guard advance({ craft_persisted_entries($0, $1, $2, last) }) else { return }
            case .ownSnapshot(let taken): finish(taken)
            case .leaderSnapshot(let received): install(received)
            }
            settle()
        }
    }

    /// The disk failed: the member stops, and harms nobody.
    public func storageFailed(_ sentence: String) { fail(sentence) }

    // MARK: proposals

    /// Proposes a command; `finished` will tell how it ended.
    public func propose(_ command: [UInt8], at time: Duration) throws(Refusal) -> ProposalID {
        guard command.count <= Settings.commandLimit else { throw .tooLarge }
        return try submit(Entry(term: 0, kind: .command, data: command), at: time)
    }

    /// Takes in a member as standby or spare; `promote` makes it a voter.
    public func add(_ member: Member, at time: Duration) throws(Refusal) -> ProposalID {
        guard member.role != .voter else { throw .badMember }
        return try change(membership.adding(member), at: time)
    }

    /// Sends a member away. A leader does not send itself away: it hands over first.
    public func remove(_ member: MemberID, at time: Duration) throws(Refusal) -> ProposalID {
        guard member != id else { throw .leadsItself }
        return try change(membership.removing(member), at: time)
    }

    /// Gives a member another role. One that is to vote catches up with the log first. A leader stays a voter, and a voter
    /// becomes a spare before it becomes a standby: C-Raft's members neither vote nor stand for election when the newest
    /// membership in their log says so, committed or not. If one got that before a voter did, and the leader died, the voters
    /// left could have too short a log for its vote, and nobody would ever lead again.
    public func assign(_ role: Role, to member: MemberID, at time: Duration) throws(Refusal) -> ProposalID {
        guard member != id else { throw .leadsItself }
        guard role != .standby || membership[member]?.role != .voter else { throw .spareFirst }
        let changed = membership.assigning(role, to: member)
        guard role == .voter, changed != nil, isLeader,
            craft_match(core, member) < craft_last_index(core)
        else { return try change(changed, at: time) }
        try ready(time)
        guard !craft_is_changing(core), proposals.promotion == nil else { throw .changing }
        guard advance({ craft_catch_up($0, $1, $2, member) }) else {
            throw .stopped(failure ?? "")
        }
        let proposal = proposals.begin(promotionOf: member)
        settle()
        return proposal
    }

    /// Hands the leadership to a voter, or to the one that is furthest. It gives up after an election timeout.
    public func transfer(to member: MemberID?, at time: Duration) throws(Refusal) {
        try ready(time)
        if let member { guard membership[member]?.role == .voter, member != id else { throw .badMember } }
        guard craft_transferee(core) == 0 else { throw .changing }
        let code = step { craft_transfer($0, $1, $2, member ?? 0) }
        switch Int(code) {
        case CRAFT_OK: break
        case CRAFT_BAD_ID, CRAFT_NOT_FOUND: throw .badMember
        default: throw .notLeader(leader)
        }
        settle()
    }

    private func change(_ changed: Membership?, at time: Duration) throws(Refusal) -> ProposalID {
        try ready(time)
        guard let changed else { throw .badMember }
        guard !craft_is_changing(core), proposals.promotion == nil else { throw .changing }
        return try submit(Entry(term: 0, kind: .membership, data: changed.encoded), at: time)
    }

    private func ready(_ time: Duration) throws(Refusal) {
        guard begin(time) else { throw .stopped(failure ?? "") }
        guard isLeader else { throw .notLeader(leader) }
    }

    private func submit(_ draft: Entry, at time: Duration) throws(Refusal) -> ProposalID {
        try ready(time)
        guard craft_transferee(core) == 0 else { throw .changing }
        guard proposals.count < Settings.proposalLimit else { throw .tooMany }
        var entry = draft
        entry.term = craft_term(core)
        guard stage([entry]) else { throw .stopped(failure ?? "") }
        let code = step(entries: [entry]) { craft_submit($0, $1, $2) }
        switch Int(code) {
        case CRAFT_OK: break
        case CRAFT_NOT_LEADER: throw .notLeader(leader)
        case CRAFT_NO_SPACE: throw .noRoom
        case CRAFT_CANNOT_CHANGE: throw .changing
        default:
            fail(code)
            throw .stopped(failure ?? "")
        }
        let proposal = proposals.begin(index: log.last, term: entry.term)
        settle()
        return proposal
    }

    // MARK: inside

    private func begin(_ time: Duration) -> Bool {
        now = max(now, time.wholeMilliseconds)
        return failure == nil
    }

    private func start(_ state: StoredState) {
        var (term, votedFor) = (state.term, state.votedFor)
        membership = latestMembership()
        // The only voter leads at once, and always in a term of its own: entries that it had sent out and not written
        // could otherwise have the index and term of later ones.
        if membership.voters.count == 1, membership.voters[0].id == id {
            (term, votedFor) = (term + 1, id)
            persist(.vote(term: term, votedFor: id), .vote)
        }
        guard stage(log.entries), state.snapshot.map({ stage($0.membership) }) ?? true else { return }
        let (index, snapshotTerm) = (state.snapshot?.index ?? 0, state.snapshot?.term ?? 0)
        let (membershipIndex, first) = (state.snapshot?.membershipIndex ?? 0, log.first)
        guard
            advance({
                craft_start($0, $1, $2, term, votedFor, index, snapshotTerm, membershipIndex, first)
            })
        else { return }
        settle()
    }

    /// Entries go to the core in pieces that begin with a membership, each applied before the next: C-Raft 0.22.1 notes
    /// a membership at the index of its message's first entry, and forgets one that is committed by the message
    /// that brings the next.
    private func receive(_ append: Message.Append, from sender: MemberID) {
        var piece = append
        var rest = append.entries[...]
        repeat {
            let split = rest.dropFirst().firstIndex { $0.kind == .membership } ?? rest.endIndex
            piece.entries = Array(rest[..<split])
            rest = rest[split...]
            var flat = Message.append(piece).flat
            flat.peer = sender
            let entries = piece.entries
            guard stage(entries), advance(entries: entries, { craft_receive($0, $1, $2, &flat) }) else {
                return
            }
            settle()
            guard let last = entries.last else { return }
            piece.previousIndex += UInt64(entries.count)
            piece.previousTerm = last.term
            // Refused: so would be the rest.
            guard craft_term_of(core, piece.previousIndex) == last.term else { return }
        } while !rest.isEmpty && failure == nil
    }

    /// Whether the core may see a message; it would take some that are late for others, and cannot bear a second leader.
    private func isTimely(_ message: Message, from sender: MemberID) -> Bool {
        switch message {
        case .appendResult(let result) where result.rejected > 0 && result.term == craft_term(core):
            // A refusal that was under way while later answers overtook it: C-Raft would assert.
            let match = craft_match(core, sender)
            return result.rejected > match && result.lastIndex >= match
        case .append(let append) where append.previousIndex == 0 && !append.entries.isEmpty && log.first > 1:
            // The log's very beginning once more, late: it is in a snapshot by now, and C-Raft would append it again.
            return false
        case .append(let append) where leads && append.term == craft_term(core): return twoLeaders()
        case .snapshot(let term, _) where leads && term == craft_term(core): return twoLeaders()
        case .voteResult(let result) where result.isPreVote:
            // The term in it is not the sender's but the one that was asked about.
            return craft_is_pre_voting(core) && result.term <= craft_term(core) + 1
        default: return true
        }
    }

    /// Whether a message is of this life of the cluster. Who is of an earlier one is told so; who hears of a later one stops for
    /// ever, unless it has no log yet and so belongs to none.
    private func isOfThisLife(_ message: Message, from sender: MemberID) -> Bool {
        let (own, other) = (Recovery.number(of: craft_term(core)), Recovery.number(of: message.term))
        if other == own || (other > own && craft_last_index(core) == 0) { return true }
        if other < own {
            let no = Message.VoteResult(
                term: craft_term(core), isGranted: false, isPreVote: false, features: 0, capacity: 0)
            actions.append(.send(.voteResult(no), to: sender))
            return false
        }
        // Before anything else: it must not come back and have forgotten.
        persist(.vote(term: message.term, votedFor: 0), .vote)
        fail(Recovery.isOver(craft_term(core), since: message.term))
        return false
    }

    private func twoLeaders() -> Bool {
        fail(
            "another member leads term \(craft_term(core)), too: two members have one number, or a disk was put back to "
                + "an earlier state. Remove one of them from the cluster and add it anew")
        return false
    }

    /// A step that cannot be refused; false when the member has stopped.
    private func advance(
        entries: [Entry] = [], snapshot: Snapshot? = nil, _ body: (OpaquePointer, UInt64, UInt16) -> Int32
    ) -> Bool {
        let code = step(entries: entries, snapshot: snapshot, body)
        if Int(code) != CRAFT_OK { fail(code) }
        return Int(code) == CRAFT_OK
    }

    /// One step of the core, and all that it wants done. `entries`, `snapshot`: those that went into it.
    private func step(
        entries: [Entry] = [], snapshot source: Snapshot? = nil,
        _ body: (OpaquePointer, UInt64, UInt16) -> Int32
    ) -> Int32 {
        guard failure == nil else { return Int32(CRAFT_NOT_LEADER) }
        let code = body(core, now, freeKiB)
        guard Int(code) == CRAFT_OK else { return code }
        let update = craft_update(core)
        if update.vote { writeVote() }
        if update.entries { store(update, entries) }
        if update.snapshot, let source {
            log = LogWindow(first: source.index + 1, entries: [])
            writes.forgetEntries(from: 0)
            persist(.replace(source), .leaderSnapshot(source))
        }
        for number in 0..<update.messages { send(craft_outgoing(core, number)) }
        return code
    }

    private func store(_ update: craft_update, _ entries: [Entry]) {
        let new: [Entry]
        if update.barrier {
            new = [Entry(term: craft_term(core), kind: .barrier, data: [])]
        } else {
            new = Array(entries.suffix(Int(update.count)))
        }
        if update.first <= log.last {
            log.truncate(from: update.first)
            writes.forgetEntries(from: update.first)
            persist(.truncate(from: update.first), .truncation)
        }
        log.append(new)
        persist(.append(first: update.first, new), .entries(upTo: log.last))
        noteMembership()
    }

    private func noteMembership() {
        let newest = latestMembership()
        guard newest != membership else { return }
        membership = newest
        actions.append(.membershipChanged)
    }

    private func latestMembership() -> Membership {
        let entry = log.entries.last { $0.kind == .membership }
        return entry.flatMap { Membership(encoded: $0.data) } ?? appliedMembership
    }

    private func writeVote() {
        persist(.vote(term: craft_term(core), votedFor: craft_voted_for(core)), .vote)
    }

    private func persist(_ write: Write, _ kind: PendingWrites.Kind) {
        actions.append(.persist(write, ticket: writes.add(kind)))
    }

    private func send(_ flat: craft_message) {
        guard let message = message(from: flat) else { return }
        if writes.hasVote {
            held.append((message, flat.peer))
        } else {
            actions.append(.send(message, to: flat.peer))
        }
    }

    private func message(from flat: craft_message) -> Message? {
        switch Int(flat.type) {
        case CRAFT_APPEND:
            let first = flat.previous_index + 1
            return .append(
                .init(
                    term: flat.term, previousIndex: flat.previous_index, previousTerm: flat.previous_term,
                    commit: flat.commit, entries: log.entries(from: first, count: Int(flat.count))))
        case CRAFT_SNAPSHOT:
            guard let snapshot, snapshot.index == flat.last_index else { return nil }
            return .snapshot(term: flat.term, snapshot)
        default: return Message(flat)
        }
    }

    private func release() {
        for (message, receiver) in held { actions.append(.send(message, to: receiver)) }
        held = []
    }

    /// Applies what is committed and notices what has changed, until nothing is left.
    private func settle() {
        applyCommitted()
        finishPromotion()
        notice()
        takeSnapshotWhenDue()
    }

    private func applyCommitted() {
        while failure == nil, !craft_is_installing(core), applied < craft_commit(core),
            let entry = log[applied + 1]
        {
            applied += 1
            let index = applied
            bytesSinceSnapshot += entry.data.count
            var answer: [UInt8] = []
            switch entry.kind {
            case .command: answer = machine.apply(entry.data, at: index)
            case .barrier: break
            case .membership:
                guard let committed = Membership(encoded: entry.data), stage(committed) else { return }
                appliedMembership = committed
                appliedMembershipIndex = index
                guard advance({ craft_configuration($0, $1, $2, index) }) else { return }
            }
            if let proposal = proposals.take(index: index, term: entry.term) {
                actions.append(.finished(proposal, .applied(index: index, answer: answer)))
            }
        }
    }

    private func finishPromotion() {
        guard let promotion = proposals.promotion, isLeader else { return }
        switch Int(craft_catch_up_status(core, promotion.member)) {
        case CRAFT_CATCH_UP_FINISHED:
            proposals.promotion = nil
            let changed = membership.assigning(.voter, to: promotion.member)
            let entry = Entry(term: craft_term(core), kind: .membership, data: changed?.encoded ?? [])
            guard stage(changed == nil ? [] : [entry]) else { return }
            guard changed != nil, Int(step(entries: [entry]) { craft_submit($0, $1, $2) }) == CRAFT_OK else {
                actions.append(.finished(promotion.proposal, .notCaughtUp))
                return
            }
            proposals.begin(promotion.proposal, index: log.last, term: entry.term)
            applyCommitted()
        case CRAFT_CATCH_UP_RUNNING: break
        default:
            proposals.promotion = nil
            actions.append(.finished(promotion.proposal, .notCaughtUp))
        }
    }

    private func notice() {
        guard failure == nil else { return }
        let term = craft_term(core)
        // A leader whose term is not on its disk yet is still a candidate to everybody, itself included.
        let leader = leads && !isLeader ? 0 : craft_leader(core)
        let state: Standing =
            switch Int(craft_state(core)) {
            case CRAFT_LEADER: isLeader ? .leader : .candidate
            case CRAFT_CANDIDATE: .candidate
            default: .follower
            }
        guard state != standing || leader != standingLeader || term != standingTerm else { return }
        if standing == .leader {
            for proposal in proposals.takeAll() { actions.append(.finished(proposal, .unknown)) }
        }
        (standing, standingTerm, standingLeader) = (state, term, leader)
        actions.append(.standingChanged)
    }

    // MARK: snapshots

    private func takeSnapshotWhenDue() {
        let entries = applied - (snapshot?.index ?? 0)
        guard failure == nil, !isTakingSnapshot, !craft_is_installing(core), entries > 0,
            entries >= UInt64(settings.snapshotEntries) || bytesSinceSnapshot >= settings.snapshotBytes
        else { return }
        let term = craft_term_of(core, applied)
        guard term > 0, appliedMembershipIndex > 0 else { return }
        let data = machine.snapshot()
        guard data.count <= Settings.snapshotLimit else {
            return fail(
                "the state has \(data.count) bytes, and a snapshot may have \(Settings.snapshotLimit). Nothing was lost; "
                    + "report this")
        }
        let taken = Snapshot(
            index: applied, term: term, membership: appliedMembership,
            membershipIndex: appliedMembershipIndex, data: data)
        isTakingSnapshot = true
        bytesSinceSnapshot = 0
        let trailing = UInt64(settings.trailingEntries)
        persist(
            .snapshot(taken, keepFrom: taken.index > trailing ? taken.index - trailing + 1 : 1),
            .ownSnapshot(taken))
    }

    private func finish(_ taken: Snapshot) {
        isTakingSnapshot = false
        // A leader's snapshot has come in between, and goes further.
        guard !craft_is_installing(core), taken.index > snapshot?.index ?? 0,
            craft_term_of(core, taken.index) == taken.term, stage(taken.membership)
        else { return }
        let trailing = UInt32(settings.trailingEntries)
        let done = advance {
            craft_snapshot($0, $1, $2, taken.index, taken.term, taken.membershipIndex, trailing)
        }
        guard done else { return }
        snapshot = taken
        if taken.index > UInt64(trailing) { log.drop(upTo: taken.index - UInt64(trailing)) }
    }

    private func install(_ received: Snapshot) {
        guard machine.restore(received.data) else {
            return fail(
                "this version cannot read the leader's snapshot. Install the version that the leader has")
        }
        snapshot = received
        applied = received.index
        appliedMembership = received.membership
        appliedMembershipIndex = received.membershipIndex
        bytesSinceSnapshot = 0
        actions.append(.restored)
        noteMembership()
        _ = advance { craft_persisted_snapshot($0, $1, $2) }
    }

    // MARK: helpers

    private func stage(_ entries: [Entry]) -> Bool {
        for entry in entries {
            let code = entry.data.withUnsafeBufferPointer {
                craft_stage(core, entry.term, Int32(entry.kind.rawValue), $0.baseAddress, $0.count)
            }
            guard Int(code) == CRAFT_OK else {
                fail(code)
                return false
            }
        }
        return true
    }

    private func stage(_ membership: Membership) -> Bool {
        let code = membership.encoded.withUnsafeBufferPointer {
            craft_stage_membership(core, $0.baseAddress, $0.count)
        }
        if Int(code) != CRAFT_OK { fail(code) }
        return Int(code) == CRAFT_OK
    }

    private func fail(_ code: Int32) {
        fail(
            "consensus cannot go on (\(String(cString: craft_reason(core, code)))). Restart it; its log is as it was"
        )
    }

    private func fail(_ sentence: String) {
        guard failure == nil else { return }
        failure = sentence
        held = []
        for proposal in proposals.takeAll() { actions.append(.finished(proposal, .unknown)) }
        actions.append(.stopped(sentence))
    }
}
