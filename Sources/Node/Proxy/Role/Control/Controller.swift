import HTTP1
import CLinux
import Languages
import Proxy
import Reactor
import Service

/// The thread that carries no traffic: health checks, consoles, statistics, signals, and the end.
final class Controller: EventSource {
    /// How long workers may take to send their counters before they count as hung.
    static let livenessLimit: Duration = .seconds(1)
    /// Broken requests and answers that are kept for `show errors`.
    static let keptErrors = 64

    let plan: ProxyPlan
    let shared: SharedState
    let reactor: Reactor
    /// By backend and place.
    private(set) var checkers: [[ServerChecker]] = []
    private var backendTimes: [BackendTimes] = []
    private var errors: [CapturedError] = []
    private var serial = 0
    private var running: Int
    private(set) var isStopping = false
    private let startedAt = Reactor.clock()
    private let startedAtUnixTime = Int64(cl_wall_ns() / 1_000_000_000)
    let descriptorLimit: Int
    /// What an operator lets the frontends do.
    var frontends = FrontendsStatistics()
    /// When they are ready again.
    var frontendsDeadline: Deadline?
    var stopped: () -> Void = {}

    /// Since when a backend is as it is.
    private struct BackendTimes {
        var isUp = true
        var changedAt: Duration
        var downs: UInt64 = 0
        var earlierDowntime: Duration = .zero
    }

    init(_ plan: ProxyPlan, _ shared: SharedState, descriptorLimit: Int) throws(SystemError) {
        self.plan = plan
        self.shared = shared
        self.descriptorLimit = descriptorLimit
        reactor = try Reactor()
        running = shared.workerCount
        try reactor.add(shared.control.bell, for: .read, self)
        for backend in plan.configuration.backends {
            checkers.append(
                backend.servers.map { server in
                    ServerChecker(server, of: backend, on: reactor) { [unowned(unsafe) self] in
                        changed($0, $1)
                    }
                })
            backendTimes.append(BackendTimes(changedAt: startedAt))
        }
    }

    /// Begins to check servers, their first checks spread over the shortest interval.
    func start() {
        let all = checkers.flatMap { $0 }.filter { $0.server.check != nil }
        let shortest = all.compactMap { $0.server.check?.interval }.min() ?? .zero
        for (place, checker) in all.enumerated() { checker.start(after: shortest * place / all.count) }
    }

    /// Takes over what an earlier process knew about servers that are still there.
    func adopt(_ handover: ProxyHandover) {
        for known in handover.servers {
            let checker = checkers.joined().first {
                $0.backendName == known.backend && $0.server.name == known.name
            }
            checker?.adopt(known)
        }
    }

    /// What the next process needs to know.
    var handoverText: String { ProxyHandover.text(plan.sockets, checkers) }

    /// Stops everything; `stopped` is called when the last worker is done. `isReplaced`: the service goes on without us.
    func stop(isReplaced: Bool = false) {
        guard !isStopping else { return }
        isStopping = true
        // Whoever replaces us has the sockets now.
        frontendsDeadline?.cancel()
        if !isReplaced { Supervisor.stopping() }
        let until = (Reactor.clock() + plan.configuration.global.hardStopAfter).nanoseconds
        for mailbox in shared.mailboxes { mailbox.post(.stop(until: until)) }
    }

    // MARK: Mail

    func ready(_ readiness: Readiness) { for message in shared.control.take() { handle(message) } }

    private func handle(_ message: ControlMessage) {
        switch message {
        case .report: break
        case .page(let worker, let session, let serial, let request):
            let (bytes, status) = page(request)
            shared.mailboxes[worker].post(.page(session: session, serial: serial, bytes, status: status))
        case .broken(let error):
            if errors.count == Self.keptErrors { errors.removeFirst() }
            errors.append(error)
        case .stopped:
            running -= 1
            if running == 0 { end() }
        case .stop: stop()
        }
    }

    private func end() {
        for backend in checkers { for checker in backend { checker.stop() } }
        stopped()
        reactor.stop()
    }

    // MARK: Servers

    private func changed(_ checker: ServerChecker, _ change: ServerState.Health.Change?) {
        guard let backend = plan.configuration.backends.firstIndex(where: { $0.name == checker.backendName }),
            let place = checkers[backend].firstIndex(where: { $0 === checker })
        else { return }
        let state = checker.state
        let weight = state.isUsable ? state.weight : 0
        shared.weights[shared.firstServer[backend] + place] = Int32(clamping: weight)
        for mailbox in shared.mailboxes { mailbox.post(.capacityFreed) }
        noteBackend(backend)
        let name = "\(checker.backendName)/\(checker.server.name)"
        switch change {
        case .down:
            let left = checkers[backend].reduce(0) { $0 + ($1.state.isUsable ? 1 : 0) }
            plan.journal.log(
                .warning,
                "server \(name) is down: \(state.reason). \(left) servers are left in \(checker.backendName)",
                [(name: "SERVER", value: name)])
        case .up:
            plan.journal.log(
                .notice, "server \(name) is up: \(state.reason)", [(name: "SERVER", value: name)])
        case nil: break
        }
    }

    private func noteBackend(_ index: Int) {
        let isUp = checkers[index].isEmpty || checkers[index].contains { $0.state.isUsable }
        guard isUp != backendTimes[index].isUp else { return }
        let now = Reactor.clock()
        if isUp {
            backendTimes[index].earlierDowntime += now - backendTimes[index].changedAt
        } else {
            backendTimes[index].downs += 1
            plan.journal.log(
                .error,
                "backend \(plan.configuration.backends[index].name) has no server left: clients get 503",
                [(name: "BACKEND", value: plan.configuration.backends[index].name)])
        }
        backendTimes[index].isUp = isUp
        backendTimes[index].changedAt = now
    }

    // MARK: What is

    /// What all workers have counted, or nil when one of them does not answer within `livenessLimit`.
    func collect() -> WorkerReport? {
        serial += 1
        let wanted = serial
        for mailbox in shared.mailboxes { mailbox.post(.report(serial: wanted)) }
        var reports: [WorkerReport?] = Array(repeating: nil, count: shared.workerCount)
        var missing = running
        var others: [ControlMessage] = []
        let limit = Reactor.clock() + Self.livenessLimit
        while missing > 0 {
            for message in shared.control.take() {
                switch message {
                case .report(let worker, let serial, let report):
                    if serial == wanted {
                        reports[worker] = report
                        missing -= 1
                    }
                case .stopped:
                    missing -= 1
                    others.append(message)
                case .page, .broken, .stop: others.append(message)
                }
            }
            if missing == 0 { break }
            let left = (limit - Reactor.clock()).nanoseconds / 1_000_000
            guard left > 0 else { break }
            _ = cl_poll_readable(shared.control.bell, Int32(clamping: left))
        }
        // What came in between is handled in a turn of its own.
        for message in others { shared.control.post(message) }
        guard missing == 0 else {
            plan.journal.log(.error, "a worker has not answered for a second: the console stays silent")
            return nil
        }
        var sum: WorkerReport?
        for report in reports { if let report { if sum == nil { sum = report } else { sum?.merge(report) } } }
        return sum ?? WorkerReport(empty: plan.configuration)
    }

    /// All that can be shown now, or nil when a worker hangs. Connections are counted only for who asks: that goes through all
    /// that the kernel has, and the VRRP role, which asks ten times a second, takes a late answer for a sign of death.
    func snapshot(countsConnections: Bool = false) -> StatisticsSnapshot? {
        guard let report = collect() else { return nil }
        let now = Reactor.clock()
        let configuration = plan.configuration
        var process = ProcessStatistics(
            version: String(cString: cl_pinode_version()), pid: Int(getpid()), hostName: Self.hostName(),
            startedAt: startedAt, startedAtUnixTime: startedAtUnixTime, threads: shared.workerCount,
            maxconn: configuration.global.maxconn, descriptorLimit: descriptorLimit)
        process.isStopping = isStopping
        process.frontends = frontends
        process.frontends.earlier = report.earlierClients
        if countsConnections { process.frontends.left = connectionsLeft }
        process.processorTime = .nanoseconds(Int64(cl_processor_time_ns()))
        process.residentBytes = cl_resident_bytes()
        process.node = configuration.global.node
        process.description = configuration.global.description
        for frontend in report.frontends {
            process.connections.merge(frontend.sessions)
            process.connectionRate.merge(frontend.connections)
            process.requests += frontend.requests.total
            process.bytesOut += frontend.bytesOut
        }
        let sections = configuration.sections.map { section in
            SectionStatistics(
                section,
                frontend: section.frontend.map {
                    FrontendStatistics(
                        configuration.frontends[$0], counters: report.frontends[$0],
                        isOpen: !isStopping && frontends.state != .maintenance)
                },
                backend: section.backend.map { backend($0, report) })
        }
        return StatisticsSnapshot(now: now, process: process, sections: sections, errors: errors)
    }

    private func backend(_ index: Int, _ report: WorkerReport) -> BackendStatistics {
        let configuration = plan.configuration.backends[index]
        var counters = report.backends[index]
        var servers: [ServerStatistics] = []
        for place in configuration.servers.indices {
            let own = report.servers[shared.firstServer[index] + place]
            counters.bytesIn &+= own.bytesIn
            counters.bytesOut &+= own.bytesOut
            counters.selections &+= own.selections
            servers.append(
                ServerStatistics(
                    configuration.servers[place], counters: own, state: checkers[index][place].state))
        }
        let times = backendTimes[index]
        return BackendStatistics(
            configuration, counters: counters, servers: servers, changedAt: times.changedAt,
            downs: times.downs,
            earlierDowntime: times.earlierDowntime)
    }

    private static func hostName() -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer -> String in
            guard let base = buffer.baseAddress, gethostname(base, 255) == 0 else { return "" }
            buffer[255] = 0
            return String(cString: base)
        }
    }
}

extension WorkerReport {
    init(empty configuration: HAProxyConfiguration) {
        frontends = configuration.frontends.map { _ in FrontendCounters() }
        backends = configuration.backends.map { _ in ServingCounters() }
        servers = configuration.backends.flatMap { $0.servers }.map { _ in ServingCounters() }
        buffersInUse = 0
        earlierClients = 0
    }

    mutating func merge(_ other: WorkerReport) {
        for index in frontends.indices { frontends[index].merge(other.frontends[index]) }
        for index in backends.indices { backends[index].merge(other.backends[index]) }
        for index in servers.indices { servers[index].merge(other.servers[index]) }
        buffersInUse += other.buffersInUse
        earlierClients += other.earlierClients
    }
}
