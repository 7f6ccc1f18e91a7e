import CLinux
import Console
import Languages
import Pool
import Reactor
import Service
import SocketAddresses

/// The pool as a whole: listening sockets, a worker a thread, signals.
public final class PoolRole {
    /// One bit of a cancel request's key a worker, and more cores than that no Pi has.
    static let workerLimit = 16

    private let file: String
    private let journal: Journal
    private var workers: [PoolWorker] = []
    private var mailboxes: [ThreadMailbox<WorkerMail>] = []
    private var threads: [pthread_t] = []
    private var descriptors: [Int32] = []
    private var unixListener: UnixListener?
    private var signals: Signals?
    private var leaseWatch: LeaseWatch?
    private var console: ConsoleServer?
    private let pulse: WorkerPulse
    private var isStopping = false
    private var finished: Set<Int> = []

    /// Opens all listening sockets, so that what cannot be opened is known before anything runs. `file`: what RELOAD reads.
    init(_ whole: PoolFile.Whole, file: String, journal: Journal) throws(SystemError) {
        let configuration = whole.configuration
        self.file = file
        let count = min(max(configuration.workers ?? Int(cl_processor_count()), 1), Self.workerLimit)
        self.journal = journal
        pulse = WorkerPulse(workers: count)
        let needed = UInt64(configuration.maxClientConn * 2 + 256)
        if cl_raise_descriptor_limit(needed) < needed {
            journal.log(
                .warning,
                "max_client_conn = \(configuration.maxClientConn) needs \(needed) descriptors, and fewer are allowed: "
                    + "set LimitNOFILE=\(needed) or a smaller max_client_conn")
        }
        try open(configuration)
        for _ in 0..<count { mailboxes.append(try ThreadMailbox()) }
        let permits: any PermitBook = count == 1 ? OwnPermits() : SharedPermits()
        for index in 0..<count {
            let worker = try PoolWorker(index, whole, permits, mailboxes, journal: journal)
            for descriptor in descriptors { worker.listen(on: descriptor) }
            worker.pulse = pulse
            worker.reloading = { [unowned(unsafe) self] in reload() }
            worker.stopping = { [unowned(unsafe) self] in stopAll() }
            worker.finishing = { [unowned(unsafe) self] in mailboxes[0].post(.finished(index)) }
            workers.append(worker)
        }
        let follows =
            configuration.databases.contains { $0.followsLease }
            || configuration.fallbackDatabase?.followsLease == true
        if follows {
            leaseWatch = LeaseWatch(on: workers[0].reactor, path: LeaseWatch.path, journal: journal) {
                [unowned(unsafe) self] leadership in postAll(.message(.leadership(leadership)))
            }
        }
        workers[0].othersFinished = { [unowned(unsafe) self] worker in
            finished.insert(worker)
            if finished.count == workers.count { stopAll() }
        }
    }

    private func open(_ configuration: PoolConfiguration) throws(SystemError) {
        for address in configuration.listenAddr {
            var raw = address.raw(port: configuration.listenPort)
            let result = cl_listen_peer(&raw, 1, Int32(clamping: configuration.listenBacklog))
            guard result >= 0 else {
                throw SystemError("listen on \(address.text):\(configuration.listenPort)", code: -result)
            }
            descriptors.append(result)
        }
        if let folder = configuration.unixSocketDir {
            let listener = try UnixListener(
                "\(folder)/.s.PGSQL.\(configuration.listenPort)", mode: UInt32(configuration.unixSocketMode),
                backlog: Int32(clamping: configuration.listenBacklog))
            unixListener = listener
            descriptors.append(listener.descriptor)
        }
    }

    /// PgBouncer's signals: SIGTERM waits for clients, SIGINT for servers, a second one and SIGQUIT for nobody; SIGHUP is RELOAD,
    /// SIGUSR1 PAUSE, SIGUSR2 RESUME.
    public func handleSignals() throws(SystemError) {
        signals = try Signals([SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2], on: workers[0].reactor) {
            [unowned(unsafe) self] signal in handle(signal)
        }
    }

    private func handle(_ signal: Int32) {
        switch signal {
        case SIGHUP: if let problem = reload() { journal.log(.error, problem) }
        case SIGUSR1: postAll(.pause)
        case SIGUSR2: postAll(.resume)
        case SIGTERM where !isStopping, SIGINT where !isStopping:
            isStopping = true
            Supervisor.stopping()
            journal.log(
                .notice,
                signal == SIGTERM ? "stops when all clients are gone" : "stops when all transactions are done"
            )
            postAll(.shutDown(waitsForClients: signal == SIGTERM))
        default: stopAll()
        }
    }

    private func postAll(_ mail: WorkerMail) { for mailbox in mailboxes { mailbox.post(mail) } }

    /// Any thread may.
    private func stopAll() { postAll(.stop) }

    /// Reads the file anew; nil when its settings are in force, else why not: then all is as it was. Any thread may.
    private func reload() -> String? {
        var dice = Dice()
        let (whole, problems) = PoolFile.readWhole(file, entropy: dice.bytes(32))
        guard let whole else {
            for problem in problems { journal.log(.error, problem) }
            return "\(file) cannot be used, nothing was changed: \(problems.first ?? "")"
        }
        for problem in problems { journal.log(.warning, problem) }
        postAll(.message(.reload(PoolReload(whole.configuration, whole.secrets))))
        journal.log(.notice, "\(file) was read anew")
        return nil
    }

    /// Opens the role's own console (`pinode ctl pool`), by which the VRRP role sees whether all workers turn. What cannot be opened is
    /// logged: clients are worth more.
    public func openConsole() {
        do throws(SystemError) {
            console = try ConsoleServer(on: workers[0].reactor, path: "\(RuntimeFolder.path)/pool.sock") {
                [unowned(unsafe) self] in answer($0)
            }
        } catch {
            journal.log(.warning, "no console: \(error.sentence)")
        }
    }

    /// Nil while a worker hangs, whatever the question.
    private func answer(_ command: String) -> String? {
        guard pulse.hanging == nil else { return nil }
        switch command {
        case "": return ""
        case "show health": return "ok: \(workers.count) workers, \(workers[0].permitsOfClients) clients\n"
        default:
            return
                "Commands: show health. All others are PgBouncer's, by psql as the user pgbouncer on the Unix socket.\n"
        }
    }

    /// Serves until it is told to stop. The first worker runs in the calling thread.
    public func run() {
        for worker in workers.dropFirst() { startThread(worker) }
        Supervisor.ready()
        workers[0].run()
        for thread in threads { pthread_join(thread, nil) }
        for worker in workers { worker.stopListening() }
        console?.close()
        unixListener?.close()
        for descriptor in descriptors where descriptor != unixListener?.descriptor { close(descriptor) }
    }

    private func startThread(_ worker: PoolWorker) {
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(worker).toOpaque()
        let code = cl_start_thread(&thread, argument) { argument in
            guard let argument else { return nil }
            Unmanaged<PoolWorker>.fromOpaque(argument).takeRetainedValue().run()
            return nil
        }
        guard code == 0 else {
            journal.log(.error, SystemError("start a thread", code: code).sentence)
            return worker.stopListening()
        }
        threads.append(thread)
    }
}
