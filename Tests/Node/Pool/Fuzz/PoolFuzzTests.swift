import Languages
import TestSupport
import Testing

@testable import Pool

@Suite("Whatever bytes come") struct PoolFuzzTests {
    /// What clients say, to be mixed and spoilt.
    static let requests: [[UInt8]] = [
        Say.query("SELECT 'a'"), Say.query("BEGIN"), Say.query("COMMIT"), Say.query("COPY IN"),
        Say.copyData("x"),
        Say.copyDone, Say.copyFail("x"), Say.parse("s", "SELECT $1"), Say.bind("s", ["x"]), Say.execute(),
        Say.sync,
        Say.flush, Say.describe(statement: "s"), Say.describe(portal: ""), Say.close(statement: "s"),
        Say.close(portal: "p"), Say.terminate, Say.query("DISCARD ALL"), Say.query("DEALLOCATE s"),
        Say.query("EXECUTE s"), Say.message("F", [0, 0, 0, 1]), Say.message("p", [1, 2, 0]),
        Say.query("FAIL"),
        Say.startup([("user", "alice"), ("database", "app")]), Say.query("SHOW POOLS"), Say.message("B", []),
        Say.message("P", [0x73]), Say.message("D", [0x53]), Say.message("C", []), Say.query("SLEEP 'a'"),
        Say.query("DEALLOCATE ALL"), Say.query("ROWS 3 9"),
    ]

    /// What servers say.
    static let answers: [[UInt8]] = [
        Say.message("1"), Say.message("2"), Say.message("3"), Say.message("n"), Say.message("I"),
        Say.message("s"),
        Say.message("Z", [0x49]), Say.message("Z", [0x54]), Say.message("Z", [0x45]), Say.message("Z", []),
        Say.message("C", Say.zero("SELECT 1")), Say.message("C", Say.zero("DISCARD ALL")),
        Say.message("C", Say.zero("DEALLOCATE ALL")), Say.message("E", [0]), Say.message("E", []),
        Say.message("E", [0x53] + Say.zero("ERROR") + [0x43] + Say.zero("42601") + [0]),
        Say.message("E", [0x53] + Say.zero("FATAL") + [0x56] + Say.zero("FATAL") + [0]),
        Say.message("S", Say.zero("TimeZone") + Say.zero("UTC")), Say.message("S", [0x41]),
        Say.message("S", []),
        Say.message("G", [0, 0, 0]), Say.message("H", [0, 0, 0]), Say.message("c"),
        Say.message("d", [1, 2, 3]),
        Say.message("D", [0, 0]), Say.message("T", [0, 0]), Say.message("t", [0, 0]),
        Say.message("K", [1, 2]),
        Say.message("R", Say.big(0)), Say.message("R", Say.big(5) + [1, 2, 3, 4]),
        Say.message("R", Say.big(10)),
        Say.message("R", []), Say.message("N", [0]), Say.message("A", Say.big(1) + [0, 0]),
        Say.message("v", [0]),
        Say.message("K", Say.big(1) + Say.big(2)),
    ]

    /// Some of these, with bytes changed, left out and put in.
    static func spoilt(_ parts: [[UInt8]], _ dice: inout SplitMix64) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 1...6, using: &dice) { bytes += parts.randomElement(using: &dice) ?? [] }
        for _ in 0..<Int.random(in: 0...3, using: &dice) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &dice)
            switch Int.random(in: 0..<4, using: &dice) {
            case 0: bytes[at] = UInt8.random(in: 0...255, using: &dice)
            case 1: bytes.remove(at: at)
            case 2: bytes.insert(UInt8.random(in: 0...255, using: &dice), at: at)
            default: bytes.removeLast(bytes.count - at)
            }
        }
        return bytes
    }

    /// The pool as it was in the beginning, but for servers.
    func expectUnhurt(_ stage: PoolStage, _ witness: TestClient, _ seed: UInt64) {
        stage.postgres.wakeAll()
        stage.pump()
        stage.pass(.seconds(40))
        _ = witness.take()
        #expect(witness.query("SELECT 'still here'").contains("row still here"), "seed \(seed)")
        #expect(stage.driver.violations == [], "seed \(seed)")
        let held = stage.pooler.sessions.reduce(0) { $0 + ($1?.held.count ?? 0) }
        #expect(held < 4 << 20, "seed \(seed)")
    }

    @Test(
        "spoilt bytes of clients in every state hurt nobody else",
        arguments: [PoolMode.transaction, .session, .statement])
    func clients(mode: PoolMode) {
        for seed in UInt64(1)...150 {
            var dice = SplitMix64(seed: seed)
            let stage = PoolStage(seed: seed) {
                $0.poolMode = mode
                $0.databases.append(PoolStage.database("other"))
                if seed % 3 == 0 { $0.maxPreparedStatements = 0 }
            }
            let witness = stage.client("witness", "other")
            for _ in 0..<8 {
                let start =
                    [
                        Say.startup([("user", "alice"), ("database", "app")]),
                        Say.startup([("user", "watcher"), ("database", "pgbouncer")]), [],
                    ].randomElement(using: &dice) ?? []
                let client = stage.connect()
                stage.piece = [1, 5, 1000].randomElement(using: &dice) ?? 1
                client.send(start)
                if Bool.random(using: &dice) { stage.pump() }
                for _ in 0..<Int.random(in: 1...4, using: &dice) {
                    client.send(Self.spoilt(Self.requests, &dice))
                    if Bool.random(using: &dice) { stage.pump() }
                }
                stage.pump()
                if Bool.random(using: &dice) { client.vanish() }
            }
            stage.piece = 1000
            expectUnhurt(stage, witness, seed)
        }
    }

    @Test("spoilt bytes of servers in every state hurt nobody else")
    func servers() {
        for seed in UInt64(1)...300 {
            var dice = SplitMix64(seed: seed)
            let stage = PoolStage(seed: seed) {
                $0.databases.append(PoolStage.database("other"))
                $0.poolMode = seed % 2 == 0 ? .session : .transaction
                $0.serverLoginRetry = .zero
            }
            let witness = stage.client("witness", "other")
            witness.query("SELECT 'a'")
            stage.postgres.loginHangs = seed % 5 == 0
            let clients = (0..<3).map { _ in stage.connect() }
            for (index, client) in clients.enumerated() {
                client.send(
                    Say.startup([("user", "alice"), ("database", "app"), ("application_name", "a\(index)")]))
            }
            stage.pump()
            for _ in 0..<12 {
                let client = clients.randomElement(using: &dice)
                if let client, !client.isClosed {
                    client.send(Self.requests.randomElement(using: &dice) ?? [])
                }
                if Bool.random(using: &dice) { stage.pump() }
                let server = stage.servers.filter { $0.pool.database.name == "app" }.randomElement(
                    using: &dice)
                if let server { stage.driver.open[server.link]?.incoming += Self.spoilt(Self.answers, &dice) }
                stage.piece = [1, 5, 1000].randomElement(using: &dice) ?? 1
                stage.pump()
            }
            stage.postgres.loginHangs = false
            stage.piece = 1000
            expectUnhurt(stage, witness, seed)
        }
    }

    @Test("a length that is impossible ends the client at once")
    func impossibleLengths() {
        for length in [0, 3, 0x7FFF_FFFF, 0xFFFF_FFFF] {
            let stage = PoolStage { $0.maxPacketSize = 1 << 20 }
            let a = stage.client()
            #expect(a.ask([0x51] + Say.big(length)).last == "end")
            #expect(stage.pooler.clientCount == 0)
        }
    }
}
