import Foundation
import Testing

/// What is on the nodes, compared with what was acknowledged.
extension DatabaseShelf {
    /// One node, as a fresh session finds it.
    private struct Findings {
        var isPrimary: Bool
        var timeline: String
        var numbers: [Int]
    }

    /// Nothing that was acknowledged is missing or there twice, on any node; one of them is primary; all are on one timeline.
    func audit(_ occasion: String) throws {
        let acknowledged = (writer?.acknowledged ?? []).sorted()
        var place = ""
        var findings: [(node: Int, what: Findings)] = []
        let primary = try #require(primary, "\(occasion): no primary\n\(story)")
        // The primary first: it says how far the others must be.
        for node in [primary] + numbers.filter({ $0 != primary }) {
            let session = try #require(ShelfSession(in: folder(node) + "/sock"))
            defer { session.end() }
            try session.settle(within: 10)
            findings.append((node, try find(session, &place)))
        }
        #expect(findings.filter { $0.what.isPrimary }.map { $0.node } == [primary], "\(occasion)\n\(story)")
        #expect(
            Set(findings.map { $0.what.timeline }).count == 1,
            "\(occasion): \(findings.map { $0.what.timeline })")
        for (node, what) in findings {
            let (missing, doubled) = Self.compare(what.numbers, with: acknowledged)
            #expect(
                missing.isEmpty,
                "\(occasion): n\(node) has lost \(missing.count) acknowledged rows, \(missing.prefix(10)) …\n\(story)"
            )
            #expect(
                doubled.isEmpty, "\(occasion): n\(node) has rows twice: \(doubled.prefix(10)) …\n\(story)")
        }
    }

    private func find(_ session: ShelfSession, _ place: inout String) throws -> Findings {
        let isPrimary = try session.rows("SELECT pg_is_in_recovery()") == [["f"]]
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
        return Findings(
            isPrimary: isPrimary, timeline: timeline.first?.first ?? "none",
            numbers: (list.first?.first ?? "").utf8.split(separator: 32).compactMap {
                Int(String(decoding: $0, as: UTF8.self))
            })
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
