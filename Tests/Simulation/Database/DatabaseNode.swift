import Database
import Simulator

/// A member with its driver, its PostgreSQL and its disk.
final class DatabaseNode {
    private struct Job {
        var id: UInt64
        var job: Database.Job
        var begun: Duration
        /// When it takes effect, and when it is answered.
        var effect: Duration
        var end: Duration
        var hasEffect = false
        /// What came of a fetch.
        var folder: (log: [Int32], history: TimelineHistory, isNothingToDo: Bool)?
    }

    static let lookInterval: Duration = .milliseconds(300)
    static let viewInterval: Duration = .milliseconds(200)
    static let fetchTimeout: Duration = .seconds(4)

    private(set) var core: DatabaseMember
    private(set) var postgres: SimulatedPostgres
    let index: Int
    let control: Int
    let disk: DatabaseDisk
    let ledger: WriteLedger
    let flaw: DatabaseFlaw
    private let clock: DriftingClock
    private let settings: MemberSettings
    private var random: SeededRandom
    private var jobs: [Job] = []
    private var checkpoint: Job?
    /// When nothing is left of a PostgreSQL that was killed.
    private var killedAt: Duration?
    private var kill: UInt64 = 0
    /// By the node's clock: when the supervisor kills.
    private var mayServeUntil: Duration?
    private var frozenUntil: Duration?
    private var queue: [DatabaseMember.Event] = []
    private var rebootAt: Duration?
    private var lookAt: Duration = .zero
    private var viewAt: Duration = .zero
    private var outgoing: [Outgoing<ShelfMail>] = []
    /// For the flaw: when requests were sent, by the node's clock.
    private var asked: [UInt64: Duration] = [:]
    /// Its own wish to be alive: the epoch in which it promotes.
    private var promotionEpoch: UInt64 = 0
    /// Its PostgreSQL was seen alive last then: after a gap it has slept.
    private(set) var ranAt: Duration = .zero
    private(set) var wokeAt: Duration = .zero
    /// After a node has slept PostgreSQL may run before its supervisor and its agent do.
    private static let wakingLag: ClosedRange<Duration> = .zero ... .milliseconds(100)
    private var supervisedAt: Duration = .zero

    init(
        _ settings: MemberSettings, index: Int, control: Int, disk: DatabaseDisk, ledger: WriteLedger,
        clock: DriftingClock,
        flaw: DatabaseFlaw, seed: UInt64, at now: Duration
    ) {
        self.settings = settings
        self.index = index
        self.control = control
        self.disk = disk
        self.ledger = ledger
        self.clock = clock
        self.flaw = flaw
        random = SeededRandom(seed: seed)
        core = DatabaseMember(
            settings, record: Self.read(disk, flaw), at: clock.local(now))
        postgres = SimulatedPostgres(
            disk, node: index, ledger: ledger, seed: seed, confirmsUnflushed: flaw == .confirmsUnflushed)
        ranAt = now
        wokeAt = now
        queue = [.postgres(postgres.view(at: now))]
    }

    private static func read(_ disk: DatabaseDisk, _ flaw: DatabaseFlaw) -> MemberRecord {
        var record = disk.record
        if flaw == .forgetsPromise { record.fencedEpoch = 0 }
        if flaw == .believesFolder, record.folder == .copying || record.folder == .rewinding {
            record.folder = .clean
        }
        return record
    }

    var isWritable: Bool { postgres.state == .primary && postgres.takesWrites }

    var deadline: Duration? {
        var deadline = min(lookAt, viewAt)
        deadline = min(deadline, rebootAt ?? frozenUntil ?? clock.world(core.deadline))
        if let time = postgres.deadline { deadline = min(deadline, time) }
        if let killedAt { deadline = min(deadline, killedAt) }
        if let first = jobs.first { deadline = min(deadline, first.hasEffect ? first.end : first.effect) }
        if let checkpoint { deadline = min(deadline, checkpoint.end) }
        if let mayServeUntil, isWritable {
            deadline = min(deadline, max(clock.world(mayServeUntil), supervisedAt))
        }
        return deadline
    }

    // MARK: what happens

    func receive(_ mail: ShelfMail, from sender: Int, at now: Duration) -> [Outgoing<ShelfMail>] {
        noticeSleep(at: now)
        superviseIfDue(at: now)
        switch mail {
        case .answer(let request, .granted(let epoch, let term)) where flaw == .countsFromAnswer:
            let late = clock.local(now) - (asked[request] ?? clock.local(now))
            queue.append(.control(request: request, .granted(epoch: epoch, term: term + late)))
        case .answer(let request, let answer): queue.append(.control(request: request, answer))
        case .seen(let view): queue.append(.seen(view))
        case .peer(let message): queue.append(.peer(MemberID(sender + 1)!, message))
        case .postgres(.folder(let job, let log, let history, let isCheckpointed, let isPrimary)):
            fetched(job, log, history, isCheckpointed && isPrimary, at: now)
        case .postgres(let message):
            if postgres.state == .standby || postgres.state == .primary {
                outgoing += postgres.receive(message, from: sender, at: now)
            }
        case .ask, .look: break
        }
        return finish(at: now)
    }

    func wake(at now: Duration) -> [Outgoing<ShelfMail>] {
        noticeSleep(at: now)
        superviseIfDue(at: now)
        if let time = postgres.deadline, now >= time {
            let (isAlive, mail) = postgres.wake(at: now)
            outgoing += mail
            if !isAlive { endPostgres(at: now) }
        }
        work(at: now)
        if now >= lookAt {
            lookAt = now + Self.lookInterval
            outgoing.append(.to(control, .look))
        }
        if now >= viewAt {
            viewAt = now + Self.viewInterval
            // A query is not answered while a job starts or ends the process.
            if killedAt == nil, jobs.isEmpty {
                var view = postgres.view(at: now)
                if flaw == .inventsConfirmations {
                    for index in view.followers.indices { view.followers[index].flushed = .max }
                }
                queue.append(.postgres(view))
            }
        }
        return finish(at: now)
    }

    func disturb(_ disturbance: ShelfNode.Disturbance, at now: Duration) -> [Outgoing<ShelfMail>] {
        noticeSleep(at: now)
        superviseIfDue(at: now)
        switch disturbance {
        case .killPostgres: if postgres.state != .stopped, killedAt == nil { endPostgres(at: now) }
        case .freezeAgent(let time): if rebootAt == nil { frozenUntil = now + time }
        case .killAgent: killAgent(at: now)
        case .diskFull(let isFull): disk.isFull = isFull
        case .switchover: queue.append(.switchover(to: nil))
        }
        return finish(at: now)
    }

    private func noticeSleep(at now: Duration) {
        if now - ranAt > .seconds(1) {
            wokeAt = now
            supervisedAt = now + random.duration(in: Self.wakingLag)
            if rebootAt == nil { frozenUntil = max(frozenUntil ?? .zero, supervisedAt) }
        }
        ranAt = now
    }

    private func superviseIfDue(at now: Duration) {
        guard flaw != .killsNothing, now >= supervisedAt, let until = mayServeUntil,
            clock.local(now) >= until, isWritable,
            killedAt == nil
        else { return }
        ledger.tell("\(now) node \(index): the supervisor kills")
        endPostgres(at: now)
    }

    private func killAgent(at now: Duration) {
        ledger.tell("\(now) node \(index): the agent dies")
        postgres.end()
        jobs = []
        checkpoint = nil
        killedAt = nil
        mayServeUntil = nil
        queue = []
        frozenUntil = nil
        rebootAt = now + random.duration(in: .milliseconds(100) ... .milliseconds(800))
    }

    /// PostgreSQL has ended by itself or was killed from outside.
    private func endPostgres(at now: Duration) {
        postgres.end()
        for job in jobs where job.id != 0 { answer(job, .failed("PostgreSQL ended", isFolderTouched: true)) }
        jobs = []
        checkpoint = nil
        queue.append(.postgres(postgres.view(at: now)))
    }

    /// The agent handles what waits for it, and its actions are done.
    private func finish(at now: Duration) -> [Outgoing<ShelfMail>] {
        defer { outgoing = [] }
        if let reboot = rebootAt {
            queue = []
            guard now >= reboot else { return outgoing }
            rebootAt = nil
            core = DatabaseMember(settings, record: Self.read(disk, flaw), at: clock.local(now))
            queue = [.postgres(postgres.view(at: now))]
        }
        if let frozen = frozenUntil {
            guard now >= frozen else { return outgoing }
            frozenUntil = nil
        }
        let events = queue
        queue = []
        for event in events {
            perform(core.handle(event, at: clock.local(now)), at: now)
            if rebootAt != nil { return outgoing }
        }
        if clock.local(now) >= core.deadline { perform(core.handle(.time, at: clock.local(now)), at: now) }
        return outgoing
    }

    // MARK: the driver

    private func perform(_ actions: [DatabaseMember.Action], at now: Duration) {
        for action in actions {
            switch action {
            case .save(let record):
                if disk.isFull { return killAgent(at: now) }
                disk.record = record
                if flaw == .forgetsFolder, record.folder == .rewinding || record.folder == .copying {
                    disk.record.folder = .clean
                }
            case .ask(let request, var what):
                if flaw == .overwritesAgreement, case .replace(let agreement, _) = what {
                    what = .replace(agreement, expected: .max)
                }
                if flaw == .countsFromAnswer { asked[request] = clock.local(now) }
                if case .release(let epoch) = what, isWritable, postgres.epoch == epoch {
                    ledger.report(
                        "at \(now) node \(index) gives epoch \(epoch) back while PostgreSQL takes writes")
                }
                outgoing.append(.to(control, .ask(request: request, what)))
            case .send(let message, let member):
                if case .fenced(let epoch, _) = message {
                    ledger.promise(index, epoch: epoch, written: disk.record.fencedEpoch, now)
                }
                outgoing.append(.to(Int(member.number) - 1, .peer(message)))
            case .run(let id, let job): begin(id, job, at: now)
            case .kill(let id):
                kill = id
                if flaw == .killsNothing {
                    killedAt = now + .milliseconds(500)
                    jobs = []
                    continue
                }
                postgres.takesWrites = postgres.takesWrites && random.happens(perMille: 500)
                jobs = []
                checkpoint = nil
                killedAt = now + random.duration(in: .milliseconds(2) ... .milliseconds(120))
            case .mayServe(let until): mayServeUntil = until
            case .note(let text): ledger.tell("\(now) node \(index): \(text)")
            }
        }
    }

    private func begin(_ id: UInt64, _ what: Database.Job, at now: Duration) {
        let range: ClosedRange<Duration> =
            switch what {
            case .create: .milliseconds(300) ... .seconds(2)
            case .copy: .milliseconds(500) ... .seconds(4)
            case .rewind: .milliseconds(200) ... .seconds(3)
            case .start, .catchUp: .milliseconds(100) ... .seconds(3)
            case .fence: .zero ... .milliseconds(300)
            case .follow: .zero ... .milliseconds(200)
            case .promote: .milliseconds(50) ... .milliseconds(500)
            case .apply: .milliseconds(20) ... .milliseconds(400)
            case .checkpoint: .milliseconds(100) ... .seconds(3)
            case .stop: .milliseconds(50) ... .seconds(1)
            }
        let begun = max(now, jobs.last?.end ?? now)
        let end = begun + random.duration(in: range)
        let job = Job(
            id: id, job: what, begun: begun, effect: begun + random.duration(in: .zero...(end - begun)),
            end: end)
        if what == .checkpoint { checkpoint = job } else { jobs.append(job) }
        if flaw == .answersBeforeRule, case .apply = what {
            answer(job, .applied(offset: UInt64(disk.log.count)))
        }
        if case .promote = what, let agreement = core.control?.agreement { promotionEpoch = agreement.epoch }
    }

    private func answer(_ job: Job, _ result: JobResult) {
        queue.append(.finished(job: job.id, result))
    }

    private func work(at now: Duration) {
        if let killed = killedAt, now >= killed {
            killedAt = nil
            jobs = []
            if flaw != .killsNothing { postgres.end() }
            queue.append(.killed(kill))
        }
        guard killedAt == nil else { return }
        if let done = checkpoint, now >= done.end {
            checkpoint = nil
            postgres.isCheckpointed = true
            answer(done, .done)
        }
        while var job = jobs.first, now >= job.effect, !job.hasEffect || now >= job.end {
            if !job.hasEffect {
                job.hasEffect = true
                jobs[0] = job
                takeEffect(job, at: now)
            } else {
                jobs.removeFirst()
                complete(job, at: now)
            }
        }
    }

    private func takeEffect(_ job: Job, at now: Duration) {
        switch job.job {
        case .fence: if flaw != .skipsFence { postgres.follow(nil, at: now) }
        case .apply(let rule):
            postgres.rule = rule
            postgres.release(at: now)
        case .promote(_, let rule): if flaw != .promotesWithoutRule { postgres.rule = rule }
        case .stop: postgres.takesWrites = false
        case .create, .copy:
            disk.isHalf = true
            disk.log = []
            disk.flushed = 0
            disk.history = TimelineHistory(branches: [], timeline: 1)
            disk.needsSource = false
            if case .copy(let source) = job.job {
                outgoing.append(.to(Int(source.number) - 1, .postgres(.fetch(job: job.id))))
                jobs[0].end = now + Self.fetchTimeout
            }
        case .rewind(let source), .catchUp(let source):
            outgoing.append(.to(Int(source.number) - 1, .postgres(.fetch(job: job.id))))
            jobs[0].end = now + Self.fetchTimeout
        case .start, .follow, .checkpoint: break
        }
    }

    private func fetched(
        _ id: UInt64, _ log: [Int32], _ history: TimelineHistory, _ isCheckpointed: Bool, at now: Duration
    ) {
        guard let index = jobs.firstIndex(where: { $0.id == id && $0.folder == nil }) else { return }
        // pg_rewind compares the timelines that the control files name.
        let named = isCheckpointed ? history.timeline : history.branches.last?.timeline ?? history.timeline
        if case .catchUp = jobs[index].job {
            // Only a log that goes on with ours makes us whole.
            guard history.contains(disk.position), Int(disk.position.offset) <= log.count else { return }
            jobs[index].folder = (log, history, false)
            jobs[index].end = now + random.duration(in: .milliseconds(100) ... .seconds(3))
            return
        }
        var isNothingToDo = false
        if case .rewind = jobs[index].job { isNothingToDo = named == disk.history.timeline }
        jobs[index].folder = (log, history, isNothingToDo)
        jobs[index].end = now + random.duration(in: .milliseconds(100) ... .seconds(3))
        if !isNothingToDo { disk.isHalf = true }
    }

    private func complete(_ job: Job, at now: Duration) {
        switch job.job {
        case .create:
            disk.isHalf = false
            disk.systemIdentifier = UInt64(index + 1) << 32 | UInt64(now.components.seconds)
            answer(job, .created(systemIdentifier: disk.systemIdentifier))
        case .copy, .rewind:
            guard let folder = job.folder else {
                return answer(job, .failed("nobody answered", isFolderTouched: job.job.isCopy))
            }
            if disk.isFull { return answer(job, .failed("the disk is full", isFolderTouched: true)) }
            if !folder.isNothingToDo {
                disk.log = folder.log
                disk.history = folder.history
                disk.flushed = disk.log.count
                disk.isHalf = false
                disk.needsSource = true
            }
            answer(job, .done)
        case .catchUp:
            guard let folder = job.folder, !disk.isFull else {
                return answer(job, .failed("it does not become whole", isFolderTouched: false))
            }
            disk.log = folder.log
            disk.history = folder.history
            disk.flushed = disk.log.count
            disk.needsSource = false
            postgres.runAsStandby(at: now)
            queue.append(.postgres(postgres.view(at: now)))
            answer(job, .rests(disk.durablePosition))
        case .start:
            guard !disk.isFull else {
                return answer(job, .failed("the disk is full", isFolderTouched: false))
            }
            postgres.runAsStandby(at: now)
            queue.append(.postgres(postgres.view(at: now)))
            answer(job, .rests(disk.durablePosition))
        case .fence: answer(job, .rests(disk.durablePosition))
        case .follow(let member):
            postgres.follow(Int(member.number) - 1, at: now)
            answer(job, .done)
        case .promote(let timeline, let rule):
            if flaw != .promotesWithoutRule { postgres.rule = rule }
            let chosen = flaw == .choosesTimeline ? disk.history.timeline + 1 : timeline
            postgres.promote(to: chosen, epoch: promotionEpoch, at: now)
            answer(job, .promoted(disk.history))
        case .apply: answer(job, .applied(offset: UInt64(disk.log.count)))
        case .stop:
            let position = disk.durablePosition
            postgres.end()
            checkpoint = nil
            answer(job, .rests(position))
            queue.append(.postgres(postgres.view(at: now)))
        case .checkpoint: break
        }
    }
}

extension Database.Job {
    var isCopy: Bool { if case .copy = self { true } else { false } }
}
