import Foundation
import Languages
import Testing

@Suite struct PoolDocumentationTests {
    private static let text = try? String(
        contentsOf: URL(fileURLWithPath: #filePath).appendingPathComponent(
            "../../../../../docs/pool-language.md"
        )
        .standardizedFileURL, encoding: .utf8)

    /// The rows under each `###` heading, each a list of cells.
    private static func tables() throws -> [String: [[String]]] {
        var tables: [String: [[String]]] = [:]
        var place = ""
        for line in try #require(text).split(separator: "\n") {
            if line.hasPrefix("### ") { place = String(line.dropFirst(4)) }
            guard line.hasPrefix("| `") else { continue }
            let cells = line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
            tables[place, default: []].append(cells.map { $0.trimmingCharacters(in: .whitespaces) })
        }
        return tables
    }

    /// What a row must begin with, and a part of what it must say.
    private static func row<Root>(_ word: PoolWord<Root>, _ root: Root, own: [String], marksFixed: Bool) -> (
        cells: [String], reason: String
    ) {
        let value = word.text(in: root)
        var (fate, reason) = (own.contains(word.name) ? "own" : "yes", "")
        switch word.fate {
        case .supported: break
        case .ignored(let why): (fate, reason) = ("ignored", why)
        case .refused(let why): (fate, reason) = ("refused", why)
        }
        let name = "`\(word.name)`" + (marksFixed && !word.isReloadable ? "*" : "")
        return ([name, word.unit, value.isEmpty ? "" : "`\(value)`", fate], reason)
    }

    private static func check<Root>(
        _ rows: [[String]], _ words: [PoolWord<Root>], _ root: Root, own: [String] = [],
        marksFixed: Bool = false
    ) {
        #expect(rows.count == words.count)
        for (row, word) in zip(rows, words) {
            let expected = Self.row(word, root, own: own, marksFixed: marksFixed)
            #expect(Array(row.prefix(4)) == expected.cells)
            #expect(row.count == 5 && row[4].count > 4 && row[4].hasSuffix("."), "\(word.name)")
            #expect(expected.reason.isEmpty || row.last?.contains(expected.reason) == true, "\(word.name)")
        }
    }

    @Test("docs/pool-language.md has every word with its value, its default and its fate, and no other")
    func words() throws {
        let tables = try Self.tables()
        #expect(tables.keys.sorted() == ["databases", "peers", "pgbouncer", "users"])
        Self.check(
            tables["pgbouncer"] ?? [], PoolWords.configuration, PoolConfiguration(), own: PoolWords.ownNames,
            marksFixed: true)
        Self.check(
            tables["databases"] ?? [], PoolWords.database, PoolDatabase(name: "x"),
            own: PoolWords.ownDatabaseNames)
        Self.check(tables["users"] ?? [], PoolWords.user, PoolUser(name: "x"))
        Self.check(tables["peers"] ?? [], PoolWords.peer, PoolPeer(id: 1))
    }

    @Test("the examples in docs/pool-language.md are accepted as they stand")
    func examples() throws {
        let parts = try #require(Self.text).components(separatedBy: "```\n")
        #expect(parts.count == 9)
        _ = pool(parts[1])
        // A secret that is cut short is no secret.
        #expect(Userlist.parse(parts[3], file: "users").1.map { $0.severity } == [.warning])
        #expect(HBARules.parse(parts[5], file: "hba") { _ in Array("a".utf8) }.1 == [])
        #expect(IdentMaps.parse(parts[7], file: "ident").1 == [])
    }

    @Test("the errors in docs/pool-language.md are those that the parser tells")
    func sentences() throws {
        let text =
            "[databases]\n* =\n\n\n[pgbouncer]\nauth_file = f\nmax_client_con = 5\n\nquery_timeout = 5s\n\n\npidfile = /run/x\n"
        let said = try #require(Self.text).split(separator: "\n").filter { $0.hasPrefix("    pool.ini:") }
        #expect(said.map { String($0.dropFirst(4)) } == complaints(text))
    }
}
