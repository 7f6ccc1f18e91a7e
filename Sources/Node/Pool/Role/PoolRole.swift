import CLinux
import Console
import Languages
import Pool
import Reactor
import Service

/// The pool as a whole: listening sockets, its worker, signals.
public final class PoolRole {
    private let file: String
    private let journal: Journal
    private let worker: PoolWorker
    private var descriptors: [Int32] = []
    private var unixListener: UnixListener?
    private var signals: Signals?
    private var isStopping = false

    /// Opens all listening sockets, so that what cannot be opened is known before anything runs. `file`: what RELOAD reads.
    init(_ whole: PoolFile.Whole, file: String, journal: Journal) throws(SystemError) {
        let configuration = whole.configuration
        self.file = file
        self.journal = journal
        _ = cl_raise_descriptor_limit(UInt64(configuration.maxClientConn * 2 + 256))
        worker = try PoolWorker(whole, journal: journal)
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
        for descriptor in descriptors { try worker.listen(on: descriptor) }
        worker.reloading = { [unowned(unsafe) self] in reload() }
    }

    /// PgBouncer's signals: SIGTERM waits for clients, SIGINT for servers, a second one and SIGQUIT for nobody; SIGHUP is RELOAD,
    /// SIGUSR1 PAUSE, SIGUSR2 RESUME.
    public func handleSignals() throws(SystemError) {
        signals = try Signals([SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2], on: worker.reactor) {
            [unowned(unsafe) self] signal in handle(signal)
        }
    }

    private func handle(_ signal: Int32) {
        let now = worker.reactor.nowNanoseconds
        switch signal {
        case SIGHUP: if let problem = reload() { journal.log(.error, problem) }
        case SIGUSR1: worker.pooler.pauseAll(at: now)
        case SIGUSR2: worker.pooler.resumeAll(at: now)
        case SIGTERM where !isStopping, SIGINT where !isStopping:
            isStopping = true
            Supervisor.stopping()
            worker.stopListening()
            journal.log(
                .notice,
                signal == SIGTERM ? "stops when all clients are gone" : "stops when all transactions are done"
            )
            worker.pooler.shutDown(waitsForClients: signal == SIGTERM, at: now)
        default: worker.stop()
        }
    }

    /// Reads the file anew; nil when its settings are in force, else why not: then all is as it was.
    private func reload() -> String? {
        let (whole, problems) = PoolFile.readWhole(file, entropy: worker.entropy(32))
        guard let whole else {
            for problem in problems { journal.log(.error, problem) }
            return "\(file) cannot be used, nothing was changed: \(problems.first ?? "")"
        }
        for problem in problems { journal.log(.warning, problem) }
        worker.pooler.reload(whole.configuration, secrets: whole.secrets, at: worker.reactor.nowNanoseconds)
        journal.log(.notice, "\(file) was read anew")
        return nil
    }

    /// Serves until it is told to stop.
    public func run() {
        Supervisor.ready()
        worker.run()
        worker.stopListening()
        unixListener?.close()
    }
}
