import Commands
import Foundation
import JSON
import TestSupport
import Testing

/// Real PostgreSQL and the real binary on a real (virtual) network, under a writer that never stops. Bounded waits; what is
/// measured is printed, and nothing is expected of it.
@Suite(
    .serialized,
    .enabled(
        if: getuid() == 0 && ProcessInfo.processInfo.environment["PIDEP_LAB_TESTS"] == "1",
        "needs root and PIDEP_LAB_TESTS=1"))
struct DatabaseInNamespacesTests {
    /// A shelf that works, taken down at the end.
    private func withShelf(
        nodes: Int = 3, durability: String = "strict", diskSize: Int = DatabaseShelf.diskSize,
        backupNode: Int? = nil, _ body: (DatabaseShelf) throws -> Void
    ) throws {
        let shelf = try DatabaseShelf(
            nodes: nodes, durability: durability, diskSize: diskSize, backupNode: backupNode)
        defer { shelf.close() }
        try #require(shelf.recovers(), "\(shelf.story)")
        try body(shelf)
    }

    /// A line of the output, at once.
    private func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

    /// Lets something happen, waits until all is as it was, and audits.
    private func survive(_ event: ShelfEvent, at node: Int, on shelf: DatabaseShelf) throws {
        let wasPrimary = shelf.primary == node
        let epoch = try #require(shelf.epoch)
        let complaints = shelf.writer?.complaints.count ?? 0
        shelf.writer?.mark()
        let begin = Date()
        try event.happen(to: node, on: shelf)
        if wasPrimary, event.endsReign {
            #expect(
                shelf.eventually { (shelf.epoch ?? 0) > epoch },
                "\(event.rawValue) at n\(node)\n\(shelf.story)")
        }
        try #require(shelf.recovers(), "\(event.rawValue) at n\(node)\n\(shelf.story)")
        let gap = shelf.writer?.gap.seconds ?? 0
        let time = Date().timeIntervalSince(begin)
        let told = Set((shelf.writer?.complaints ?? []).dropFirst(complaints))
        try shelf.audit("\(event.rawValue) at n\(node)")
        say(
            "\(event.rawValue), \(wasPrimary ? "primary" : "standby") n\(node): "
                + String(format: "%.2f s without writes, whole again after %.1f s, ", gap, time)
                + "n\(shelf.primary ?? 0) is primary, \(shelf.acknowledged.count) rows acknowledged; clients were told \(told)"
        )
    }

    /// A node is killed, and before that is overcome something happens to another or to all: nobody need take writes meanwhile,
    /// and nothing is lost.
    private func survive(
        killing node: Int, and event: ShelfEvent, at other: Int, after pause: UInt32, on shelf: DatabaseShelf
    ) throws {
        let occasion = "all of n\(node) killed, \(pause) ms later \(event.rawValue) at n\(other)"
        shelf.writer?.mark()
        shelf.killAll(node)
        usleep(pause * 1000)
        try event.happen(to: other, on: shelf)
        try shelf.start(node)
        try #require(shelf.recovers(), "\(occasion)\n\(shelf.story)")
        let gap = shelf.writer?.gap.seconds ?? 0
        try shelf.audit(occasion)
        say("\(occasion): " + String(format: "%.2f s without writes", gap))
    }

    @Test(
        "each accident of a primary, one after the other: nothing that was acknowledged is lost, all stream again"
    )
    func everyEvent() throws {
        try withShelf { shelf in
            // Once after this one a walsender of the primary kept its standby's slot for ever: docs/database.md. The nightly rounds
            // have it.
            for event in ShelfEvent.allCases where event != .allDisksFull {
                try survive(event, at: try #require(shelf.primary), on: shelf)
            }
        }
    }

    @Test("four nodes, two of them may fail one after the other")
    func fourNodes() throws {
        try withShelf(nodes: 4) { shelf in
            try survive(.nodeKilled, at: try #require(shelf.primary), on: shelf)
            try survive(.switchover, at: try #require(shelf.primary), on: shelf)
        }
    }

    @Test(
        "rounds of random accidents; PIDEP_ROUNDS says how many, PIDEP_SEED which, PIDEP_EVENT of one kind alone"
    )
    func randomEvents() throws {
        let environment = ProcessInfo.processInfo.environment
        let rounds = environment["PIDEP_ROUNDS"].flatMap { Int($0) } ?? 3
        let seed = environment["PIDEP_SEED"].flatMap { UInt64($0) } ?? .random(in: 1...999_999)
        let only = environment["PIDEP_EVENT"]
        let isNightly = environment["PIDEP_ROUNDS"] != nil
        let events = ShelfEvent.allCases.filter { event in
            only == nil ? isNightly || event != .allDisksFull : "\(event)" == only
        }
        say("PIDEP_SEED=\(seed) PIDEP_ROUNDS=\(rounds) replays these rounds")
        var numbers = SplitMix64(seed: seed)
        // Each election leaves a segment of log, and little else is written here that would have old ones removed.
        let diskSize = DatabaseShelf.diskSize + rounds * (40 << 20)
        try withShelf(diskSize: diskSize) { shelf in
            for _ in 0..<rounds {
                let event = try #require(events.randomElement(using: &numbers))
                // Rather the primary; else the standby of this number among them.
                let choice = Int.random(in: 0..<4, using: &numbers)
                let primary = try #require(shelf.primary)
                let standbys = shelf.numbers.filter { $0 != primary }
                if Int.random(in: 0..<4, using: &numbers) == 0 {
                    let sudden = events.filter { $0.isSudden }.randomElement(using: &numbers) ?? .nodeKilled
                    try survive(
                        killing: primary, and: sudden,
                        at: try #require(shelf.numbers.randomElement(using: &numbers)),
                        after: .random(in: 0...2000, using: &numbers), on: shelf)
                    continue
                }
                let node = choice < 2 ? primary : standbys[choice % standbys.count]
                try survive(event, at: node, on: shelf)
            }
        }
    }

    @Test("a primary whose PostgreSQL hung until its standbys tried to rewind, and then died, is replaced")
    func hangsAndDies() throws {
        try withShelf { shelf in
            let primary = try #require(shelf.primary)
            for process in shelf.servers(primary) { kill(process, SIGSTOP) }
            // Longer than a standby bears a primary that does not stream (`MemberSettings.streamPatience`).
            sleep(20)
            shelf.killAll(primary)
            shelf.writer?.mark()
            let rows = shelf.writer?.count ?? 0
            #expect(
                shelf.eventually { (shelf.writer?.count ?? 0) > rows }, "\(shelf.story)")
            say("hung for 20 s, then killed: \(shelf.writer?.gap.seconds ?? 0) s until others took writes")
            try shelf.start(primary)
            try #require(shelf.recovers(), "\(shelf.story)")
            try shelf.audit("hung and killed")
        }
    }

    @Test("an agent that dies on the only processor is seen to have died, and another one begins")
    func onOneProcessor() throws {
        try withShelf { shelf in
            let standby = try #require(shelf.numbers.first { $0 != shelf.primary })
            let keeper = try #require(shelf.keeper(standby))
            let agent = try #require(shelf.agent(standby))
            for process in [keeper, agent] {
                try Command(["taskset", "--pid", "--cpu-list", "0", "\(process)"]).run()
            }
            kill(agent, SIGKILL)
            #expect(shelf.eventually { shelf.agent(standby).map { $0 != agent } ?? false }, "\(shelf.story)")
            try #require(shelf.recovers(), "\(shelf.story)")
            #expect(!shelf.log("database", of: standby).contains("the agent hangs"), "\(shelf.story)")
        }
    }

    @Test("with durability async what a cut-off primary acknowledged is lost, and the audit sees that")
    func asynchronous() throws {
        try withShelf(durability: "async") { shelf in
            let primary = try #require(shelf.primary)
            try ShelfEvent.cableCut.happen(to: primary, on: shelf)
            try #require(shelf.recovers(), "\(shelf.story)")
            let next = try #require(shelf.primary)
            #expect(next != primary)
            let findings = try shelf.examine(next)
            // Its own writer's alone: others did not reach it.
            #expect(
                findings.allSatisfy {
                    !$0.missing.isEmpty && $0.missing.allSatisfy { $0 / 100_000_000 == primary }
                })
        }
    }

    @Test("health is told with Patroni's paths and codes, by the primary and by a standby")
    func health() throws {
        try withShelf { shelf in
            let primary = try #require(shelf.primary)
            let standby = try #require(shelf.numbers.first { $0 != primary })
            func expect(_ target: String, _ ofPrimary: Int, _ ofStandby: Int) {
                for (node, status) in [(primary, ofPrimary), (standby, ofStandby)] {
                    // A standby's first second after it joined counts as well as any other: statuses come every 500 ms.
                    #expect(
                        shelf.eventually(within: 10) { shelf.ask(target, of: node)?.status == status },
                        "\(target) of n\(node): \(String(describing: shelf.ask(target, of: node)))")
                }
            }
            for path in ["/", "/primary", "/read-write", "/leader", "/master"] { expect(path, 200, 503) }
            for path in ["/replica", "/sync", "/synchronous", "/replica?lag=1GB&x", "/replica?lag=16MB"] {
                expect(path, 503, 200)
            }
            expect("/replica?replication_state=streaming", 503, 200)
            for path in ["/async", "/asynchronous", "/standby-leader"] { expect(path, 503, 503) }
            for path in ["/read-only", "/read-only-sync", "/health", "/liveness", "/readiness", "/patroni"] {
                expect(path, 200, 200)
            }
            for path in ["/cluster", "/metrics"] { expect(path, 200, 200) }
            for path in ["/nonsense", "/primary/", "//primary", "/Primary"] { expect(path, 404, 404) }
            let head = try #require(shelf.ask("/primary", of: primary, method: "HEAD"))
            #expect(head.status == 200 && head.body.isEmpty)
            #expect(shelf.ask("/primary", of: standby, method: "OPTIONS")?.status == 503)
            #expect(shelf.ask("/restart", of: primary, method: "POST")?.status == 405)
            #expect(shelf.ask(" ", of: primary)?.status == 400)
            let patroni = try JSONValue.parse(try #require(shelf.ask("/patroni", of: standby)).body)
            #expect(patroni["role"]?.text == "replica" && patroni["state"]?.text == "running")
            #expect(patroni["patroni"]?["name"]?.text == "n\(standby)")
            let cluster = try JSONValue.parse(try #require(shelf.ask("/cluster", of: standby)).body)
            let leaders = cluster["members"]?.elements?.filter { $0["role"]?.text == "leader" } ?? []
            #expect(leaders.map { $0["name"]?.text } == ["n\(primary)"])
            let metrics = try #require(shelf.ask("/metrics", of: primary)).body
            #expect(metrics.contains("\npinode_database_voters{") && metrics.contains("\npatroni_primary{"))
        }
    }

    /// Whole seconds, as people give them.
    private func now() -> String {
        let format = DateFormatter()
        format.timeZone = TimeZone(identifier: "UTC")
        format.dateFormat = "yyyy-MM-dd HH:mm:ss"
        return format.string(from: Date())
    }

    /// Waits for the end of a restore on n3 that was begun; why it did not work.
    private func restoreFailure(_ shelf: DatabaseShelf) throws -> String? {
        func backup() -> JSONValue? { shelf.document(3)?["backup"] }
        try #require(shelf.eventually { backup()?["restoring"]?.boolean == false }, "\(shelf.story)")
        return backup()?["restore_failure"]?.text
    }

    @Test("a verified backup and the log since bring all nodes back to a point in time, and no further")
    func pointInTime() throws {
        try withShelf(diskSize: 2 * DatabaseShelf.diskSize, backupNode: 3) { shelf in
            let names = { shelf.document(3)?["backup"]?["names"]?.elements ?? [] }
            try #require(shelf.eventually { !names().isEmpty }, "\(shelf.story)")
            // PostgreSQL's times have fractions, the goal has none: on both sides there are whole seconds.
            let early = Set(shelf.acknowledged)
            sleep(2)
            let goal = now()
            sleep(2)
            let before = Set(shelf.acknowledged)
            sleep(1)
            let late = Set(shelf.acknowledged).subtracting(before)
            #expect(!early.isEmpty && !late.isEmpty)
            let primary = try #require(shelf.primary)
            // The log that the restore leaves goes on for whole segments.
            let session = try #require(ShelfSession(in: shelf.folder(primary) + "/sock", asSuperuser: true))
            try session.settle(within: 10)
            for _ in 0..<2 {
                _ = try session.rows("SELECT pg_logical_emit_message(true, 'test', ''), pg_switch_wal()")
            }
            session.end()
            for time in ["2020-01-01 00:00:00", "2120-01-01 00:00:00", "yesterday"] {
                let answer = try shelf.say("prepare latest \(time)", to: 3)
                #expect(answer.hasPrefix("refused: "), "\(answer)")
            }
            let prepared = try shelf.say("prepare latest \(goal)", to: 3)
            #expect(prepared.hasPrefix("ok"), "\(prepared)")
            let failure = try restoreFailure(shelf)
            try #require(failure == nil, "\(failure ?? "")\n\(shelf.story)")

            for node in shelf.numbers.filter({ $0 != primary }) + [primary] {
                try shelf.say("hold", to: node)
            }
            let areHeld = {
                shelf.numbers.allSatisfy {
                    shelf.document($0)?["held"]?.boolean == true && shelf.servers($0).isEmpty
                }
            }
            try #require(shelf.eventually { areHeld() }, "\(shelf.story)")
            // A time that the log does not come to is refused before anything is touched.
            sleep(2)
            let unreached = now()
            #expect(try shelf.say("restore latest \(unreached)", to: 3).hasPrefix("ok"))
            let verdict = try restoreFailure(shelf) ?? ""
            #expect(verdict.contains("ends before \(unreached)"), "\(verdict)")
            #expect(verdict.contains("its last transaction is of \(unreached.prefix(10))"), "\(verdict)")
            #expect(!FileManager.default.fileExists(atPath: shelf.disk(3) + "/data.before-restore"))
            #expect(!FileManager.default.fileExists(atPath: shelf.disk(3) + "/database/restore.conf"))

            #expect(try shelf.say("restore latest \(goal)", to: 3).hasPrefix("ok"))
            let reason = try restoreFailure(shelf)
            try #require(reason == nil, "\(reason ?? "")\n\(shelf.story)")
            try shelf.say("resume", to: 3)
            let isPrimary = {
                _ = try? shelf.say("promote --accept-loss --yes", to: 3)
                return shelf.primary == 3
            }
            try #require(shelf.eventually { isPrimary() }, "\(shelf.story)")
            for node in [1, 2] { try shelf.say("resume", to: node) }
            try #require(shelf.recovers(), "\(shelf.story)")

            for findings in try shelf.examine(3) {
                let missing = Set(findings.missing)
                #expect(missing.isDisjoint(with: early), "n\(findings.node) lacks rows of before the goal")
                #expect(missing.isSuperset(of: late), "n\(findings.node) has rows of after the goal")
                #expect(findings.doubled.isEmpty)
            }
            // The log goes on to be received on the new way: all of it up to the present can be had.
            #expect(try shelf.say("prepare latest", to: 3).hasPrefix("ok"))
            let shortage = try restoreFailure(shelf)
            #expect(shortage == nil, "\(shortage ?? "")\n\(shelf.story)")
            let way = String(format: "%08X", shelf.document(3)?["timeline"]?.integer ?? 0)
            let received = try FileManager.default.contentsOfDirectory(atPath: shelf.disk(3) + "/backup/wal")
            #expect(received.contains { $0.hasPrefix(way) && !$0.hasSuffix(".history") }, "\(received)")
            #expect(!shelf.log("database", of: 3).contains("the agent hangs"))
        }
    }

    @Test("the audit sees a row that is missing, and one that is there twice")
    func auditItself() {
        #expect(DatabaseShelf.compare([1, 2, 3], with: [1, 3]) == ([], []))
        #expect(DatabaseShelf.compare([1, 3, 3], with: [1, 2, 3, 4]) == ([2, 4], [3]))
        #expect(DatabaseShelf.compare([], with: [7]) == ([7], []))
    }
}
