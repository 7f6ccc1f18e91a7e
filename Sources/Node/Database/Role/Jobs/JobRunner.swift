import CLinux
import Database
import Reactor
import Service

/// Does the core's jobs on PostgreSQL, one after the other; a checkpoint goes beside them.
///
/// Each job is a chain of steps that begin when the one before is seen to be done. A step that comes after its job was dropped
/// finds that by its number and does nothing.
final class JobRunner {
    /// How often a new session is opened to see whether a setting is in effect.
    static let confirmInterval: Duration = .milliseconds(10)
    /// How long that may take.
    static let confirmTimeout: Duration = .seconds(20)

    let reactor: Reactor
    let keeper: KeeperLink
    let postgres: Postgres
    let configuration: DatabaseConfiguration
    /// Called with each job's end.
    var finished: ((UInt64, JobResult) -> Void)?
    /// What is in PostgreSQL's files now.
    var state = ServerFiles.State()
    /// What a member's databases take, as it told.
    var sourceSizeKiB: (MemberID) -> UInt32 = { _ in 0 }
    /// The members' password.
    var password = ""

    private(set) var current: (id: UInt64, job: Job)?
    private var queue: [(id: UInt64, job: Job)] = []
    private var programs: [UInt32: (Int32) -> Void] = [:]
    private var conditions: [(id: UInt64, check: () -> Bool)] = []
    private var sessions: [ServerSession] = []

    var files: ServerFiles { postgres.files }
    /// What programs say, for progress and for errors.
    var output: String { configuration.data + ".job.log" }

    init(
        on reactor: Reactor, keeper: KeeperLink, postgres: Postgres, configuration: DatabaseConfiguration
    ) {
        self.reactor = reactor
        self.keeper = keeper
        self.postgres = postgres
        self.configuration = configuration
    }

    // MARK: from the agent

    func run(_ id: UInt64, _ job: Job) {
        if case .checkpoint = job { return checkpoint(id) }
        queue.append((id, job))
        next()
    }

    /// Forgets all jobs: PostgreSQL and all programs are being killed.
    func drop() {
        current = nil
        queue = []
        conditions = []
        programs = [:]
        let open = sessions
        sessions = []
        for session in open { session.close() }
        postgres.isBusy = false
    }

    /// A program of the keeper's has ended; true if it was a job's.
    func ended(_ program: UInt32, code: Int32) -> Bool {
        guard let completion = programs.removeValue(forKey: program) else { return false }
        completion(code)
        return true
    }

    /// Something new is known of PostgreSQL.
    func look() {
        guard let current else { return }
        if needsServer(current.job), postgres.program == nil, !conditions.isEmpty {
            return fail("PostgreSQL has ended: \(lastLogLine) (\(configuration.log))")
        }
        // A condition that is met may add another.
        let waiting = conditions
        conditions = []
        for condition in waiting where condition.id == current.id && !condition.check() {
            conditions.append(condition)
        }
    }

    private func needsServer(_ job: Job) -> Bool {
        switch job {
        case .start, .catchUp, .fence, .follow, .promote, .apply: true
        case .create, .copy, .rewind, .checkpoint, .stop: false
        }
    }

    // MARK: steps

    private func next() {
        guard current == nil, !queue.isEmpty else { return }
        let job = queue.removeFirst()
        current = job
        postgres.isBusy = true
        switch job.job {
        case .create: create()
        case .copy(let member): copy(member)
        case .rewind(let member): rewind(member)
        case .start: start()
        case .catchUp(let member): catchUp(member)
        case .fence: fence()
        case .follow(let member): follow(member)
        case .promote(let timeline, let rule): promote(timeline, rule)
        case .apply(let rule): apply(rule)
        case .stop: stop()
        case .checkpoint: break
        }
    }

    func finish(_ result: JobResult) {
        guard let job = current else { return }
        current = nil
        conditions = []
        postgres.isBusy = false
        finished?(job.id, result)
        next()
    }

    func fail(_ why: String, isFolderTouched: Bool = false) {
        finish(.failed(why, isFolderTouched: isFolderTouched))
    }

    /// Goes on when the check is true; it is made each time that something new is known.
    func when(_ check: @escaping () -> Bool, _ step: @escaping () -> Void) {
        guard let id = current?.id else { return }
        conditions.append(
            (
                id,
                {
                    guard check() else { return false }
                    step()
                    return true
                }
            ))
    }

    /// A step of the present job, later.
    func after(_ delay: Duration, _ step: @escaping () -> Void) {
        guard let id = current?.id else { return }
        _ = reactor.schedule(after: delay) { [unowned(unsafe) self] in
            if current?.id == id { step() }
        }
    }

    /// Runs a program as PostgreSQL's account, with its words in `output`.
    func program(
        _ arguments: [String], environment: [String] = [], _ step: @escaping (Int32) -> Void
    ) {
        guard let id = current?.id else { return }
        unlink(output)
        if let why = SmallWriter.write(output, [], owner: files.owner) { return fail(why) }
        let number = keeper.start(
            arguments,
            environment: ["LC_ALL=C", "PGPASSFILE=\(files.passwordFile)", files.home] + environment,
            output: output)
        programs[number] = { [unowned(unsafe) self] code in if current?.id == id { step(code) } }
    }

    /// Writes the files anew while PostgreSQL runs, and lets it read them. What needs a restart waits for it.
    func refresh(_ step: @escaping () -> Void) {
        let output = configuration.data + ".refresh.log"
        unlink(output)
        let number = keeper.start(
            [configuration.programs + "/pg_controldata", "-D", configuration.data],
            environment: ["LC_ALL=C"], output: output)
        programs[number] = { [unowned(unsafe) self] code in
            guard code == 0 else { return }
            _ = files.write(password: password, least: ControlData.leastSettings(output))
            postgres.reload()
            step()
        }
    }

    /// The last line that a program said, an error before others.
    var lastWords: String {
        let text = SmallFile.read(output, limit: 1 << 20) ?? []
        // Progress overwrites its line with carriage returns.
        let lines = text.split(whereSeparator: { $0 == 10 || $0 == 13 }).map {
            String(decoding: $0, as: UTF8.self)
        }
        return lines.last { Text.contains($0, "error:") } ?? lines.last ?? "it said nothing"
    }

    /// What PostgreSQL said last of its end.
    private var lastLogLine: String {
        let lines = FileTail.read(configuration.log, bytes: 4096).split(separator: 10)
            .map { String(decoding: $0, as: UTF8.self) }
        return lines.last { Text.contains($0, "FATAL:") || Text.contains($0, "PANIC:") } ?? lines.last ?? ""
    }

    func query(_ text: String, _ step: @escaping ([[String?]]) -> Void) {
        guard let id = current?.id else { return }
        guard let session = postgres.session else { return fail("there is no session with PostgreSQL") }
        session.ask(text) { [unowned(unsafe) self] answer in
            guard current?.id == id else { return }
            switch answer {
            case .rows(let rows): step(rows)
            case .failed(let why, _): fail("\(text): \(why)")
            }
        }
    }

    /// Puts what changes into PostgreSQL's files, and goes on when new sessions have it: the postmaster has read it then, and
    /// has told all its processes.
    func putIntoEffect(_ state: ServerFiles.State, _ step: @escaping () -> Void) {
        self.state = state
        if let why = files.write(state) { return fail(why) }
        postgres.reload()
        confirm(state, until: Reactor.clock() + Self.confirmTimeout, step)
    }

    private func confirm(
        _ state: ServerFiles.State, until deadline: Duration, _ step: @escaping () -> Void
    ) {
        guard let id = current?.id else { return }
        guard Reactor.clock() < deadline else { return fail("PostgreSQL does not take the setting") }
        let again: () -> Void = { [unowned(unsafe) self] in
            after(Self.confirmInterval) { [unowned(unsafe) self] in confirm(state, until: deadline, step) }
        }
        let session = postgres.open(name: "pinode confirm") { [unowned(unsafe) self] failure in
            if failure != nil, current?.id == id { again() }
        }
        guard let session else { return again() }
        sessions.append(session)
        let query =
            "SELECT current_setting('primary_conninfo'), current_setting('synchronous_standby_names')"
        session.ask(query) { [unowned(unsafe) self] answer in
            sessions.removeAll { $0 === session }
            session.close()
            guard current?.id == id, case .rows(let rows) = answer else { return }
            let isThere =
                rows.first?.first == files.connection(to: state.following)
                && rows.first?.last == files.names(state.rule)
            if isThere { step() } else { again() }
        }
    }

    /// Opens a session that lives until it is closed or the jobs are dropped.
    func sideSession(
        _ name: String, database: String = "postgres", _ started: @escaping (String?) -> Void
    ) -> ServerSession? {
        let session = postgres.open(name: name, database: database, started)
        if let session { sessions.append(session) }
        return session
    }

    func end(_ session: ServerSession) {
        sessions.removeAll { $0 === session }
        session.close()
    }
}
