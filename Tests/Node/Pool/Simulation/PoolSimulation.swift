import Languages
import TestSupport

@testable import Pool

/// One random history of a pool: what bytes move when, who leaves and what breaks follow from the seed alone.
struct PoolSimulation {
    /// What may go wrong besides cuts and clients that vanish.
    struct Faults: OptionSet {
        let rawValue: Int
        static let crashes = Faults(rawValue: 1)
        static let refusals = Faults(rawValue: 2)
        static let kills = Faults(rawValue: 4)
        static let cancels = Faults(rawValue: 8)
        static let pauses = Faults(rawValue: 16)
        static let reloads = Faults(rawValue: 32)
        /// After these a client may be ended by the pool.
        static let endClients: Faults = [.crashes, .refusals, .kills, .cancels]
    }

    let seed: UInt64
    private var dice: SplitMix64
    private let faults: Faults
    private let stage: PoolStage
    private let console: TestClient
    private var clients: [SimulatedClient] = []
    private let wanted: Int
    private var born = 0
    /// The largest sizes that were configured so far.
    private var poolLimit: Int
    private(set) var answered = 0

    init(seed: UInt64) {
        self.seed = seed
        var dice = SplitMix64(seed: seed)
        faults = Bool.random(using: &dice) ? Faults(rawValue: Int.random(in: 0..<64, using: &dice)) : []
        let size = Int.random(in: 1...4, using: &dice)
        poolLimit = size
        var change: [(String, String)] = [("default_pool_size", "\(size)"), ("query_wait_timeout", "0")]
        change.append(("max_prepared_statements", ["0", "1", "2", "200"].randomElement(using: &dice) ?? ""))
        // Without them statements belong to sessions: only those who keep theirs hear what they expect.
        let isSession = change[2].1 == "0" || Int.random(in: 0..<5, using: &dice) == 0
        change.append(("pool_mode", isSession ? "session" : "transaction"))
        for (name, values) in [
            ("min_pool_size", ["0", "1", "2"]), ("reserve_pool_size", ["0", "1"]),
            ("max_db_connections", ["0", "2", "3"]), ("max_user_connections", ["0", "3"]),
            ("server_lifetime", ["3600", "0", "1", "3"]), ("server_idle_timeout", ["600", "1"]),
            ("server_check_delay", ["30", "0", "1"]), ("server_check_query", ["", "SELECT 'check'"]),
            ("server_login_retry", ["1", "0"]), ("server_reset_query_always", ["0", "1"]),
            ("server_round_robin", ["0", "1"]),
        ] where Bool.random(using: &dice) {
            change.append((name, values.randomElement(using: &dice) ?? ""))
        }
        stage = PoolStage(seed: seed) { configuration in
            configuration.databases.append(PoolStage.database("other"))
            configuration.reservePoolTimeout = .seconds(1)
            configuration.logDisconnections = false
            for (name, value) in change { _ = configuration.set(name, to: value) }
        }
        console = stage.console()
        wanted = Int.random(in: 2...9, using: &dice)
        self.dice = dice
    }

    /// What was violated; nil: nothing.
    mutating func run(steps: Int) -> String? {
        for step in 0..<steps {
            act()
            if let problem = look() { return "step \(step): \(problem); \(situation)" }
        }
        return finish()
    }

    private mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &dice) == 0 }

    // MARK: what happens

    private mutating func act() {
        switch Int.random(in: 0..<100, using: &dice) {
        case 0..<70: move()
        case 70..<85: ask()
        case 85..<90:
            if let process = stage.postgres.sessions.keys.sorted().randomElement(using: &dice) {
                stage.postgres.sessions[process]?.wake()
            }
        case 90..<94:
            stage.tick(Int64.random(in: 0...400_000_000, using: &dice))
            if stage.now >= stage.pooler.deadlineNanoseconds { stage.pooler.time(at: stage.now) }
        case 94:
            if chance(8) { stage.piece = [1, 2, 7, 100, 5000, 70_000].randomElement(using: &dice) ?? 1 }
            stage.postgres.finishCancels()
            stage.postgres.cancelLingers = faults.contains(.cancels) && chance(2)
        case 95: leave()
        case 96:
            if chance(3), let wire = stage.driver.wires.randomElement(using: &dice) { stage.stalled = [wire] }
            if chance(2) { stage.stalled = [] }
        default: breakSomething()
        }
        clients.removeAll { $0.isClosed && $0.problem == nil }
    }

    private mutating func move() {
        // Some at a time, or nothing would ever be done.
        for _ in 0..<4 {
            guard let wire = stage.driver.wires.randomElement(using: &dice), !wire.isOver else { break }
            _ = stage.connect(wire)
            if Bool.random(using: &dice) {
                _ = stage.toPool(wire, Int.random(in: 1...stage.piece, using: &dice))
            } else {
                _ = stage.toPeer(wire, Int.random(in: 1...stage.piece, using: &dice))
            }
            _ = stage.end(wire)
        }
        stage.driver.wires.removeAll { $0.isOver }
    }

    private mutating func ask() {
        if clients.count < wanted, chance(2) {
            born += 1
            let user = ["alice", "bob"].randomElement(using: &dice) ?? ""
            let database = ["app", "app", "other"].randomElement(using: &dice) ?? ""
            var parameters = [(name: "user", value: user), (name: "database", value: database)]
            if chance(2) { parameters.append((name: "application_name", value: "app of c\(born)")) }
            if chance(3) { parameters.append((name: "DateStyle", value: "sql, dmy")) }
            let peer = Peer(address: "198.51.100.7", port: UInt16(born))
            let wire = stage.driver.accept(stage.pooler.accepted(from: peer, at: stage.now))
            clients.append(SimulatedClient("c\(born)", wire, parameters))
        } else if let client = clients.randomElement(using: &dice),
            client.isIdle || client.isIn && chance(20),
            !client.isLeaving
        {
            client.act(&dice)
            answered += 1
        }
    }

    /// A client goes, politely or not.
    private mutating func leave() {
        guard chance(4), let client = clients.randomElement(using: &dice), !client.isLeaving else { return }
        if client.isIdle, chance(2) {
            client.wire.incoming += Say.terminate
        } else {
            if chance(2) { client.wire.incoming += Array(Say.query("SELECT 'never'").prefix(7)) }
            client.vanish()
        }
        client.isLeaving = true
    }

    private mutating func breakSomething() {
        let kinds: [Faults] = [.crashes, .refusals, .kills, .cancels, .pauses, .reloads]
        guard let kind = kinds.filter({ faults.contains($0) }).randomElement(using: &dice) else { return }
        switch kind {
        case .crashes:
            guard chance(4) else { return }
            let processes = stage.postgres.sessions.keys.sorted()
            if chance(8) {
                stage.postgres.crash()
            } else if let process = processes.randomElement(using: &dice),
                let session = stage.postgres.sessions[process]
            {
                if Bool.random(using: &dice) {
                    session.crash()
                } else {
                    session.fatal("57P01", "terminating connection due to administrator command")
                }
            }
        case .refusals:
            stage.postgres.loginError = chance(3) ? ("53300", "sorry, too many clients already") : nil
            stage.postgres.closedPorts = chance(3) ? [5432] : []
        case .kills:
            if chance(10) {
                console.send(Say.query("KILL app") + Say.query("RESUME app"))
            } else if chance(4),
                let number = stage.pooler.sessions.compactMap({ $0 }).randomElement(using: &dice)?.number,
                number != 1
            {
                console.send(Say.query("KILL_CLIENT \(number)"))
            }
        case .cancels:
            guard let client = clients.randomElement(using: &dice), client.isIn, !client.isLeaving else {
                return
            }
            client.hasCancelled = true
            let link = stage.pooler.accepted(from: Peer(address: "198.51.100.8", port: 1), at: stage.now)
            stage.driver.accept(link).incoming += client.transcript.cancelRequest
        case .pauses:
            let command = [
                "PAUSE", "PAUSE other", "RESUME", "RESUME other", "RECONNECT", "RECONNECT app", "RESUME",
            ]
            console.send(Say.query(command.randomElement(using: &dice) ?? ""))
            // The console waits for a PAUSE to be complete: a second one says that it is over.
            if chance(2) { stage.pooler.resumeAll(at: stage.now) }
        default:
            let size = Int.random(in: 1...4, using: &dice)
            poolLimit = max(poolLimit, size)
            var configuration = stage.pooler.configuration
            configuration.defaultPoolSize = size
            if chance(3) { configuration.databases[0].connectQuery = "SELECT 'connected \(size)'" }
            stage.pooler.received(
                .reload(PoolReload(configuration, PoolStage.secrets)), at: stage.now)
        }
    }

    // MARK: what must be true

    private func look() -> String? {
        if let problem = clients.compactMap({ $0.problem }).first { return problem }
        if let problem = stage.driver.violations.first { return "the pool \(problem)" }
        let configuration = stage.pooler.configuration
        for database in stage.pooler.databases.values {
            if let limit = configuration.maxDbConnections, limit > 0, database.serverCount > limit {
                return "\(database.serverCount) servers of \(database.name), max_db_connections is \(limit)"
            }
            for pool in database.pools where pool.servers.count > poolLimit + configuration.reservePoolSize {
                return "\(pool.servers.count) servers in a pool of \(poolLimit)"
            }
            for pool in database.pools {
                if let server = pool.idle.first(where: {
                    $0.client != nil || $0.state != .idle || $0.isClosed
                }) {
                    return "server \(server.number) is in the idle list and is not idle"
                }
                for server in pool.servers {
                    if let client = server.client, client.server !== server || client.isClosed {
                        return "server \(server.number) has a client that has not got it"
                    }
                }
            }
        }
        for case let session? in stage.pooler.sessions where !session.isServer {
            let client = unsafeDowncast(session, to: PoolClient.self)
            if !client.changes.isEmpty, client.server?.outstanding.isEmpty ?? true {
                return "c\(client.peer.port) has changes of names that nothing will settle"
            }
        }
        for user in stage.pooler.users.values {
            if let limit = configuration.maxUserConnections, limit > 0, user.serverCount > limit {
                return "\(user.serverCount) servers of \(user.name), max_user_connections is \(limit)"
            }
        }
        if faults.isDisjoint(with: .endClients),
            let client = clients.first(where: { $0.isClosed && !$0.isLeaving })
        {
            let lines = stage.driver.lines.filter { $0.level != .info }.suffix(3).map { $0.text }
            return "\(client.name) was ended though nothing was wrong: \(lines)"
        }
        return nil
    }

    /// Nothing goes wrong any more: everybody is answered, and when all have gone nothing is left.
    private mutating func finish() -> String? {
        stage.piece = 100_000
        stage.stalled = []
        stage.postgres.loginError = nil
        stage.postgres.closedPorts = []
        stage.postgres.cancelLingers = false
        stage.postgres.finishCancels()
        stage.pooler.resumeAll(at: stage.now)
        for _ in 0..<60 {
            stage.pump()
            stage.postgres.wakeAll()
            stage.pass(.seconds(1))
            // The console may have had a PAUSE before it.
            stage.pooler.resumeAll(at: stage.now)
            // Open transactions keep others waiting for ever: they end.
            for client in clients where !client.isLeaving && client.isIdle && client.isInTransaction {
                client.send(Say.query("ROLLBACK"))
            }
            // So do sessions.
            if stage.pooler.databases.values.contains(where: { $0.pools.contains { $0.mode == .session } }),
                let client = clients.first(where: { $0.isIdle && !$0.isLeaving })
            {
                client.isLeaving = true
                client.send(Say.terminate)
            }
            for client in clients where client.isIdle && !client.isLeaving && isPinned(client) {
                client.isLeaving = true
                client.send(Say.terminate)
            }
            if let problem = look() { return "at the end: \(problem)" }
            clients.removeAll { $0.isClosed }
        }
        if let client = clients.first(where: { !$0.isIdle }) {
            return "starved: \(client.missing); \(situation)"
        }
        for client in clients { client.send(Say.terminate) }
        stage.pump()
        console.send(Say.terminate)
        stage.pump()
        stage.pass(.seconds(1))
        return leftovers()
    }

    private func isPinned(_ client: SimulatedClient) -> Bool {
        stage.servers.contains { $0.client?.link == client.wire.link && !client.wire.isClosed && $0.isPinned }
    }

    /// What there is, for people.
    private var situation: String {
        stage.pooler.databases.values.flatMap { $0.pools }.map { pool in
            let states = pool.servers.map { describe($0) }
            let name = "\(pool.database.name)/\(pool.user.name)"
            return "\(name): \(pool.waiting.count) wait, paused \(pool.database.isPaused), \(states)"
        }.joined(separator: "; ")
    }

    private func describe(_ server: PoolServer) -> String {
        guard let client = server.client else { return "\(server.state)" }
        let owed = server.outstanding.all.map { "\($0.kind) \($0.query)" }
        let flags = (server.skipsToSync ? " skips" : "") + (server.takesCopy ? " copies" : "")
        return "\(server.state) of c\(client.peer.port)\(flags), owes \(owed)"
    }

    private func leftovers() -> String? {
        let pooler = stage.pooler
        if pooler.clientCount != 0 { return "\(pooler.clientCount) clients are left" }
        if !pooler.cancelKeys.isEmpty { return "\(pooler.cancelKeys.count) cancel keys are left" }
        if !pooler.cancels.isEmpty { return "\(pooler.cancels.count) cancel requests are left" }
        let sessions = pooler.sessions.compactMap { $0 }
        if sessions.contains(where: { !$0.isServer }) { return "a client's session is left" }
        if stage.driver.open.count != sessions.count {
            return "\(stage.driver.open.count) links, \(sessions.count) sessions"
        }
        for database in pooler.databases.values {
            if database.clientCount != 0 { return "\(database.name) counts \(database.clientCount) clients" }
            let servers = database.pools.reduce(0) { $0 + $1.servers.count }
            if servers != database.serverCount {
                return "\(database.name) counts \(database.serverCount) servers"
            }
            for pool in database.pools {
                if pool.clientCount != 0 || pool.waiting.count != 0 { return "a pool counts clients" }
                if pool.checks != pool.servers.filter({ $0.state == .busy && $0.task == .check }).count {
                    return "a pool counts \(pool.checks) checks"
                }
                if pool.logins != pool.servers.filter({ $0.state == .login }).count {
                    return "a pool counts logins"
                }
            }
        }
        if let user = pooler.users.values.first(where: { $0.clientCount != 0 }) {
            return "\(user.name) counts clients"
        }
        var number: UInt32 = 1
        while number < 100_000, number <= 200 {
            if let query = pooler.queries[number], query.uses != 0 {
                return "prepared query \(number) counts \(query.uses) uses"
            }
            number += 1
        }
        return nil
    }
}
