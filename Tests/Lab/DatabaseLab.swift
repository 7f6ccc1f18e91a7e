import Foundation
import JSON
import Testing

extension LabEndToEnd {
    /// PostgreSQL on four nodes as a deploy makes it, through what happens to a shelf.
    @Suite(.serialized) struct Database {
        private static let address = "198.51.100."
        private static let nodes = (1...4).map { "nustler\($0)" }

        @Test(
            "a power cut, a switchover, a backup and a drill lose no acknowledged row"
        )
        func accidents() throws {
            let cluster = try ClusterFixture("pidepdata")
            let text = try String(contentsOfFile: cluster.inventory, encoding: .utf8)
            try text.replacingOccurrences(
                of: "postgresql_roles = app\n",
                with: "postgresql_backup_node = nustler4\npostgresql_roles = app\n"
            ).write(toFile: cluster.inventory, atomically: true, encoding: .utf8)
            try cluster.run {
                #expect(isWell(cluster))
                try ask(cluster, anyone, "CREATE TABLE numbers (n bigserial)")
                let writer = try LabWriter(cluster, anyone)
                defer { _ = writer.end() }
                #expect(writer.goesOn())

                let first = try #require(try primary(cluster))
                try order(cluster, "lab", "kill", first, "--power", "--inventory", cluster.inventory)
                #expect(writer.goesOn(), "nobody takes writes without \(first)")
                try order(cluster, "lab", "start", first, "--inventory", cluster.inventory)
                #expect(isWell(cluster))
                #expect(writer.goesOn())

                let second = try #require(try primary(cluster))
                #expect(second != first)
                try order(cluster, "database", "switchover", cluster.inventory)
                #expect(writer.goesOn())
                #expect(isWell(cluster))
                #expect(try primary(cluster) != second)

                try order(cluster, "database", "backup", cluster.inventory)
                try order(cluster, "database", "drill", cluster.inventory)
                #expect(writer.goesOn())
                #expect(isWell(cluster))
                try audit(cluster, writer.end())
            }
        }

        /// One primary, and every acknowledged row once on every node.
        private func audit(_ cluster: ClusterFixture, _ acknowledged: [Int]) throws {
            #expect(acknowledged.count > 200)
            let roles = try Self.nodes.indices.map {
                try ask(cluster, one($0 + 1), "SELECT pg_is_in_recovery()").first ?? "?"
            }
            #expect(roles.filter { $0 == "f" }.count == 1, "\(roles)")
            let leader = try #require(roles.firstIndex(of: "f"))
            let end = try ask(cluster, one(leader + 1), "SELECT pg_current_wal_lsn()").first ?? ""
            for (index, node) in Self.nodes.enumerated() {
                if index != leader {
                    #expect(try follows(cluster, index + 1, to: end), "\(node) does not come to \(end)")
                }
                let rows = try ask(cluster, one(index + 1), "SELECT n FROM numbers").compactMap { Int($0) }
                let times = Dictionary(rows.map { ($0, 1) }, uniquingKeysWith: +)
                let wrong = acknowledged.filter { times[$0] != 1 }
                #expect(
                    wrong.isEmpty, "\(node): \(wrong.count) of \(acknowledged.count): \(wrong.prefix(10))")
            }
        }

        // MARK: asking

        /// Whoever takes writes.
        private var anyone: String {
            "postgresql://app:app@" + (1...4).map { Self.address + "\($0)" }.joined(separator: ",") + "/app"
        }

        private func one(_ number: Int) -> String { "postgresql://app:app@\(Self.address)\(number)/app" }

        /// The lines of a statement's answer.
        @discardableResult
        private func ask(_ cluster: ClusterFixture, _ address: String, _ statement: String) throws -> [String]
        {
            let whom = address == anyone ? "?target_session_attrs=read-write" : ""
            let output = try cluster.pidep(
                ["lab", "run", "--inventory", cluster.inventory, "--", "psql", "-XqAt"]
                    + ["-v", "ON_ERROR_STOP=1", address + whom, "-c", statement])
            #expect(output.code == 0, "\(statement): \(output.standardError)")
            return output.standardOutput.split(separator: "\n").map(String.init)
        }

        private func follows(_ cluster: ClusterFixture, _ node: Int, to position: String) throws -> Bool {
            for _ in 0..<100 {
                let question = "SELECT pg_last_wal_replay_lsn() >= '\(position)'"
                if try ask(cluster, one(node), question) == ["t"] { return true }
                usleep(100_000)
            }
            return false
        }

        private func order(_ cluster: ClusterFixture, _ words: String...) throws {
            let output = try cluster.pidep(words)
            #expect(
                output.code == 0,
                "\(words.joined(separator: " ")): \(output.standardOutput)\(output.standardError)")
        }

        private func primary(_ cluster: ClusterFixture) throws -> String? {
            let output = try cluster.pidep(["database", "status", cluster.inventory, "--json"])
            return try? JSONValue.parse(output.standardOutput)["leader"]?.text
        }

        /// Waits, for a bounded time, until `pidep database status` finds nothing wrong.
        private func isWell(_ cluster: ClusterFixture) -> Bool {
            for _ in 0..<120 {
                if let output = try? cluster.pidep(["database", "status", cluster.inventory]),
                    output.code == 0
                {
                    return true
                }
                usleep(500_000)
            }
            let last = try? cluster.pidep(["database", "status", cluster.inventory])
            Issue.record("\(last?.standardOutput ?? "")\(last?.standardError ?? "")")
            return false
        }
    }
}
