import Simulator

@testable import Consensus

/// A member with the little that its driver does: writes in order, each batch after some time; a clock that runs a little wrong;
/// and, for the proof that the invariants can fail, with a flaw.
final class ConsensusNode: SimulatedNode {
    enum Disturbance {
        /// A client asks for this command.
        case propose(UInt64, padding: Int)
        case add(MemberID)
        case assign(Role, MemberID)
        case remove(MemberID)
        case transfer(MemberID?)
        /// Bytes that the disk has room for from now on, beyond what it has.
        case room(Int)
        /// The disk fails after so many calls.
        case diskFails(after: Int, code: Int32)
        case slowDisk(ClosedRange<Duration>)
    }

    enum Flaw: CaseIterable {
        case none
        /// The disk does not synchronise.
        case lyingDisk
        /// A write is acknowledged when it is asked for.
        case acknowledgesEarly
        /// Votes are not written.
        case forgetsVotes
        /// Of several entries the last one is written as another one.
        case writesAnother
        /// The leader says that all it sends is committed.
        case commitsEarly
        /// A leader's snapshot is not given to the machine.
        case ignoresSnapshots
        /// After a start the machine does not know what the snapshot had.
        case losesSnapshot
        /// It votes for everybody.
        case grantsAll
    }

    let id: MemberID
    let life: Int
    let flaw: Flaw
    let disk: SimulatedDisk
    let recorder = Recorder()
    /// Commands that a client was told are done, on all nodes.
    let book: Book
    private(set) var replica: Replica<Ledger>?
    private(set) var store: LogStore<SimulatedDisk>
    /// Why it could not start, or stopped.
    private(set) var failure: String?
    /// Whether it has a reason to stop: its disk was made to fail.
    private(set) var isExcused = false
    private var founding: Membership?
    private let settings: Settings
    private let clock: DriftingClock
    private var random: SeededRandom
    private var flushTime: ClosedRange<Duration> = .microseconds(200) ... .milliseconds(30)
    private var waiting: [(write: Write, ticket: UInt64)] = []
    private var flushing: [(write: Write, ticket: UInt64)] = []
    private var flushed: Duration?
    private var proposals: [ProposalID: UInt64] = [:]

    init(
        _ id: MemberID, life: Int, flaw: Flaw, disk: SimulatedDisk, founding: Membership?, settings: Settings,
        clock: DriftingClock, book: Book, seed: UInt64
    ) {
        self.id = id
        self.life = life
        self.flaw = flaw
        self.disk = disk
        self.founding = founding
        self.settings = settings
        self.clock = clock
        self.book = book
        random = SeededRandom(seed: seed)
        store = LogStore(disk, member: id)
        disk.isLying = flaw == .lyingDisk
    }

    /// The process dies, in the middle of a write perhaps; and the power goes, perhaps.
    func die(withPower: Bool) {
        if !flushing.isEmpty {
            disk.failure = (random.below(8), DiskError.input)
            try? store.perform(flushing.map { $0.write })
        }
        disk.forgetFailure()
        disk.capacity = .max
        if withPower { disk.crash(&random) }
    }

    // MARK: SimulatedNode

    var deadline: Duration? {
        guard failure == nil else { return nil }
        let due = replica?.deadline.map { clock.world($0) }
        guard let flushed else { return due }
        return due.map { min($0, flushed) } ?? flushed
    }

    func start(at now: Duration) -> [Outgoing<Message>] {
        do throws(LogError) {
            var state = try store.load()
            if state.lastIndex == 0, state.term <= 1, let founding { state = try store.found(founding) }
            if flaw == .losesSnapshot { state.snapshot?.data = Ledger(recorder).snapshot() }
            replica = Replica(
                id, seed: UInt32(truncatingIfNeeded: random.next()), settings: settings,
                machine: Ledger(recorder), state: state, at: clock.local(now))
            if replica == nil { failure = "it could not start with what its disk holds" }
        } catch { failure = error.sentence }
        return pump(at: now)
    }

    func receive(_ message: Message, from sender: Int, at now: Duration) -> [Outgoing<Message>] {
        guard failure == nil else { return [] }
        replica?.receive(message, from: MemberID(sender) + 1, at: clock.local(now))
        return pump(at: now)
    }

    func wake(at now: Duration) -> [Outgoing<Message>] {
        guard failure == nil else { return [] }
        finishFlush(at: now)
        if let due = replica?.deadline, clock.local(now) >= due { replica?.wake(at: clock.local(now)) }
        return pump(at: now)
    }

    func disturb(_ disturbance: Disturbance, at now: Duration) -> [Outgoing<Message>] {
        guard failure == nil, let replica else { return [] }
        let time = clock.local(now)
        do throws(Refusal) {
            switch disturbance {
            case .propose(let number, let padding):
                proposals[try replica.propose(Ledger.command(number, padding: padding), at: time)] = number
            case .add(let member):
                // Once: a number that was sent away is never used again.
                guard replica.isLeader, book.added.insert(member).inserted else { break }
                _ = try replica.add(Member(member, at: "m\(member)", as: .standby), at: time)
            case .assign(let role, let member): _ = try replica.assign(role, to: member, at: time)
            case .remove(let member): _ = try replica.remove(member, at: time)
            case .transfer(let member): try replica.transfer(to: member, at: time)
            case .room(let bytes):
                disk.capacity = disk.size + bytes
                replica.freeKiB = UInt16(clamping: bytes >> 10)
                isExcused = true
            case .diskFails(let after, let code):
                disk.failure = (after, code)
                isExcused = true
            case .slowDisk(let time): flushTime = time
            }
        } catch {}
        return pump(at: now)
    }

    // MARK: the driver

    private func finishFlush(at now: Duration) {
        guard let time = flushed, time <= now, !flushing.isEmpty else { return }
        let batch = flushing
        flushing = []
        flushed = nil
        do throws(LogError) {
            try store.perform(batch.map { $0.write })
            if flaw != .acknowledgesEarly {
                replica?.persisted(batch[batch.count - 1].ticket, at: clock.local(now))
            }
        } catch { replica?.storageFailed(error.sentence) }
    }

    private func pump(at now: Duration) -> [Outgoing<Message>] {
        var outgoing: [Outgoing<Message>] = []
        while let actions = replica?.takeActions(), !actions.isEmpty {
            for action in actions {
                switch action {
                case .persist(let write, let ticket): persist(write, ticket, at: now)
                case .send(let message, let receiver):
                    outgoing.append(.to(Int(receiver) - 1, spoiled(message)))
                case .finished(let proposal, let outcome):
                    if case .applied = outcome, let number = proposals[proposal] {
                        book.acknowledged.insert(number)
                    }
                case .stopped(let reason): failure = reason
                case .standingChanged, .membershipChanged, .restored: break
                }
            }
        }
        if flushing.isEmpty, !waiting.isEmpty, failure == nil {
            swap(&flushing, &waiting)
            flushed = now + random.duration(in: flushTime)
        }
        return outgoing
    }

    private func persist(_ write: Write, _ ticket: UInt64, at now: Duration) {
        var write = write
        if flaw == .forgetsVotes, case .vote(let term, _) = write { write = .vote(term: term, votedFor: 0) }
        if flaw == .writesAnother, case .append(let first, let entries) = write, entries.count > 1 {
            write = .append(
                first: first,
                Array(entries.dropLast()) + [Entry(term: entries[0].term, kind: .barrier, data: [])])
        }
        waiting.append((write, ticket))
        if flaw == .acknowledgesEarly { replica?.persisted(ticket, at: clock.local(now)) }
    }

    private func spoiled(_ message: Message) -> Message {
        switch (flaw, message) {
        case (.commitsEarly, .append(var append)):
            append.commit = append.previousIndex + UInt64(append.entries.count)
            return .append(append)
        case (.ignoresSnapshots, .snapshot(let term, var snapshot)):
            snapshot.data = Ledger(Recorder()).snapshot()
            return .snapshot(term: term, snapshot)
        case (.grantsAll, .voteResult(var result)):
            result.isGranted = true
            return .voteResult(result)
        default: return message
        }
    }
}

/// What clients were told.
final class Book {
    var acknowledged: Set<UInt64> = []
    /// Members that somebody was asked to take in.
    var added: Set<MemberID> = []
    /// The next command's number.
    var next: UInt64 = 1
}
