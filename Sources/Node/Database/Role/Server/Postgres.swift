import CLinux
import Database
import Reactor

/// This node's PostgreSQL: its process, which the keeper holds, a session with it, and what it says of itself.
final class Postgres {
    /// How often it is asked what it is when nothing happens.
    static let pollInterval: Duration = .milliseconds(250)
    /// The same while something is expected.
    static let busyInterval: Duration = .milliseconds(20)
    /// How often a session is tried for.
    static let connectInterval: Duration = .milliseconds(20)

    private let reactor: Reactor
    private let keeper: KeeperLink
    let files: ServerFiles
    /// Called when what is known has changed or was confirmed.
    var changed: (() -> Void)?

    /// The keeper's number of the postmaster; nil: it does not run.
    private(set) var program: UInt32?
    /// The postmaster has ended, and what is left of it is being killed.
    private(set) var isEnding = false
    private(set) var session: ServerSession?
    /// The latest; nil: it does not answer.
    private(set) var details: ServerDetails?
    /// Counts answers, so that one which came after something can be told.
    private(set) var polls: UInt64 = 0
    /// When it last answered, or was started.
    private(set) var answeredAt: Duration
    /// Something is expected: it is asked often.
    var isBusy = false { didSet { if isBusy, !oldValue { armPoll(Self.busyInterval) } } }
    private var poll: Deadline?
    private var isPolling = false
    private var segmentSize: UInt64 = 16 << 20
    /// So that files are looked at only when something has changed.
    private var located: WALPosition?

    init(on reactor: Reactor, keeper: KeeperLink, files: ServerFiles) {
        self.reactor = reactor
        answeredAt = reactor.now
        self.keeper = keeper
        self.files = files
    }

    /// What the core wants to know.
    var view: PostgresView {
        guard program != nil || isEnding else {
            return PostgresView(process: .stopped, position: located ?? WALPosition(timeline: 0, offset: 0))
        }
        guard !isEnding, let details else {
            return PostgresView(process: .changing, position: located ?? WALPosition(timeline: 0, offset: 0))
        }
        return PostgresView(
            process: details.isInRecovery ? .standby : .primary, position: position(details),
            isReceiving: details.isReceiving,
            followers: details.followers.map {
                PostgresView.Follower(
                    member: $0.member, flushed: $0.flushed, isStreaming: $0.state == "streaming")
            })
    }

    private func position(_ details: ServerDetails) -> WALPosition {
        if details.isReceiving || !details.isInRecovery, let timeline = details.timeline {
            let offset = details.isInRecovery ? Swift.max(details.received, details.offset) : details.offset
            located = WALPosition(timeline: timeline, offset: offset)
            return WALPosition(timeline: timeline, offset: offset)
        }
        return locate(details.offset)
    }

    /// Where a log that ends at this place of the present folder ends.
    func locate(_ offset: UInt64) -> WALPosition {
        if let located, located.offset == offset { return located }
        let position = files.wal.position(of: offset, segmentSize: segmentSize)
        located = position
        return position
    }

    // MARK: the process

    /// Starts the postmaster; the files are ready.
    func start() {
        located = nil
        answeredAt = reactor.now
        prepareLog()
        program = keeper.start(
            [files.configuration.programs + "/postgres", "-D", files.data],
            // Its children are as dear to the kernel as any program, the postmaster and this role are not given up (18.4.4).
            environment: [
                "PG_OOM_ADJUST_FILE=/proc/self/oom_score_adj", "PG_OOM_ADJUST_VALUE=0", "LC_ALL=C.UTF-8",
                files.home,
            ],
            output: files.configuration.log)
        isEnding = false
        connect()
        changed?()
    }

    /// As Debian has it: its account's, and readable for those who look after logs.
    private func prepareLog() {
        let descriptor = cl_open(files.configuration.log, O_WRONLY | O_APPEND | O_CREAT, 0o640)
        guard descriptor >= 0 else { return }
        if let owner = files.owner { fchown(descriptor, owner.user, owner.group) }
        fchmod(descriptor, 0o640)
        close(descriptor)
    }

    /// A postmaster that an earlier agent started.
    func adopt(_ program: UInt32) {
        self.program = program
        connect()
    }

    /// Asks the postmaster to end, and sessions with it (SIGINT: fast shutdown).
    func stop() { if let program { keeper.tell(.signal(id: program, SIGINT)) } }

    /// Asks it to read its files again.
    func reload() { if let program { keeper.tell(.signal(id: program, SIGHUP)) } }

    /// The postmaster has ended; true if it was the one. What is left of it must be killed then.
    func ended(_ program: UInt32) -> Bool {
        guard program == self.program else { return false }
        self.program = nil
        isEnding = true
        disconnect()
        return true
    }

    /// Nothing is left of it.
    func isGone() {
        program = nil
        isEnding = false
        disconnect()
        changed?()
    }

    private func disconnect() {
        poll?.cancel()
        isPolling = false
        details = nil
        let former = session
        session = nil
        former?.close()
    }

    // MARK: the session

    private var socket: String {
        "\(files.configuration.socketFolder)/.s.PGSQL.\(files.configuration.port)"
    }

    /// A session of its own for something that takes long.
    func open(
        name: String, database: String = "postgres", _ started: @escaping (String?) -> Void
    ) -> ServerSession? {
        do throws(SystemError) {
            return try ServerSession(
                on: reactor, socket: socket, database: database, name: name, started: started)
        } catch {
            return nil
        }
    }

    private func connect() {
        guard program != nil, session == nil else { return }
        do throws(SystemError) {
            session = try ServerSession(
                on: reactor, socket: socket, name: "pinode",
                started: { [unowned(unsafe) self] failure in
                    if failure == nil { return begin() }
                    session = nil
                    connectLater()
                },
                ended: { [unowned(unsafe) self] in
                    session = nil
                    details = nil
                    changed?()
                    connectLater()
                })
        } catch {
            connectLater()
        }
    }

    private func connectLater() {
        _ = reactor.schedule(after: Self.connectInterval) { [unowned(unsafe) self] in connect() }
    }

    private func begin() {
        session?.ask("SHOW wal_segment_size") { [unowned(unsafe) self] answer in
            guard case .rows(let rows) = answer, let text = rows.first?.first ?? nil else { return }
            segmentSize = Self.bytes(text) ?? segmentSize
        }
        ask()
    }

    static func bytes(_ text: String) -> UInt64? {
        let digits = text.utf8.prefix { $0 >= 0x30 && $0 <= 0x39 }
        guard let number = UInt64(String(decoding: digits, as: UTF8.self)) else { return nil }
        switch String(decoding: text.utf8.dropFirst(digits.count), as: UTF8.self) {
        case "kB": return number << 10
        case "MB": return number << 20
        case "GB": return number << 30
        default: return number
        }
    }

    private func armPoll(_ delay: Duration) {
        poll?.cancel()
        guard session != nil, !isPolling else { return }
        poll = reactor.schedule(after: delay) { [unowned(unsafe) self] in ask() }
    }

    /// Asks it what it is now, not later.
    func ask() {
        poll?.cancel()
        guard let session, session.isReady, !isPolling else { return }
        isPolling = true
        session.ask(ServerDetails.query) { [unowned(unsafe) self] answer in
            isPolling = false
            if case .rows(let rows) = answer {
                details = ServerDetails(rows)
                polls += 1
                answeredAt = reactor.now
                changed?()
            }
            armPoll(isBusy ? Self.busyInterval : Self.pollInterval)
        }
    }
}
