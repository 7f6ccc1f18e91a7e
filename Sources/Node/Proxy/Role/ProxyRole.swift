import CLinux
import Console
import Languages
import Proxy
import Reactor
import Service

/// The proxy as a whole: sockets, worker threads and the controlling thread.
public final class ProxyRole {
    /// Where the role's console listens; further ones come from `stats socket`.
    public static var consolePath: String { "\(RuntimeFolder.path)/proxy.sock" }
    /// Where the process that replaces this one asks.
    public static var handoverPath: String { "\(RuntimeFolder.path)/proxy-handover.sock" }

    private var plan: ProxyPlan
    private let shared: SharedState
    private let controller: Controller
    private let journal: Journal
    private var workers: [Worker] = []
    private var threads: [pthread_t] = []
    private var consoles: [ConsoleServer] = []
    private var signals: Signals?
    private var handovers: HandoverServer?
    private let handover: ProxyHandover?

    /// Opens all listening sockets, so that what cannot be opened is known before anything runs; or takes those that a
    /// running proxy hands over.
    public init(_ configuration: HAProxyConfiguration, journal: Journal, takingOver handover: Handover? = nil)
        throws(SystemError)
    {
        self.journal = journal
        self.handover = handover.map { ProxyHandover($0) }
        plan = try ProxyPlan(configuration, journal: journal, handover: self.handover)
        let needed = plan.descriptorsNeeded
        let limit = Int(clamping: cl_raise_descriptor_limit(UInt64(needed)))
        if limit < needed {
            journal.log(
                .warning,
                "maxconn \(configuration.global.maxconn) needs \(needed) descriptors, but only \(limit) are allowed: "
                    + "set LimitNOFILE=\(needed) or a smaller maxconn")
        }
        // One bit a worker in `SharedState`.
        let count = min(max(configuration.global.nbthread ?? Int(cl_processor_count()), 1), 31)
        shared = try SharedState(configuration, workers: count)
        controller = try Controller(plan, shared, descriptorLimit: limit)
        for index in 0..<count { workers.append(try Worker(index, plan, shared)) }
        if let known = self.handover { controller.adopt(known) }
    }

    /// Stops at SIGTERM, SIGINT and SIGUSR1 (HAProxy's soft stop).
    public func stopAtSignals() throws(SystemError) {
        signals = try Signals([SIGTERM, SIGINT, SIGUSR1], on: controller.reactor) {
            [unowned(unsafe) self] _ in controller.stop()
        }
    }

    /// Opens the role's console and those of `stats socket`. What cannot be opened is logged: traffic is worth more.
    public func openConsoles(ownPath: String?) {
        var sockets = plan.configuration.global.statisticsSockets.map {
            (path: $0.path, mode: $0.mode, level: $0.level)
        }
        if let ownPath, !sockets.contains(where: { $0.path == ownPath }) {
            sockets.append((path: ownPath, mode: 0o600, level: .admin))
        }
        for socket in sockets {
            let living = handover == nil ? cl_connect_unix(socket.path) : -1
            if living >= 0 {
                close(living)
                journal.log(.warning, "no console at \(socket.path): another process answers there")
                continue
            }
            do throws(SystemError) {
                let level = socket.level
                consoles.append(
                    try ConsoleServer(on: controller.reactor, path: socket.path, mode: socket.mode) {
                        [unowned(unsafe) self] in controller.answer($0, level: level)
                    })
            } catch {
                journal.log(.warning, "no console: \(error.sentence)")
            }
        }
    }

    /// Lets a new process take over at `path`. Without that the proxy is as good, but a reload fails.
    public func offerHandover(at path: String) {
        do throws(SystemError) {
            handovers = try HandoverServer(
                on: controller.reactor, path: path,
                offer: { [unowned(unsafe) self] in
                    (text: controller.handoverText, descriptors: plan.sockets.map { $0.descriptor })
                },
                completed: { [unowned(unsafe) self] in
                    journal.log(.notice, "replaced by a new process; connections finish")
                    closeConsoles()
                    controller.stop(isReplaced: true)
                })
        } catch {
            journal.log(.warning, "no handover: \(error.sentence)")
        }
    }

    /// Carries traffic until it is told to stop and the last connection is done. `started` is called when it does.
    public func run(started: () -> Void = {}) {
        for worker in workers { startThread(worker) }
        controller.start()
        if let handover {
            Supervisor.tookOver()
            do throws(SystemError) { try handover.complete() } catch {
                journal.log(.warning, "the process before this one may go on: \(error.sentence)")
            }
        } else {
            Supervisor.ready()
        }
        started()
        controller.reactor.run()
        for thread in threads { pthread_join(thread, nil) }
        closeConsoles()
        handovers?.close()
        handovers = nil
        plan.closeSockets()
    }

    /// As SIGTERM. Any thread may call it.
    public func stop() { shared.control.post(.stop) }

    private func closeConsoles() {
        for console in consoles { console.close() }
        consoles = []
    }

    private func startThread(_ worker: Worker) {
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(worker).toOpaque()
        let code = cl_start_thread(&thread, argument) { argument in
            guard let argument else { return nil }
            Unmanaged<Worker>.fromOpaque(argument).takeRetainedValue().run()
            return nil
        }
        guard code == 0 else {
            journal.log(.error, SystemError("start a thread", code: code).sentence)
            shared.control.post(.stopped(worker: worker.index))
            return
        }
        threads.append(thread)
    }
}
