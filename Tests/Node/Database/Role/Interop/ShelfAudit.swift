import Foundation
import Testing

/// What is on the nodes, compared with what was acknowledged.
extension DatabaseShelf {
    /// One node, as a fresh session finds it.
    struct Findings {
        var node: Int
        var isPrimary: Bool
        var timeline: String
        /// Acknowledged rows that are not there.
        var missing: [Int]
        /// Rows that are there more than once.
        var doubled: [Int]
    }

    /// Nothing that was acknowledged is missing or there twice, on any node; one of them is primary; all are on one timeline.
    func audit(_ occasion: String) throws {
        let primary = try #require(primary, "\(occasion): no primary\n\(story)")
        let findings = try examine(primary)
        #expect(findings.filter { $0.isPrimary }.map { $0.node } == [primary], "\(occasion)\n\(story)")
        let timelines = findings.map { $0.timeline }
        #expect(Set(timelines).count == 1, "\(occasion): timelines \(timelines)\n\(story)")
        for found in findings {
            let (missing, doubled) = (found.missing, found.doubled)
            #expect(
                missing.isEmpty,
                "\(occasion): n\(found.node) has lost \(missing.count) acknowledged rows, \(missing.prefix(10)) …\n\(story)"
            )
            #expect(
                doubled.isEmpty,
                "\(occasion): n\(found.node) has rows twice: \(doubled.prefix(10)) …\n\(story)")
        }
    }

    /// All nodes, the primary first: it says how far the others must be.
    func examine(_ primary: Int) throws -> [Findings] {
        let acknowledged = acknowledged
        var place = ""
        return try ([primary] + numbers.filter { $0 != primary }).map { node in
            let session = try #require(ShelfSession(in: folder(node) + "/sock", asSuperuser: true))
            defer { session.end() }
            try session.settle(within: 10)
            let isPrimary = try session.rows("SELECT pg_is_in_recovery()") == [["f"]]
            let (timeline, rows) = try read(session, isPrimary, &place)
            let (missing, doubled) = Self.compare(rows, with: acknowledged)
            return Findings(
                node: node, isPrimary: isPrimary, timeline: timeline, missing: missing, doubled: doubled)
        }
    }

    /// A server's timeline and numbers, once it is as far as the primary was.
    private func read(
        _ session: ShelfSession, _ isPrimary: Bool, _ place: inout String
    ) throws -> (timeline: String, numbers: [Int]) {
        if isPrimary {
            place = try session.rows("SELECT pg_current_wal_flush_lsn()").first?.first ?? ""
        } else {
            let end = Date(timeIntervalSinceNow: Self.patience)
            while try session.rows("SELECT pg_last_wal_replay_lsn() >= '\(place)'") != [["t"]], Date() < end {
                usleep(20_000)
            }
        }
        let timeline = try session.rows(
            isPrimary
                ? "SELECT ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int"
                : "SELECT received_tli FROM pg_stat_wal_receiver")
        let list = try session.rows("SELECT string_agg(n::text, ' ' ORDER BY n) FROM numbers")
        let numbers = (list.first?.first ?? "").utf8.split(separator: 32).compactMap {
            Int(String(decoding: $0, as: UTF8.self))
        }
        return (timeline.first?.first ?? "none", numbers)
    }

    /// Of two sorted lists: what is missing in the first, and what is in it twice.
    static func compare(_ found: [Int], with wanted: [Int]) -> (missing: [Int], doubled: [Int]) {
        var (missing, doubled): ([Int], [Int]) = ([], [])
        for index in found.indices.dropFirst() where found[index] == found[index - 1] {
            doubled.append(found[index])
        }
        var place = 0
        for number in wanted {
            while place < found.count, found[place] < number { place += 1 }
            if place == found.count || found[place] != number { missing.append(number) }
        }
        return (missing, doubled)
    }
}
