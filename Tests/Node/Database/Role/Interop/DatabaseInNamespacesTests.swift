import Foundation
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
    private func withShelf(nodes: Int = 3, _ body: (DatabaseShelf) throws -> Void) throws {
        let shelf = try DatabaseShelf(nodes: nodes)
        defer { shelf.close() }
        try #require(shelf.recovers(), "\(shelf.story)")
        try body(shelf)
    }

    /// Lets something happen, waits until all is as it was, and audits.
    private func survive(_ event: ShelfEvent, at node: Int, on shelf: DatabaseShelf) throws {
        let wasPrimary = shelf.primary == node
        let epoch = try #require(shelf.epoch)
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
        try shelf.audit("\(event.rawValue) at n\(node)")
        print(
            "\(event.rawValue), \(wasPrimary ? "primary" : "standby") n\(node): "
                + String(format: "%.2f s without writes, whole again after %.1f s, ", gap, time)
                + "n\(shelf.primary ?? 0) is primary, \(shelf.writer?.count ?? 0) rows acknowledged")
    }

    @Test(
        "each accident of a primary, one after the other: nothing that was acknowledged is lost, all stream again"
    )
    func everyEvent() throws {
        try withShelf { shelf in
            for event in ShelfEvent.allCases {
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

    @Test("rounds of random accidents; PIDEP_ROUNDS says how many, PIDEP_SEED which")
    func randomEvents() throws {
        let environment = ProcessInfo.processInfo.environment
        let rounds = environment["PIDEP_ROUNDS"].flatMap { Int($0) } ?? 3
        let seed = environment["PIDEP_SEED"].flatMap { UInt64($0) } ?? .random(in: 1...999_999)
        print("PIDEP_SEED=\(seed) PIDEP_ROUNDS=\(rounds) replays these rounds")
        var numbers = SplitMix64(seed: seed)
        try withShelf { shelf in
            for _ in 0..<rounds {
                let event = try #require(ShelfEvent.allCases.randomElement(using: &numbers))
                // Rather the primary; else the standby of this number among them.
                let choice = Int.random(in: 0..<4, using: &numbers)
                let primary = try #require(shelf.primary)
                let standbys = shelf.numbers.filter { $0 != primary }
                let node = choice < 2 ? primary : standbys[choice % standbys.count]
                try survive(event, at: node, on: shelf)
            }
        }
    }

    @Test("the audit sees a row that is missing, and one that is there twice")
    func auditItself() {
        #expect(DatabaseShelf.compare([1, 2, 3], with: [1, 3]) == ([], []))
        #expect(DatabaseShelf.compare([1, 3, 3], with: [1, 2, 3, 4]) == ([2, 4], [3]))
        #expect(DatabaseShelf.compare([], with: [7]) == ([7], []))
    }
}
