/// One node's part in keeping PostgreSQL available: when it runs, as what, whom it follows, who confirms its commits.
///
/// No process, no socket, no clock: the driver hands in what happened and the time since boot, and does what comes back, in
/// its order. A `save` that fails ends the list: what follows rests on it.
///
/// What it stands on. An acknowledged write is on the leader and on k voters (`Electorate`). A candidate has the lease, lets
/// |voters| − k voters, itself among them, take no more log from earlier primaries, and only then compares: the furthest is
/// elected, so it has every acknowledged write, and nobody else can gain an acknowledgement any more. Clocks are only needed
/// so that two primaries never answer reads side by side.
public struct DatabaseMember: Sendable {
    /// What happens to it.
    public enum Event: Sendable, Equatable {
        /// PostgreSQL is this now.
        case postgres(PostgresView)
        /// A request was answered.
        case control(request: UInt64, ControlAnswer)
        /// Control was seen to be this.
        case seen(ControlView)
        /// Another member said something.
        case peer(MemberID, PeerMessage)
        /// Nothing is left of the PostgreSQL that was to be killed.
        case killed(UInt64)
        /// A job ended.
        case finished(job: UInt64, JobResult)
        /// An operator wants another primary; nil: whichever is best.
        case switchover(to: MemberID?)
        /// An operator gives up what other voters may have, and wants this one to be primary.
        case promoteAnyway
        /// An operator wants the data folder of a standby made anew.
        case reinitialize
        /// The deadline is reached.
        case time
    }

    /// What the driver must do.
    public enum Action: Sendable, Equatable {
        /// Write it, and wait until it is on the disk.
        case save(MemberRecord)
        /// Ask control.
        case ask(UInt64, ControlRequest)
        /// Tell another member.
        case send(PeerMessage, to: MemberID)
        /// Do it when the jobs before it are done; a checkpoint beside them.
        case run(UInt64, Job)
        /// End PostgreSQL and all jobs at once, without asking it; answer with `killed` when nothing of it is left, also when
        /// there was nothing. Jobs that this ends are not answered.
        case kill(UInt64)
        /// The supervisor, which lives when this process hangs, kills PostgreSQL then. Comes with each renewal.
        case mayServe(until: Duration)
        /// Why a decision was taken, for people.
        case note(String)
    }

    /// What it is.
    public enum Role: Sendable, Equatable {
        /// It follows a primary, or waits for one.
        case standby
        /// It asks for the lease.
        case acquiring
        /// It makes the first cluster.
        case founding
        /// It has the lease and collects voters.
        case candidate
        /// It has enough, is the furthest, and writes itself into the agreement.
        case sealing
        /// PostgreSQL is being promoted.
        case promoting
        /// PostgreSQL takes writes.
        case primary
        /// PostgreSQL stops, so that another may be primary.
        case leaving(to: MemberID?)
    }

    struct Lease: Sendable {
        var epoch: UInt64
        /// By this node's clock, with a margin for its drift.
        var until: Duration
        var askedAt: Duration
    }

    struct Request: Sendable {
        var id: UInt64
        var request: ControlRequest
        var sentAt: Duration
    }

    struct RunningJob: Sendable {
        var id: UInt64
        var job: Job
        var until: Duration
    }

    struct Heard: Sendable {
        var report: PeerMessage.Report
        var at: Duration
    }

    /// What the configuration says.
    public let settings: MemberSettings
    /// What it is.
    public internal(set) var role: Role = .standby
    /// What is on its disk.
    public internal(set) var record: MemberRecord
    /// PostgreSQL, as far as is known.
    public internal(set) var view = PostgresView(
        process: .changing, position: WALPosition(timeline: 0, offset: 0))
    /// Control, as far as is known.
    public internal(set) var control: ControlView?
    /// A primary's reign.
    public internal(set) var reign: Reign?

    let bornAt: Duration
    var now: Duration
    var actions: [Action] = []
    var lease: Lease?
    var requests: [Request] = []
    var job: RunningJob?
    /// The kill that is not answered yet.
    var killing: UInt64?
    /// Where the log stands still, while no receiver is connected.
    var resting: WALPosition?
    /// Whom PostgreSQL follows, in which epoch, and since when it does not stream.
    var following: (member: MemberID, epoch: UInt64)?
    var silentSince: Duration
    /// By number.
    var heard: [Heard?]
    /// A candidate's voters, by number.
    var fenced: [WALPosition?]
    /// Whom an answer to `fence` is owed.
    var owed: (member: MemberID, epoch: UInt64)?
    /// By number: until when a member that the lease was left to may be left out.
    var passedOver: [Duration]
    /// Since when the lease is free, as far as is known.
    var freeSince: Duration?
    /// Since when the lease has its present epoch, as far as is known.
    var ownerSince: Duration
    /// The last epoch that control itself was seen to call free.
    var freeEpoch: UInt64 = 0
    /// Control said that the lease of this epoch is not free, and will not be before.
    var refused: (epoch: UInt64, until: Duration)?
    /// Who was named to be next, and until when that counts.
    var successor: (member: MemberID, until: Duration)?
    var holdUntil: Duration
    var retryAt: Duration
    var roleSince: Duration
    var fenceAt: Duration
    var reportAt: Duration
    var failures = 0
    /// The last epoch of ours that was given back though we did not hold it.
    var releasedEpoch: UInt64 = 0
    /// Until when an operator's wish counts that it be elected whoever is missing.
    var anywayUntil: Duration?
    /// How often an incomplete folder did not become whole.
    var catchUpFailures = 0
    private var counter: UInt64 = 0

    /// How often it looks at what has no deadline of its own.
    static let tick: Duration = .milliseconds(250)
    /// As long as an election is under way.
    static let electionTick: Duration = .milliseconds(50)
    /// A request that control does not answer is asked anew.
    static let requestTimeout: Duration = .seconds(1)
    /// So many requests may wait for an answer.
    static let requestLimit = 16

    /// A member that has just booted. PostgreSQL does not run: the driver has made sure of it.
    public init(_ settings: MemberSettings, record: MemberRecord, at now: Duration) {
        self.settings = settings
        self.record = record
        self.now = now
        bornAt = now
        heard = [Heard?](repeating: nil, count: 65)
        fenced = [WALPosition?](repeating: nil, count: 65)
        passedOver = [Duration](repeating: .zero, count: 65)
        silentSince = now
        ownerSince = now
        holdUntil = now
        retryAt = now
        roleSince = now
        fenceAt = now
        reportAt = now
    }

    /// What the driver must do now, in this order. `now` never goes back.
    public mutating func handle(_ event: Event, at now: Duration) -> [Action] {
        self.now = now
        // Before anything else, whatever woke us: a process that slept may have lost the lease.
        guardLease()
        switch event {
        case .postgres(let view): receive(view)
        case .control(let id, let answer): receive(answer, to: id)
        case .seen(let view): receive(view)
        case .peer(let member, let message): receive(message, from: member)
        case .killed(let id):
            if killing == id {
                killing = nil
                ended()
            }
        case .finished(let id, let result): finish(id, result)
        case .switchover(let member): leave(to: member)
        case .promoteAnyway: promoteAnyway()
        case .reinitialize: reinitialize()
        case .time: break
        }
        pursue()
        defer { actions = [] }
        return actions
    }

    /// When the driver must call again with `.time`.
    public var deadline: Duration {
        var deadline = now + (role == .standby || role == .primary ? Self.tick : Self.electionTick)
        deadline = Swift.min(deadline, reportAt)
        if let lease {
            deadline = Swift.min(deadline, lease.askedAt + settings.renewInterval)
            deadline = Swift.min(deadline, lease.until - settings.killMargin)
        }
        if let at = electionAt { deadline = Swift.min(deadline, Swift.max(at, now + .milliseconds(1))) }
        return deadline
    }

    // MARK: what others need

    var id: MemberID { settings.id }
    var isKilling: Bool { killing != nil }
    var others: MemberSet { settings.members.without(settings.id) }
    /// So many standbys confirm at least.
    var least: Int { settings.durability == .strict ? 1 : 0 }

    mutating func note(_ text: String) { actions.append(.note(text)) }

    mutating func save() { actions.append(.save(record)) }

    mutating func run(_ work: Job, within timeout: Duration) {
        counter += 1
        job = RunningJob(id: counter, job: work, until: now + timeout)
        actions.append(.run(counter, work))
    }

    /// Without a bound, and beside the others.
    mutating func runBeside(_ work: Job) -> UInt64 {
        counter += 1
        actions.append(.run(counter, work))
        return counter
    }

    mutating func run(_ work: Job) { run(work, within: settings.jobTimeout) }

    mutating func ask(_ request: ControlRequest) {
        counter += 1
        requests.append(Request(id: counter, request: request, sentAt: now))
        if requests.count > Self.requestLimit { requests.removeFirst() }
        actions.append(.ask(counter, request))
    }

    mutating func become(_ role: Role) {
        self.role = role
        roleSince = now
        reportAt = now
    }

    /// PostgreSQL ends now, whatever it does.
    mutating func kill() {
        counter += 1
        killing = counter
        actions.append(.kill(counter))
        job = nil
        resting = nil
        following = nil
        view.process = .changing
    }

    private mutating func pursue() {
        if let running = job, now >= running.until {
            note("PostgreSQL did not finish in time: it is killed")
            retryAt = now + settings.retryDelay
            if case .catchUp = running.job { catchUpFailed() }
            if mayBeWritable { resign("a job did not end") } else { kill() }
        }
        watchCatchUp()
        renewIfDue()
        if !isKilling {
            switch role {
            case .standby:
                releaseFormerLease()
                pursueStandby()
                pursueElection()
            case .acquiring:
                if now >= roleSince + Self.requestTimeout { giveUp("control does not answer") }
            case .founding: pursueFounding()
            case .candidate, .sealing: pursueCandidacy()
            case .promoting: break
            case .primary: pursueReign()
            case .leaving: pursueLeaving()
            }
        }
        reportIfDue()
    }

    private mutating func reportIfDue() {
        guard now >= reportAt else { return }
        reportAt = now + settings.reportInterval
        var primary: PeerMessage.Primary?
        if role == .primary, let reign, let lease {
            primary = PeerMessage.Primary(
                epoch: lease.epoch, history: reign.history, isCheckpointed: reign.isCheckpointed)
        }
        let report = PeerMessage.Report(
            position: resting ?? view.position,
            isReady: view.process == .standby && record.folder == .clean, primary: primary)
        for member in others { actions.append(.send(.report(report), to: member)) }
    }
}
