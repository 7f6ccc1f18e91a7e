import CLinux
import Reactor
import Service

/// The process that systemd sees. It starts the agent and, for it, PostgreSQL and its programs; and it ends them when the agent
/// wants it, dies, hangs, or has no right to go on. It decides nothing, so that it is there when the agent is not.
final class Keeper: EventSource {
    /// An agent that says nothing for so long hangs.
    static let agentPatience: Duration = .seconds(10)
    /// How long a stop of the service may take; then all is killed. Less than the unit's TimeoutStopSec.
    static let stopPatience: Duration = .seconds(50)
    /// An agent that has died is started anew after this, so that one which cannot live does not eat the node.
    static let restartDelay: Duration = .milliseconds(50)
    /// The same, the third time within ten seconds and from then on.
    static let restartPause: Duration = .seconds(2)
    /// The agent's exit code that says: it makes no sense to start it anew.
    static let misconfigured: Int32 = 78

    private let reactor: Reactor
    private let journal: Journal
    private let arguments: [String]
    private let account: (user: UInt32, group: UInt32)?
    private var programs: [(id: UInt32, process: pid_t)] = []
    private var agent: (process: pid_t, socket: Int32)?
    private var signals: Signals?
    private var until: Int64 = 0
    private var timer: PreciseTimer?
    private var patience: Deadline?
    private var killing: [UInt64] = []
    private var starts: [Duration] = []
    private var legacy: String?
    /// This very program, also when another one has been installed meanwhile.
    private var agentProgram = "/proc/self/exe"
    private var isReplacing = false
    private var isStopping = false
    private var code: Int32 = 0

    /// `arguments`: this program's own, the path first. `account`: who PostgreSQL runs as; nil: as this process.
    init(
        _ arguments: [String], account: (user: UInt32, group: UInt32)?, journal: Journal
    ) throws(SystemError) {
        reactor = try Reactor()
        self.arguments = arguments
        self.account = account
        self.journal = journal
    }

    /// Until the service stops; the exit code.
    func run() -> Int32 {
        let result = cl_adopt_orphans()
        if result < 0 {
            // Linux has it since 3.4; an emulator may not. PostgreSQL's sessions then end by themselves when they see that
            // the postmaster is gone.
            journal.log(.warning, "cannot adopt orphans: \(String(cString: cl_strerror(-result)))")
            // Where it names the emulator.
            agentProgram = arguments[0]
        }
        // Not possible in every container: then a busy node may delay it.
        _ = cl_realtime(Agent.realtimePriority + 1)
        do throws(SystemError) {
            signals = try Signals([SIGCHLD, SIGTERM, SIGINT, SIGHUP], on: reactor) {
                [unowned(unsafe) self] signal in
                handle(signal)
            }
            timer = try PreciseTimer(on: reactor) { [unowned(unsafe) self] in timeIsUp() }
        } catch {
            journal.log(.error, "cannot run: \(error.sentence)")
            return 1
        }
        inherit()
        startAgent()
        reap()
        reactor.run()
        killAll()
        return code
    }

    private func inherit() {
        guard let text = getenv(KeeperLegacy.variable) else { return }
        let inherited = KeeperLegacy(String(cString: text))
        cl_set_environment(KeeperLegacy.variable, nil)
        programs = inherited.programs
        setUntil(inherited.until)
        if let state = getenv(KeeperLegacy.agentVariable) { legacy = String(cString: state) }
        cl_set_environment(KeeperLegacy.agentVariable, nil)
    }

    // MARK: the agent

    private func startAgent() {
        guard agent == nil, !isStopping else { return }
        var pair: [Int32] = [-1, -1]
        guard cl_message_pair(&pair) == 0 else { return fail("no socket for the agent") }
        starts.append(Reactor.clock())
        if starts.count > 3 { starts.removeFirst() }
        if let state = legacy { cl_set_environment(KeeperLegacy.agentVariable, state) }
        let process = ProgramStarter.start(
            [agentProgram] + arguments.dropFirst() + ["--agent"], environment: Environment.all(),
            output: nil, input: nil, third: pair[1], as: nil)
        cl_set_environment(KeeperLegacy.agentVariable, nil)
        legacy = nil
        close(pair[1])
        guard process > 0 else {
            close(pair[0])
            return fail("the agent cannot be started: \(String(cString: cl_strerror(-process)))")
        }
        agent = (process, pair[0])
        _ = cl_set_nonblocking(pair[0])
        do throws(SystemError) { try reactor.add(pair[0], for: .read, self) } catch {
            fail("the agent cannot be listened to: \(error.sentence)")
        }
        beAlive()
    }

    private func beAlive() {
        patience?.cancel()
        guard !isStopping else { return }
        patience = reactor.schedule(after: Self.agentPatience) { [unowned(unsafe) self] in
            journal.log(.error, "the agent hangs: it is killed, and PostgreSQL with it")
            dismiss()
        }
    }

    /// Messages of the agent.
    func ready(_ readiness: Readiness) {
        var buffer = [UInt8](repeating: 0, count: KeeperMessage.limit)
        while let agent {
            let count = recv(agent.socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count < 0 && (cl_errno() == EAGAIN || cl_errno() == EINTR) { return }
            // Closed: its end comes as a signal. Watched for nothing it would be told of again and again (epoll_ctl(2), EPOLLHUP),
            // and an agent that ends on the same processor, with less priority than this loop, would never come to that signal.
            guard count > 0 else { return reactor.remove(agent.socket) }
            guard let message = KeeperMessage(buffer[0..<count]) else { continue }
            handle(message)
        }
    }

    private func handle(_ message: KeeperMessage) {
        switch message {
        case .start(let request): start(request)
        case .signal(let id, let number):
            if let program = programs.first(where: { $0.id == id }) { kill(program.process, number) }
        case .kill(let number):
            killing.append(number)
            sweep()
        case .until(let time): setUntil(time)
        case .alive: beAlive()
        case .handOver(let state): legacy = state
        case .ended, .killed, .replace, .stop: break
        }
    }

    private func tell(_ message: KeeperMessage) {
        guard let agent else { return }
        let bytes = message.bytes
        _ = bytes.withUnsafeBytes { send(agent.socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }

    /// Ends the agent and all that it has.
    private func dismiss() {
        if let agent { kill(agent.process, SIGKILL) }
        killAll()
    }

    private func agentEnded(_ code: Int32) {
        guard let former = agent else { return }
        agent = nil
        patience?.cancel()
        reactor.remove(former.socket)
        close(former.socket)
        if isReplacing, code == 0, legacy != nil { return becomeNext() }
        isReplacing = false
        legacy = nil
        killAll()
        setUntil(0)
        killing = []
        if isStopping { return reactor.stop() }
        if code == Self.misconfigured {
            self.code = 1
            return reactor.stop()
        }
        journal.log(.error, "the agent has ended with \(code): PostgreSQL was killed, a new one begins")
        let now = Reactor.clock()
        let isOften = starts.count == 3 && now - starts[0] < .seconds(10)
        _ = reactor.schedule(after: isOften ? Self.restartPause : Self.restartDelay) {
            [unowned(unsafe) self] in
            startAgent()
        }
    }

    // MARK: programs

    private func start(_ request: ProgramRequest) {
        let process = ProgramStarter.start(
            request.arguments, environment: Environment.with(request.environment), output: request.output,
            input: request.input.isEmpty ? nil : request.input, as: account)
        if process > 0 {
            programs.append((request.id, process))
        } else {
            journal.log(
                .error, "\(request.arguments[0]) cannot be started: \(String(cString: cl_strerror(-process)))"
            )
            tell(.ended(id: request.id, code: 127))
        }
    }

    private func reap() {
        var process: pid_t = 0
        var code: Int32 = 0
        var endedAgent: Int32?
        while cl_reap(&process, &code) == 1 {
            if process == agent?.process {
                // Last: it may have been told of others before.
                endedAgent = code
            } else if let index = programs.firstIndex(where: { $0.process == process }) {
                tell(.ended(id: programs.remove(at: index).id, code: code))
            }
        }
        if let endedAgent { agentEnded(endedAgent) }
        if !killing.isEmpty { sweep() }
    }

    /// Kills what is left, and says so when nothing is.
    private func sweep() {
        let left = Descendants.list(sparing: agent?.process ?? 0)
        guard left.isEmpty else {
            for process in left { kill(process, SIGKILL) }
            // Those that init would have got end without a signal to us at times.
            _ = reactor.schedule(after: .milliseconds(2)) { [unowned(unsafe) self] in reap() }
            return
        }
        for number in killing { tell(.killed(number)) }
        killing = []
    }

    /// Kills all but the agent, and waits until nothing of it is left.
    private func killAll() {
        var left = Descendants.list(sparing: agent?.process ?? 0)
        while !left.isEmpty {
            for process in left { kill(process, SIGKILL) }
            usleep(1000)
            left = Descendants.list(sparing: agent?.process ?? 0)
        }
    }

    private func setUntil(_ time: Int64) {
        until = time
        timer?.arm(at: time == 0 ? nil : .nanoseconds(time))
    }

    private func timeIsUp() {
        guard until != 0, Int64(cl_now_ns()) >= until else { return setUntil(until) }
        setUntil(0)
        guard !programs.isEmpty else { return }
        journal.log(.error, "the lease was not renewed in time: PostgreSQL is killed")
        killAll()
        reap()
    }

    // MARK: the service

    private func handle(_ signal: Int32) {
        switch signal {
        case SIGCHLD: reap()
        case SIGHUP: replace()
        default: stop()
        }
    }

    private func stop() {
        guard !isStopping else { return }
        isStopping = true
        Supervisor.stopping()
        patience?.cancel()
        guard agent != nil else { return reactor.stop() }
        tell(.stop)
        patience = reactor.schedule(after: Self.stopPatience) { [unowned(unsafe) self] in
            journal.log(.warning, "PostgreSQL did not stop in time: it is killed")
            dismiss()
        }
    }

    private func replace() {
        guard agent != nil, !isStopping, !isReplacing else { return }
        // It hands over when it can: not in the middle of an election, nor of a copy.
        isReplacing = true
        tell(.replace)
    }

    /// The installed program, in this very process, with the programs that run.
    private func becomeNext() {
        var next = KeeperLegacy()
        next.programs = programs
        next.until = until
        cl_set_environment(KeeperLegacy.variable, next.text)
        cl_set_environment(KeeperLegacy.agentVariable, legacy)
        // RELOADING and READY, as systemd wants it of Type=notify, is said by the next agent.
        let result = ProgramStarter.become(arguments[0], arguments)
        journal.log(
            .error,
            "\(arguments[0]) cannot be run: \(String(cString: cl_strerror(-result))); this one goes on")
        cl_set_environment(KeeperLegacy.variable, nil)
        cl_set_environment(KeeperLegacy.agentVariable, nil)
        isReplacing = false
        startAgent()
    }

    private func fail(_ why: String) {
        journal.log(.error, why)
        code = 1
        reactor.stop()
    }
}
