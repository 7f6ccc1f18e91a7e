import HTTP1
import Languages
import CLinux
import Proxy
import Reactor
import Service

/// One thread that carries traffic: its loop, sessions, buffers and connections to servers. Nothing of it is seen
/// by another thread but what goes through `SharedState`.
final class Worker: EventSource {
    /// How long a connection to a server may be idle. Apache closes after 5 s of silence: we go first.
    static let idleTime: Nanoseconds = 4_000_000_000
    /// A request that must not be sent twice goes over an idle connection only when that is younger than this.
    static let freshTime: Nanoseconds = 1_000_000_000
    /// How long accepting pauses when the kernel gives no descriptor.
    static let acceptPause: Nanoseconds = 100_000_000
    /// How long a free place at a server is left to the other workers.
    static let handOverTime: Nanoseconds = 5_000_000

    let index: Int
    let shared: SharedState
    let reactor: Reactor
    let pool: BufferPool
    var wheel: TimerWheel
    private(set) var frontends: [FrontendTraffic] = []
    private(set) var backends: [BackendTraffic] = []
    private let maxconn: Int32
    private let journal: Journal
    private var sessions: [Session?] = []
    private var freeSlots: [Int] = []
    private var sessionCount = 0
    private var serial = 0
    private var runnable: [Session] = []
    private var stopsAt: Nanoseconds?
    /// Since when clients are let go.
    private var drainsSince: Nanoseconds?
    private var resumesAt: Nanoseconds = .max
    private var purgesAt: Nanoseconds
    private var isRunning = true
    private var othersTurn = false

    init(_ index: Int, _ plan: ProxyPlan, _ shared: SharedState) throws(SystemError) {
        self.index = index
        self.shared = shared
        let reactor = try Reactor()
        self.reactor = reactor
        journal = plan.journal
        let configuration = plan.configuration
        maxconn = Int32(clamping: configuration.global.maxconn)
        // Each connection holds at most four buffers, and two of them only while both directions are stuck.
        pool = BufferPool(capacity: configuration.global.maxconn * 2 + 64)
        wheel = TimerWheel(now: reactor.nowNanoseconds)
        purgesAt = reactor.nowNanoseconds + Self.idleTime / 4
        frontends = configuration.frontends.indices.map { FrontendTraffic($0, configuration) }
        backends = configuration.backends.indices.map {
            BackendTraffic($0, configuration.backends[$0], firstServer: shared.firstServer[$0])
        }
        for socket in plan.sockets {
            let frontend = frontends[socket.frontend]
            frontend.listeners.append(Listener(socket.descriptor, frontend, self))
        }
        try reactor.add(shared.mailboxes[index].bell, for: .read, self)
    }

    @inline(__always) var now: Nanoseconds { reactor.nowNanoseconds }
    private var bit: Int32 { 1 << Int32(index) }
    /// Whole seconds since boot.
    var second: Int64 { now / 1_000_000_000 }

    func log(_ level: Journal.Level, _ message: String) { journal.log(level, message) }

    // MARK: The loop

    /// Turns until all is done after `stop`.
    func run() {
        for frontend in frontends { for listener in frontend.listeners { listener.watch() } }
        while isRunning {
            reactor.turn(waiting: nextTime() - now)
            drainRunnable()
            if now >= wheel.next {
                for slot in wheel.due(at: now) { sessions[slot]?.timerIsDue() }
                drainRunnable()
            }
            if now >= purgesAt { purgeIdle() }
            if now >= resumesAt {
                resumesAt = .max
                resume()
                for backend in backends where backend.queued > 0 { serveQueue(backend, all: true) }
            }
            if let stopsAt { finishStopping(stopsAt) }
        }
    }

    private func nextTime() -> Nanoseconds {
        if !runnable.isEmpty { return now }
        return min(min(wheel.next, purgesAt), min(resumesAt, stopsAt ?? .max))
    }

    private func drainRunnable() {
        // In the order of the queue. Whoever becomes runnable meanwhile has its turn in the next round of the loop.
        let batch = runnable
        runnable.removeAll(keepingCapacity: true)
        for session in batch { session.tryAgain() }
    }

    /// Mail.
    func ready(_ readiness: Readiness) {
        for message in shared.mailboxes[index].take() {
            switch message {
            case .client(let descriptor, let frontend, let peer): open(descriptor, frontends[frontend], peer)
            case .capacityFreed:
                takeWeights()
                resume()
                for backend in backends { serveQueue(backend, all: true) }
            case .report(let serial): shared.control.post(.report(worker: index, serial: serial, report()))
            case .page(let slot, let serial, let page, let status):
                if slot < sessions.count, let session = sessions[slot], session.serial == serial {
                    session.answer(page, status: status)
                }
            case .clearCounters(let all): clearCounters(all: all)
            case .drain(let drains): drain(drains)
            case .stop(let until): stop(until: until)
            }
        }
    }

    private func takeWeights() {
        for backend in backends {
            for server in backend.servers {
                let weight = shared.weights[server.index]
                backend.balancer.setWeight(Int(weight), of: server.place)
                if weight == 0 { while let connection = server.idle.popLast() { close(connection) } }
            }
        }
    }

    // MARK: Clients

    /// Counts a connection in, unless a limit is reached.
    func admit(_ frontend: FrontendTraffic) -> Bool {
        let all = shared.total.add(1)
        let here = shared.connections.add(1, at: frontend.index)
        if all <= maxconn, here <= frontend.maxconn { return true }
        release(frontend)
        return false
    }

    /// Counts it out.
    func release(_ frontend: FrontendTraffic) {
        shared.total.add(-1)
        shared.connections.add(-1, at: frontend.index)
    }

    /// A limit is reached: the next clients wait in the kernel's queue.
    func pause(_ listener: Listener) {
        listener.unwatch()
        shared.paused.set(bit)
        // The place may have been freed between our look and our note.
        resumesAt = min(resumesAt, now + Self.acceptPause)
    }

    func acceptFailed(_ listener: Listener, _ code: Int32) {
        log(.error, SystemError("accept a connection for \(listener.frontend.name)", code: code).sentence)
        listener.frontend.counters.internalErrors &+= 1
        pause(listener)
    }

    private func resume() {
        guard stopsAt == nil else { return }
        shared.paused.clear(bit)
        for frontend in frontends { for listener in frontend.listeners { listener.watch() } }
    }

    /// A new client: ours, or another worker's if we have clearly more than it has.
    func accepted(_ descriptor: Int32, _ frontend: FrontendTraffic, _ peer: Peer) {
        if shared.workerCount > 1, stopsAt == nil, let other = idlerWorker() {
            shared.loads.add(1, at: other)
            let client = WorkerMessage.client(descriptor, frontend: frontend.index, peer)
            if shared.mailboxes[other].post(client) { return }
            // It has stopped a moment before us.
            shared.loads.add(-1, at: other)
        }
        shared.loads.add(1, at: index)
        open(descriptor, frontend, peer)
    }

    /// The worker with the fewest clients, if we have over a tenth and four more.
    private func idlerWorker() -> Int? {
        let own = shared.loads[index]
        var best = index
        var fewest = own
        for other in 0..<shared.workerCount {
            let load = shared.loads[other]
            if load < fewest {
                fewest = load
                best = other
            }
        }
        return own > fewest + 4 + fewest / 10 ? best : nil
    }

    private func open(_ descriptor: Int32, _ frontend: FrontendTraffic, _ peer: Peer) {
        serial += 1
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = free
        } else {
            slot = sessions.count
            sessions.append(nil)
        }
        let session = Session(descriptor, frontend, peer, slot: slot, serial: serial, on: self)
        sessions[slot] = session
        sessionCount += 1
        frontend.counters.sessions.enter()
        frontend.counters.connections.count(second: second)
        if stopsAt != nil || drainsSince != nil { session.stream.stop(at: now) }
        session.start()
    }

    func closed(_ session: Session) {
        session.frontend.counters.sessions.leave()
        sessions[session.slot] = nil
        freeSlots.append(session.slot)
        sessionCount -= 1
        shared.loads.add(-1, at: index)
        release(session.frontend)
        let paused = shared.paused[0]
        if paused != 0 { shared.wake(paused) }
    }

    /// No buffer is left for it.
    func exhausted(_ session: Session) {
        session.frontend.counters.internalErrors &+= 1
        session.stream.refuse(503, .exhausted)
    }

    // MARK: Servers

    enum Choice {
        case server(ServerTraffic)
        /// All usable ones have as many requests as they may.
        case full
        case none
    }

    /// The next server in turn; a place at it is taken.
    func choose(_ backend: BackendTraffic) -> Choice {
        var sawFull = false
        let servers = backend.servers
        let place = backend.balancer.next { place in
            let server = servers[place]
            guard let maxconn = server.maxconn else { return true }
            if shared.active[server.index] < maxconn { return true }
            sawFull = true
            return false
        }
        guard let place else { return sawFull ? .full : .none }
        let server = servers[place]
        if let maxconn = server.maxconn {
            if shared.active.add(1, at: server.index) > maxconn {
                shared.active.add(-1, at: server.index)
                return .full
            }
        }
        return .server(server)
    }

    /// A request has left a server: its place is free.
    func left(_ server: ServerTraffic) {
        server.counters.sessions.leave()
        server.counters.usedConnections -= 1
        guard server.maxconn != nil else { return }
        shared.active.add(-1, at: server.index)
        let backend = backends.first { $0.servers.contains { $0 === server } }
        if let backend { serveQueue(backend, all: false) }
    }

    func markWaiting(_ backend: BackendTraffic) {
        shared.waiting.set(bit, at: backend.index)
        // A place may have been freed between our look and our note.
        resumesAt = min(resumesAt, now + Self.acceptPause)
    }

    /// A place became free: it goes to whoever waits longest here or, every other time, on another worker.
    private func serveQueue(_ backend: BackendTraffic, all: Bool) {
        let others = shared.waiting[backend.index] & ~bit
        othersTurn.toggle()
        if !all, others != 0, othersTurn || backend.queued == 0 {
            shared.wake(others)
            // Should none of them take it after all, we do.
            if backend.queued > 0 { resumesAt = min(resumesAt, now + Self.handOverTime) }
            return
        }
        repeat {
            guard let session = backend.dequeue() else { break }
            runnable.append(session)
        } while all
        if backend.queued == 0 { shared.waiting.clear(bit, at: backend.index) }
    }

    /// An idle connection; for a request that must not be sent twice only a young one.
    func takeIdle(_ server: ServerTraffic, forIdempotent: Bool) -> ServerConnection? {
        guard let last = server.idle.last else { return nil }
        if !forIdempotent, now - last.idleSince > Self.freshTime { return nil }
        server.idle.removeLast()
        server.counters.idleConnections -= 1
        last.served += 1
        return last
    }

    /// Keeps a connection for the next request.
    func keep(_ connection: ServerConnection) {
        connection.idleSince = now
        connection.server.idle.append(connection)
        connection.server.counters.idleConnections += 1
    }

    /// An idle server connection spoke or ended.
    func closeIdle(_ connection: ServerConnection) {
        guard let place = connection.server.idle.firstIndex(where: { $0 === connection }) else { return }
        connection.server.idle.remove(at: place)
        connection.server.counters.idleConnections -= 1
        close(connection)
    }

    private func purgeIdle() {
        purgesAt = now + Self.idleTime / 4
        for backend in backends {
            for server in backend.servers {
                // The oldest are first.
                var old = 0
                while old < server.idle.count, now - server.idle[old].idleSince > Self.idleTime {
                    close(server.idle[old])
                    old += 1
                }
                server.idle.removeFirst(old)
                server.counters.idleConnections -= old
            }
        }
    }

    func close(_ connection: ServerConnection) {
        connection.session = nil
        reactor.forget(connection.descriptor)
        CLinux.close(connection.descriptor)
    }

    // MARK: Statistics

    func requestPage(_ session: Session, _ page: Int) {
        shared.control.post(
            .page(
                worker: index, session: session.slot, serial: session.serial,
                PageRequest(
                    frontend: session.frontend.index, page: page, target: session.stream.target,
                    isHead: session.stream.request.method == .head)))
    }

    private func report() -> WorkerReport {
        var servers: [ServingCounters] = []
        for backend in backends { for server in backend.servers { servers.append(server.counters) } }
        return WorkerReport(
            frontends: frontends.map { $0.counters }, backends: backends.map { $0.counters },
            servers: servers,
            buffersInUse: pool.used, earlierClients: earlierClients)
    }

    private var earlierClients: Int {
        guard let drainsSince else { return 0 }
        var count = 0
        for session in sessions { if let session, session.startedAt < drainsSince { count += 1 } }
        return count
    }

    private func clearCounters(all: Bool) {
        for frontend in frontends { frontend.counters.clear(all: all) }
        for backend in backends {
            backend.counters.clear(all: all)
            for server in backend.servers { server.counters.clear(all: all) }
        }
    }

    // MARK: The end

    /// Lets clients go, gently, while new ones may come; or no longer.
    private func drain(_ drains: Bool) {
        guard stopsAt == nil, drains != (drainsSince != nil) else { return }
        drainsSince = drains ? now : nil
        for session in sessions { if drains { session?.stop() } else { session?.goOn() } }
    }

    private func stop(until: Nanoseconds) {
        guard stopsAt == nil else { return }
        for frontend in frontends {
            for listener in frontend.listeners {
                listener.unwatch()
                listener.drain()
            }
        }
        stopsAt = until
        for session in sessions { session?.stop() }
    }

    private func finishStopping(_ time: Nanoseconds) {
        if now >= time { for session in sessions { session?.abort() } }
        // Another worker may have sent us a client before it heard of the end.
        guard sessionCount == 0, shared.mailboxes[index].closeIfEmpty() else { return }
        isRunning = false
        for backend in backends {
            for server in backend.servers {
                while let connection = server.idle.popLast() { close(connection) }
            }
        }
        reactor.remove(shared.mailboxes[index].bell)
        shared.control.post(.stopped(worker: index))
    }
}
