import Pool
import Simulator

/// What a driver could get wrong, to see that the invariant finds it.
enum ReadFlaw: CaseIterable {
    case none
    /// The router is asked without the session's mark.
    case forgetsMarks
    /// A sample counts from when it came, not from before it was asked for.
    case countsFromArrival
    /// A new connection is used without waiting for a sample.
    case trustsNewConnections
    /// All positions are said to be of one timeline.
    case mixesTimelines
    /// Other pools hear of a write at the next beat, not before it begins.
    case tellsLate
}

/// Sessions write and read through several pools, while standbys lag, crash and take over: after its own write was
/// acknowledged, a session never reads older state (P4), and with marks by user nobody of the user does.
struct ReadScenario {
    struct Outcome {
        var violation: String?
        var simulated: Duration = .zero
        var writes = 0
        var reads = 0
        var standbyReads = 0
        var failovers = 0
        /// Failovers, crashes of standbys, pools that were stopped.
        var faults = 0
        var nodes = 0
    }

    private enum Event {
        case flow
        case failover
        case restart
        case news(pool: Int, epoch: UInt64, holder: Int)
        case ask(pool: Int, node: Int)
        case read(pool: Int, node: Int, askedAt: Duration)
        case sample(pool: Int, PositionSample, isPrimary: Bool)
        case beat(pool: Int)
        case datagram(pool: Int, [UInt8])
        case act(session: Int)
        case commit(session: Int, epoch: UInt64, node: Int)
        case acknowledge(session: Int, commit: Int, epoch: UInt64, tries: Int)
        case ended(session: Int, commit: Int?)
        case readAt(session: Int, node: Int, incarnation: Int, since: Duration)
        case pause
    }

    private struct Session {
        var pool: Int
        var user: Int
        var state: SessionState
        var isBusy = false
        /// When its client asked what is not answered yet.
        var askedAt: Duration?
        var acknowledged: (commit: Int, at: Duration)?
    }

    private struct PoolNode {
        var router: Router
        var clock: Duration
        var heardEpoch: UInt64 = 1
        var connections: [Int: (at: Duration, incarnation: Int)] = [:]
        var pausedUntil: Duration = .zero
    }

    private let flaw: ReadFlaw
    private let isByUser: Bool
    private let isLossy: Bool
    private let length: Duration
    private var random: SeededRandom
    private var events = EventQueue<Event>()
    private var now: Duration = .zero
    private var servers: ReplicatedServers
    private var pools: [PoolNode] = []
    private var sessions: [Session] = []
    /// By user, what was acknowledged: commit, when, through which pool.
    private var byUser: [[(commit: Int, at: Duration, pool: Int)]]
    private var outcome = Outcome()

    /// Beats between pools and samples of servers.
    private static let beat: Duration = .milliseconds(40)

    init(seed: UInt64, flaw: ReadFlaw = .none, length: Duration = .seconds(30)) {
        random = SeededRandom(seed: seed)
        self.flaw = flaw
        self.length = length
        let happens = random.happens(perMille: 500)
        isByUser = happens || flaw == .tellsLate
        isLossy = random.happens(perMille: 500)
        let nodes = 3 + random.below(2)
        servers = ReplicatedServers(count: nodes)
        outcome.nodes = nodes
        let users = 1 + random.below(4)
        byUser = Array(repeating: [], count: users)
        for number in 0..<(1 + random.below(3)) {
            let clock = Duration.seconds(random.below(100_000))
            var router = Router(
                mode: .auto,
                limits: PositionBoard.Limits(bytes: 1 << 20, time: .seconds(3), age: .milliseconds(500)),
                at: clock)
            router.lease(epoch: 1, holder: 0, at: clock)
            pools.append(PoolNode(router: router, clock: clock))
            for node in 0..<nodes {
                events.add(.ask(pool: number, node: node), at: .milliseconds(random.below(40)))
            }
            events.add(.beat(pool: number), at: .milliseconds(random.below(40)))
        }
        for number in pools.indices {
            let others = pools.indices.filter { $0 != number }.map { UInt8($0) }
            pools[number].router.expect(pools: others, at: pools[number].clock)
        }
        for number in 0..<(4 + random.below(8)) {
            let user = random.below(users)
            let key = isByUser ? MarkKey.user([UInt8(user)], database: [1]) : nil
            sessions.append(
                Session(
                    pool: random.below(pools.count), user: user,
                    state: SessionState(session: UInt64(number), key: key)))
            events.add(.act(session: number), at: .milliseconds(200 + random.below(100)))
        }
        events.add(.flow, at: .milliseconds(1))
        events.add(.failover, at: random.duration(in: .seconds(1) ... .seconds(10)))
        events.add(.restart, at: random.duration(in: .milliseconds(300) ... .seconds(3)))
        events.add(.pause, at: random.duration(in: .seconds(1) ... .seconds(5)))
    }

    mutating func run() -> Outcome {
        while outcome.violation == nil, let (time, event) = events.removeFirst(), time <= length {
            now = time
            handle(event)
        }
        outcome.simulated = now
        return outcome
    }

    /// The time by a pool's own clock.
    private func clock(_ pool: Int) -> Duration { pools[pool].clock + now }

    private mutating func later(_ event: Event, _ range: ClosedRange<Duration>) {
        events.add(event, at: now + random.duration(in: range))
    }

    private mutating func handle(_ event: Event) {
        switch event {
        case .flow:
            servers.flow(at: now, random: &random)
            events.add(.flow, at: now + .milliseconds(2))
        case .failover:
            outcome.failovers += 1
            outcome.faults += 1
            servers.failOver(at: now, random: &random)
            for pool in pools.indices {
                later(
                    .news(pool: pool, epoch: servers.epoch, holder: servers.primary),
                    .zero ... .milliseconds(300))
            }
            later(.failover, .milliseconds(400) ... .seconds(8))
        case .restart:
            outcome.faults += 1
            servers.restart(random.below(servers.servers.count), random: &random)
            later(.restart, .milliseconds(100) ... .seconds(2))
        case .pause:
            // A pool's process is stopped for a while: what came meanwhile is handled late.
            outcome.faults += 1
            let pool = random.below(pools.count)
            pools[pool].pausedUntil = now + random.duration(in: .milliseconds(10) ... .seconds(1))
            later(.pause, .milliseconds(500) ... .seconds(5))
        case .news(let pool, let epoch, let holder):
            guard !isDeferred(event, pool) else { return }
            pools[pool].heardEpoch = max(pools[pool].heardEpoch, epoch)
            pools[pool].router.lease(epoch: epoch, holder: UInt8(holder), at: clock(pool))
        case .ask(let pool, let node):
            guard !isDeferred(event, pool) else { return }
            later(.read(pool: pool, node: node, askedAt: clock(pool)), .zero ... .milliseconds(20))
            later(.ask(pool: pool, node: node), .milliseconds(20) ... .milliseconds(50))
        case .read(let pool, let node, let askedAt):
            sample(pool, node, askedAt)
        case .sample(let pool, var sample, let isPrimary):
            guard !isDeferred(event, pool) else { return }
            if flaw == .countsFromArrival { sample.askedAt = clock(pool) }
            if isPrimary {
                pools[pool].router.sampled(primary: sample, at: clock(pool))
            } else {
                pools[pool].router.sampled(standby: sample)
            }
        case .beat(let pool):
            guard !isDeferred(event, pool) else { return }
            tellOthers(pool)
            events.add(.beat(pool: pool), at: now + Self.beat)
        case .datagram(let pool, let bytes):
            guard !isDeferred(event, pool) else { return }
            if let snapshot = MarkSnapshot(bytes) { pools[pool].router.merge(snapshot, at: clock(pool)) }
        case .act(let session):
            // The client does not know whether its pool is stopped.
            if sessions[session].askedAt == nil { sessions[session].askedAt = now }
            guard !isDeferred(event, sessions[session].pool) else { return }
            act(session)
        case .commit(let session, let epoch, let node):
            guard epoch == servers.epoch, node == servers.primary else {
                later(.ended(session: session, commit: nil), .zero ... .milliseconds(5))
                return
            }
            let commit = servers.commit(random: &random)
            later(
                .acknowledge(session: session, commit: commit, epoch: epoch, tries: 0),
                .milliseconds(1) ... .milliseconds(5))
        case .acknowledge(let session, let commit, let epoch, let tries):
            if servers.isSafe(commit, epoch: epoch) {
                // Known to the server; the pool hears of it later, perhaps after a failover.
                later(.ended(session: session, commit: commit), .zero ... .milliseconds(isLossy ? 100 : 10))
            } else if epoch != servers.epoch || tries > 500 {
                later(.ended(session: session, commit: nil), .zero ... .milliseconds(5))
            } else {
                later(
                    .acknowledge(session: session, commit: commit, epoch: epoch, tries: tries + 1),
                    .milliseconds(1) ... .milliseconds(5))
            }
        case .ended(let session, let commit):
            guard !isDeferred(event, sessions[session].pool) else { return }
            ended(session, commit)
        case .readAt(let session, let node, let incarnation, let since):
            readAt(session, node, incarnation, since)
        }
    }

    /// Whether a pool is stopped, so that the event comes when it goes on.
    private mutating func isDeferred(_ event: Event, _ pool: Int) -> Bool {
        guard now < pools[pool].pausedUntil else { return false }
        events.add(event, at: pools[pool].pausedUntil)
        return true
    }

    private mutating func sample(_ pool: Int, _ node: Int, _ askedAt: Duration) {
        let server = servers.servers[node]
        guard server.isUp, !isLossy || !random.happens(perMille: 100) else { return }
        let isPrimary = node == servers.primary
        let sample = PositionSample(
            node: UInt8(node), epoch: servers.epoch, timeline: flaw == .mixesTimelines ? 1 : server.timeline,
            offset: isPrimary ? server.insertion : server.position, askedAt: askedAt)
        later(.sample(pool: pool, sample, isPrimary: isPrimary), .zero ... .milliseconds(isLossy ? 200 : 20))
    }

    private mutating func tellOthers(_ pool: Int) {
        let bytes = pools[pool].router.snapshot(pool: UInt8(pool), life: UInt64(pool + 1)).bytes
        for other in pools.indices where other != pool {
            if isLossy, random.happens(perMille: 200) { continue }
            // Without loss a datagram is faster than a commit.
            later(.datagram(pool: other, bytes), .zero ... .milliseconds(isLossy ? 100 : 1))
        }
    }

    private mutating func act(_ session: Int) {
        let pool = sessions[session].pool
        guard !sessions[session].isBusy else { return }
        var verdict = ReadVerdict()
        if random.happens(perMille: 300) {
            verdict = .unknown
        } else {
            verdict = Self.read
        }
        var state = sessions[session].state
        if flaw == .forgetsMarks { state.key = .session(UInt64.max) }
        let busy = (0..<servers.servers.count).map { _ in random.below(3) }
        let route = pools[pool].router.route(verdict, state, at: clock(pool)) { busy[Int($0)] }
        switch route {
        case .wait: later(.act(session: session), .milliseconds(5) ... .milliseconds(30))
        case .primary:
            guard verdict.mayWrite, let holder = pools[pool].router.board.holder else {
                // A read of the primary sees everything.
                outcome.reads += 1
                sessions[session].askedAt = nil
                return later(.act(session: session), .milliseconds(1) ... .milliseconds(60))
            }
            sessions[session].isBusy = true
            if pools[pool].router.sending(verdict, &sessions[session].state), flaw != .tellsLate {
                tellOthers(pool)
            }
            later(
                .commit(session: session, epoch: pools[pool].router.board.epoch, node: Int(holder)),
                .milliseconds(2) ... .milliseconds(20))
        case .standby(let node):
            read(session, Int(node))
        }
    }

    private mutating func read(_ session: Int, _ node: Int) {
        let pool = sessions[session].pool
        let incarnation = servers.servers[node].incarnation
        if pools[pool].connections[node]?.incarnation != incarnation {
            pools[pool].connections[node] = (clock(pool), incarnation)
        }
        guard let connection = pools[pool].connections[node] else { return }
        var state = sessions[session].state
        if flaw == .forgetsMarks { state.key = .session(UInt64.max) }
        let connected = flaw == .trustsNewConnections ? Duration.zero : connection.at
        guard pools[pool].router.permits(UInt8(node), connected: connected, state, at: clock(pool)) else {
            return later(.act(session: session), .milliseconds(5) ... .milliseconds(60))
        }
        sessions[session].isBusy = true
        later(
            .readAt(
                session: session, node: node, incarnation: connection.incarnation,
                since: sessions[session].askedAt ?? now),
            .zero ... .milliseconds(30))
    }

    private mutating func ended(_ session: Int, _ commit: Int?) {
        let pool = sessions[session].pool
        pools[pool].router.transactionEnded(&sessions[session].state, at: clock(pool))
        sessions[session].isBusy = false
        sessions[session].askedAt = nil
        if let commit {
            outcome.writes += 1
            sessions[session].acknowledged = (commit, now)
            byUser[sessions[session].user].append((commit, now, pool))
        }
        later(.act(session: session), .zero ... .milliseconds(60))
    }

    private mutating func readAt(_ session: Int, _ node: Int, _ incarnation: Int, _ since: Duration) {
        sessions[session].isBusy = false
        sessions[session].askedAt = nil
        later(.act(session: session), .zero ... .milliseconds(60))
        let server = servers.servers[node]
        // A connection to a process that is gone breaks, and nothing is read.
        guard server.incarnation == incarnation else { return }
        outcome.reads += 1
        outcome.standbyReads += 1
        if let (commit, at) = sessions[session].acknowledged, !server.sees(commit) {
            outcome.violation =
                "session \(session) reads at \(now) on node \(node) and does not see its commit \(commit) of \(at)"
        }
        guard isByUser else { return }
        for (commit, at, pool) in byUser[sessions[session].user].suffix(20) where !server.sees(commit) {
            // A datagram may be lost; then the next beats bring it, or silence is noticed.
            let isLocal = pool == sessions[session].pool
            let known = isLocal ? at : isLossy ? at + .milliseconds(800) : at
            guard since > known else { continue }
            outcome.violation =
                "session \(session) reads at \(now) on node \(node) and does not see commit \(commit), which its user was "
                + "told of at \(at) by pool \(pool)"
        }
    }

    private static let read: ReadVerdict = {
        var router = Router(mode: .auto, at: .zero)
        let text = Array("select 1".utf8)
        return router.judge(Statement.classify(text, for: .routing), text.span.bytes, at: .zero)
    }()
}
