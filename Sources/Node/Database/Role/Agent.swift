import CLinux
import Console
import Database
import Reactor
import Service

/// The process that decides: it drives the core with what PostgreSQL, control and the other members say, and does what it answers.
final class Agent {
    /// How often people and health checks of other nodes are told something new.
    static let statusInterval: Duration = .milliseconds(500)
    /// A service that stops leaves its primary's place to another for so long; then it simply stops.
    static let leavePatience: Duration = .seconds(20)
    /// A switchover waits for its checkpoint at most so long.
    static let checkpointPatience: Duration = .seconds(60)
    /// Less than control's and VRRP's, which it depends on.
    static let realtimePriority: Int32 = 20
    /// Numbers of kills that the core did not ask for.
    private static let ownKill: UInt64 = 1 << 62

    let configuration: DatabaseConfiguration
    let own: DatabaseConfiguration.Node
    let reactor: Reactor
    let journal: Journal
    let decisions = Decisions()
    private(set) var member: DatabaseMember
    private let recordFile: RecordFile
    private var timer: PreciseTimer?
    let keeper: KeeperLink
    let postgres: Postgres
    let jobs: JobRunner
    let chores: Chores
    private(set) var control: ControlLink?
    private var console: ConsoleServer?
    private var health: HealthServer?
    /// What other nodes told of themselves, by number.
    private(set) var statuses: [(status: NodeStatus, at: Duration)?]
    private var waiting: [DatabaseMember.Event] = []
    private var isFeeding = false
    /// The core's kill that is not answered yet.
    private var killing: UInt64?
    private var isLimited = false
    private var isHolding = false
    private var isStopping = false
    /// The core hears nothing, and PostgreSQL does not run.
    private(set) var isHeld = false
    private(set) var archive: Archive?
    private(set) var restore: Restore?
    private var isReplacing = false
    private var lastView: PostgresView?
    /// Room for PostgreSQL's files.
    private(set) var freeKiB: Int64 = 0
    private(set) var isSpaceShort = false
    /// With less, people are warned: 20 segments of log.
    static let leastFreeKiB: Int64 = 320 << 10
    /// With less, another node is primary, if it has twice that.
    static let leastPrimaryKiB: Int64 = 48 << 10

    init(
        _ configuration: DatabaseConfiguration, own: DatabaseConfiguration.Node, record: MemberRecord,
        account: (user: UInt32, group: UInt32)?, password: String, journal: Journal
    ) throws(SystemError) {
        self.configuration = configuration
        self.own = own
        self.journal = journal
        reactor = try Reactor()
        recordFile = RecordFile(path: Self.recordPath(configuration))
        let settings = MemberSettings(
            id: own.id, members: configuration.members, durability: configuration.durability)
        let legacy = getenv(KeeperLegacy.agentVariable).flatMap { AgentLegacy(String(cString: $0)) }
        cl_set_environment(KeeperLegacy.agentVariable, nil)
        if let legacy {
            member = DatabaseMember(settings, record: record, legacy: legacy.member, at: Reactor.clock())
        } else {
            member = DatabaseMember(settings, record: record, at: Reactor.clock())
        }
        statuses = Array(repeating: nil, count: 65)
        let box = AgentBox()
        keeper = try KeeperLink(
            on: reactor, first: legacy?.lastProgram ?? 0,
            // Without a keeper nobody holds PostgreSQL: systemd kills the rest and begins anew.
            gone: { exit(1) }, { message in box.agent?.handle(message) })
        let files = ServerFiles(configuration: configuration, owner: account)
        postgres = Postgres(on: reactor, keeper: keeper, files: files)
        jobs = JobRunner(on: reactor, keeper: keeper, postgres: postgres, configuration: configuration)
        chores = Chores(configuration, postgres: postgres, password: password)
        jobs.password = password
        box.agent = self
        try start(legacy)
    }

    /// So that closures may be made before the agent is whole.
    private final class AgentBox {
        unowned(unsafe) var agent: Agent?
    }

    static func recordPath(_ configuration: DatabaseConfiguration) -> String {
        configuration.folder + "/record"
    }

    /// Until the keeper says otherwise. Before all that computes: a busy node must not lose its lease.
    func run() {
        _ = cl_realtime(Self.realtimePriority)
        reactor.run()
    }

    private func start(_ legacy: AgentLegacy?) throws(SystemError) {
        timer = try PreciseTimer(on: reactor) { [unowned(unsafe) self] in feed(.time) }
        jobs.finished = { [unowned(unsafe) self] id, result in
            if case .promoted = result { chores.run() }
            feed(.finished(job: id, result))
        }
        archive = Archive(configuration, on: reactor, keeper: keeper, files: postgres.files)
        archive?.note = { [unowned(unsafe) self] text in note(text) }
        if let legacy { archive?.goOn(receiver: legacy.receiver, backup: legacy.backup) }
        restore = Restore(configuration, archive, keeper: keeper, files: postgres.files)
        restore?.note = { [unowned(unsafe) self] text in note(text) }
        restore?.replaced = { [unowned(unsafe) self] in restored() }
        archive?.isKept = { [unowned(unsafe) self] in isRestoring || restore?.isReady == true }
        archive?.log.history = { [unowned(unsafe) self] in history }
        isHeld = wasHeld
        jobs.sourceSizeKiB = { [unowned(unsafe) self] member in
            statuses[Int(member.number)]?.status.sizeKiB ?? 0
        }
        chores.note = { [unowned(unsafe) self] text in journal.log(.warning, text) }
        postgres.changed = { [unowned(unsafe) self] in look() }
        if let legacy {
            if let primary = legacy.member.primary {
                jobs.state = ServerFiles.State(following: nil, rule: primary.rule)
                isLimited = true
            } else {
                jobs.state = ServerFiles.State(following: legacy.member.following, rule: nil)
            }
            if legacy.program != 0 {
                postgres.adopt(legacy.program)
                jobs.refresh { [unowned(unsafe) self] in if isPrimary { chores.run() } }
            }
            note("goes on after an upgrade")
        }
        control = ControlLink(on: reactor, path: configuration.controlSocket) {
            [unowned(unsafe) self] event in
            switch event {
            case .answer(let request, let answer): feed(.control(request: request, answer))
            case .seen(let view): feed(.seen(view))
            case .told(let message, let sender): hear(message, from: sender)
            }
        }
        console = try ConsoleServer(on: reactor, path: "\(RuntimeFolder.path)/database.sock") {
            [unowned(unsafe) self] command in
            DatabaseConsole(agent: self).answer(command)
        }
        if configuration.healthPort != 0 {
            health = try HealthServer(
                on: reactor, addresses: ["127.0.0.1", own.address], port: UInt16(configuration.healthPort)
            ) { [unowned(unsafe) self] path in HealthPaths(agent: self).answer(path) }
        }
        tellStatus()
        lookAfter()
        // The keeper stays the service's main process: systemd sends SIGHUP and SIGTERM to it.
        Supervisor.ready()
        look()
    }

    // MARK: the core

    /// Hands an event to the core and does what it says; events that this brings forth come after it.
    func feed(_ event: DatabaseMember.Event) {
        waiting.append(event)
        guard !isFeeding else { return }
        isFeeding = true
        while !waiting.isEmpty {
            let next = waiting.removeFirst()
            // A service that stops has said all that it had to say.
            guard !isFinished, !isHeld else { continue }
            for action in member.handle(next, at: Reactor.clock()) { perform(action) }
            settle()
        }
        isFeeding = false
        if isReplacing { handOver() }
        if !isFinished, !isHeld { timer?.arm(at: member.deadline) }
    }

    private func perform(_ action: DatabaseMember.Action) {
        switch action {
        case .save(let record):
            if let why = recordFile.write(record) {
                journal.log(.error, "\(why). Without it nothing can be promised: PostgreSQL is stopped")
                exit(1)
            }
        case .ask(let id, let request): control?.ask(id, request)
        case .send(let message, let receiver): control?.tell(.core(message), to: receiver)
        case .run(let id, let job): if !isHolding { jobs.run(id, job) }
        case .kill(let id):
            jobs.drop()
            chores.drop()
            killing = id
            keeper.tell(.kill(id))
        case .mayServe(let until):
            isLimited = true
            keeper.tell(.until(until.wholeNanoseconds))
        case .note(let text): note(text)
        }
    }

    /// Only a member that may be primary is killed when its time is over.
    private func settle() {
        guard isLimited else { return }
        switch member.role {
        case .promoting, .primary, .leaving: break
        case .standby, .acquiring, .founding, .candidate, .sealing:
            guard killing == nil else { return }
            isLimited = false
            keeper.tell(.until(0))
        }
    }

    func note(_ text: String) {
        decisions.add(text, at: Reactor.clock())
        journal.log(.notice, text)
    }

    // MARK: PostgreSQL

    private func look() {
        // The core first: what it does after a job's end depends on what PostgreSQL is by then.
        let view = postgres.view
        // Always when it runs: a confirmation is news as well.
        if view != lastView || view.process == .primary || view.process == .standby {
            lastView = view
            feed(.postgres(view))
        }
        jobs.look()
        if isStopping { finishStop() }
        finishHold()
    }

    private func handle(_ message: KeeperMessage) {
        switch message {
        case .ended(let program, let code):
            if jobs.ended(program, code: code) || archive?.ended(program, code: code) == true { return }
            if restore?.ended(program, code: code) == true { return }
            guard postgres.ended(program) else { return }
            chores.drop()
            note("PostgreSQL ended with \(code)")
            // What is left of it writes nothing any more, but sessions may still answer.
            if killing == nil { keeper.tell(.kill(Self.ownKill)) }
            look()
        case .killed(Self.ownKill):
            archive?.wereKilled()
            guard killing == nil else { return }
            postgres.isGone()
        case .killed(let number):
            guard number == killing else { return }
            killing = nil
            archive?.wereKilled()
            feed(.killed(number))
            postgres.isGone()
        case .replace: replace()
        case .stop: stop()
        case .start, .signal, .kill, .until, .alive, .handOver: break
        }
    }

    // MARK: other members

    private func hear(_ message: AgentMessage, from sender: MemberID) {
        guard configuration.members.contains(sender) else { return }
        switch message {
        case .core(let message): feed(.peer(sender, message))
        case .status(let status): statuses[Int(sender.number)] = (status, Reactor.clock())
        case .leave(let next):
            note("\(configuration.name(sender)) passes on that another should be primary")
            leave(to: next)
        }
    }

    /// A primary whose PostgreSQL answers nothing for so long is one in name only. Longer than any query of ours takes on a
    /// node that is merely busy.
    static let hangPatience: Duration = .seconds(15)

    private func watchHang() {
        guard case .primary = member.role, let program = postgres.program,
            reactor.now - postgres.answeredAt > Self.hangPatience
        else { return }
        note(
            "PostgreSQL has not answered for \(Self.hangPatience.components.seconds) s: it is killed, and another takes over"
        )
        keeper.tell(.signal(id: program, SIGKILL))
    }

    private func tellStatus() {
        watchHang()
        let status = self.status
        for other in configuration.members.without(own.id) { control?.tell(.status(status), to: other) }
        _ = reactor.schedule(after: Self.statusInterval) { [unowned(unsafe) self] in tellStatus() }
    }

    /// What is not urgent.
    private func lookAfter() {
        chores.look()
        if isHeld || isHolding { archive?.log.letGo() } else { archive?.log.follow(leader) }
        archive?.look()
        let free = cl_free_kib(configuration.data)
        freeKiB = free < 0 ? 0 : free
        watchSpace()
        _ = reactor.schedule(after: Chores.lookInterval) { [unowned(unsafe) self] in lookAfter() }
    }

    /// PostgreSQL ends when it cannot write its log: that is said before.
    private func watchSpace() {
        let isShort = freeKiB < Self.leastFreeKiB
        if isShort, !isSpaceShort {
            note(
                "only \(freeKiB >> 10) MB are free below \(configuration.data): PostgreSQL ends when it is full. Make room"
            )
        }
        isSpaceShort = isShort
        leaveFullDisk()
    }

    /// While others have room, the one that has none is not primary.
    private func leaveFullDisk() {
        guard isPrimary, freeKiB < Self.leastPrimaryKiB else { return }
        let roomy = member.successors.filter { id in
            statuses[Int(id.number)].map { Int64($0.status.freeKiB) > 2 * Self.leastPrimaryKiB } ?? false
        }
        guard let next = roomy.first else { return }
        note("the disk is full, \(configuration.name(next)) has room: it takes over")
        // Without a checkpoint, for which there may be no room.
        feed(.switchover(to: next))
    }

    /// This node, as others are told.
    var status: NodeStatus {
        let view = postgres.view
        let state: NodeStatus.State =
            switch (jobs.current?.job, view.process) {
            case (.copy, _): .copying
            case (.rewind, _): .rewinding
            case (_, .stopped): .stopped
            case (_, .changing): .starting
            case (_, .standby): view.isReceiving ? .streaming : .running
            case (_, .primary): .running
            }
        return NodeStatus(
            state: state, isPrimary: isPrimary, position: view.position,
            replayAge: UInt32(clamping: postgres.details?.replayAge ?? 0),
            isRestartPending: chores.isRestartPending,
            progress: state == .copying || state == .rewinding ? jobs.progress : 0,
            sizeKiB: chores.sizeKiB, freeKiB: UInt32(clamping: freeKiB))
    }

    /// Whether PostgreSQL takes writes here, by right.
    var isPrimary: Bool {
        if case .primary = member.role { return postgres.view.process == .primary }
        return false
    }

    // MARK: on hold

    /// PostgreSQL stops in order; the core hears of it, gives the lease back, and then nothing more.
    func beginHold() {
        isHolding = true
        jobs.drop()
        chores.drop()
        if postgres.program != nil { postgres.stop() } else { finishHold() }
    }

    private var isHoldDue: Bool { isHolding && postgres.program == nil && !postgres.isEnding }

    private func finishHold() {
        guard isHoldDue, !isFeeding else { return }
        isHolding = false
        isHeld = true
        jobs.drop()
        keeper.tell(.until(0))
    }

    /// Another agent begins, with what is on the disk: that of before may have been replaced.
    func endHold() {
        _ = reactor.schedule(after: .milliseconds(100)) { [unowned(unsafe) self] in
            console?.close()
            exit(0)
        }
    }

    var isRestoring: Bool { restore?.step != nil }

    private func restored() {
        var record = member.record
        record.folder = .clean
        record.mustRewind = false
        note(recordFile.write(record) ?? "the backup is in place: resume, then promote")
    }

    /// The way that the present primary's log went, if this node's PostgreSQL has it.
    private var history: TimelineHistory? {
        guard let details = postgres.details, let timeline = details.timeline,
            !details.isInRecovery || details.isReceiving
        else { return nil }
        return postgres.files.wal.history(of: timeline)
    }

    // MARK: the end

    private var isFinished: Bool { isStopping && !isLeaving }
    private var isLeaving = false

    private func stop() {
        guard !isStopping else { return }
        note("the service stops")
        isStopping = true
        if case .primary = member.role {
            isLeaving = true
            feed(.switchover(to: nil))
            if case .primary = member.role {
                // Nobody could take over.
                isLeaving = false
            } else {
                _ = reactor.schedule(after: Self.leavePatience) { [unowned(unsafe) self] in
                    isLeaving = false
                    finishStop()
                }
            }
        }
        finishStop()
    }

    private func finishStop() {
        if isLeaving {
            switch member.role {
            case .leaving, .primary: return
            case .standby, .acquiring, .founding, .candidate, .sealing, .promoting: isLeaving = false
            }
        }
        jobs.drop()
        chores.drop()
        guard postgres.program != nil || postgres.isEnding else {
            console?.close()
            exit(0)
        }
        postgres.stop()
    }

    private func replace() {
        isReplacing = true
        handOver()
    }

    private func handOver() {
        guard isReplacing, let legacy = member.legacy, jobs.current == nil, killing == nil,
            !postgres.isEnding, !isRestoring
        else {
            return
        }
        let left = AgentLegacy(
            member: legacy, program: postgres.program ?? 0, lastProgram: keeper.last,
            receiver: archive?.log.program ?? 0, backup: archive?.running ?? 0)
        keeper.tell(.handOver(left.text))
        console?.close()
        exit(0)
    }
}
