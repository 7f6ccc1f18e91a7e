import CLinux
import Database
import Reactor
import Service

/// The log as it is written, on the node that keeps backups: pg_receivewal, held by the keeper.
final class LogReceiver {
    /// One that ended is begun anew after this.
    static let pause: Duration = .seconds(5)
    /// The same while a restore waits for it: the primary may not have seen yet that the former one has ended.
    static let reachPause: Duration = .seconds(1)
    /// So often it is tried to get the log up to the present.
    static let reachTries = 5

    private let backup: DatabaseConfiguration.Backup
    private let programs: String
    private let keeper: KeeperLink
    private let reactor: Reactor
    private let files: ServerFiles
    /// Who takes writes.
    private(set) var source: MemberID?
    /// The keeper's number of it; nil: it does not run.
    private(set) var program: UInt32?
    private var isBounded = false
    /// How far the log must come, before `reached` is called.
    private var goal: UInt64?
    private var asking: UInt32?
    private var triesLeft = 0
    private var reached: ((String?) -> Void)?
    /// The way that the present primary's log went; nil: not known now.
    var history: () -> TimelineHistory? = { nil }

    init(
        _ configuration: DatabaseConfiguration, _ backup: DatabaseConfiguration.Backup, on reactor: Reactor,
        keeper: KeeperLink, files: ServerFiles
    ) {
        self.backup = backup
        programs = configuration.programs
        self.reactor = reactor
        self.keeper = keeper
        self.files = files
    }

    private var folder: WALFolder { WALFolder(path: backup.folder + "/wal") }
    private var output: String { backup.folder + "/receive.log" }
    private var answer: String { backup.folder + "/position.log" }
    private var environment: [String] {
        ["LC_ALL=C", "PGPASSFILE=\(files.passwordFile)", files.home]
    }

    /// What an earlier agent has started.
    func goOn(_ program: UInt32) { self.program = program == 0 ? nil : program }

    /// Takes the log from this member from now on; nil: from nobody.
    func follow(_ member: MemberID?) {
        guard member != source else { return }
        let isFirst = source == nil
        source = member
        if member == nil { giveUp("there is no primary any more") }
        // The one of an earlier agent may take it from the same.
        if isFirst, program != nil { return }
        if let program { keeper.tell(.signal(id: program, SIGINT)) } else { receive() }
    }

    /// Takes it from nobody once the primary has ended: a primary that stops in order waits until its receivers have everything.
    func letGo() {
        source = nil
        giveUp("the node is on hold")
    }

    private func receive() {
        guard let source, program == nil else { return }
        // It would ask for more of the timeline of its last file, and a primary that never went there refuses that.
        if let history = history() { folder.prune(history) }
        var arguments = [
            programs + "/pg_receivewal", "-D", folder.path, "-d",
            files.connection(to: source, as: "pidep-archive"), "-S", ClusterRole.archiveSlot, "--no-loop",
        ]
        isBounded = goal != nil
        if let goal { arguments.append("--endpos=\(LSN.text(goal))") }
        program = keeper.start(arguments, environment: environment, output: output)
    }

    private func receive(after pause: Duration) {
        _ = reactor.schedule(after: pause) { [unowned(unsafe) self] in receive() }
    }

    // MARK: up to the present

    /// Gets all that the primary has written by now, and a transaction that ends after now; `completion` is told nil, or why not.
    func reach(_ completion: @escaping (String?) -> Void) {
        giveUp("another wants it")
        guard let source else { return completion("there is no primary") }
        // What is there may be of a way that was left, and seem to be further than the primary is.
        guard history() != nil else { return completion("this node does not follow the primary now") }
        reached = completion
        triesLeft = Self.reachTries
        unlink(answer)
        let emit = "SELECT pg_logical_emit_message(true, 'pidep', '')"
        // The first one ends later than any time that was asked for. pg_receivewal ends when it has more than it was to get.
        asking = keeper.start(
            [
                programs + "/psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d",
                files.connection(to: source, as: "pidep-archive") + " dbname=postgres", "-c", emit, "-c",
                "SELECT pg_current_wal_insert_lsn()", "-c", emit,
            ], environment: environment + ["PGOPTIONS=-c synchronous_commit=local"], output: answer)
    }

    private func asked(_ code: Int32) {
        let lines = FileTail.read(answer, bytes: 4096).split(separator: 10)
        guard code == 0, lines.count == 3, let position = LSN.offset(lines[1]) else {
            return giveUp("the primary does not say where it is: \(Self.lastWords(answer))")
        }
        goal = position
        if let program { keeper.tell(.signal(id: program, SIGINT)) } else { receive() }
    }

    private func giveUp(_ why: String?) {
        goal = nil
        asking = nil
        let completion = reached
        reached = nil
        completion?(why)
    }

    // MARK: ends

    /// A program of the keeper's has ended; true if it was one of these.
    func ended(_ program: UInt32, code: Int32) -> Bool {
        if program == asking {
            asking = nil
            asked(code)
            return true
        }
        guard program == self.program else { return false }
        self.program = nil
        guard goal != nil else {
            receive(after: Self.pause)
            return true
        }
        if !isBounded {
            receive()
        } else if code == 0 {
            giveUp(nil)
            receive()
        } else {
            triesLeft -= 1
            if triesLeft == 0 { giveUp(Self.lastWords(output)) }
            receive(after: Self.reachPause)
        }
        return true
    }

    /// The keeper has killed all programs.
    func wereKilled() {
        giveUp("PostgreSQL had to be killed meanwhile")
        guard program != nil else { return }
        program = nil
        receive(after: Self.pause)
    }

    static func lastWords(_ path: String) -> String {
        let lines = FileTail.read(path, bytes: 4096).split(whereSeparator: { $0 == 10 || $0 == 13 })
        return lines.last.map { String(decoding: $0, as: UTF8.self) } ?? "it said nothing"
    }
}
