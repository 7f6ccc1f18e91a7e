import Commands
import Foundation
import TestSupport
import Testing

@testable import Pool

/// What is proven to be a read is tried with Debian's PostgreSQL 15: it takes no transaction's number when it may write, and
/// is not refused when it may not.
@Suite struct PostgreSQLProofTests {
    static var seed: UInt64 {
        ProcessInfo.processInfo.environment["PIDEP_SEED"].flatMap { UInt64($0) } ?? 20_261_125
    }

    /// Each text as a request of its own, in one session; lines of both streams.
    private static func psql(_ server: PostgreSQLServer, _ texts: [String]) throws -> (
        output: String, errors: String
    ) {
        var output = ""
        var errors = ""
        for start in stride(from: 0, to: texts.count, by: 1200) {
            let some = texts[start..<min(start + 1200, texts.count)]
            let result = try Command(
                [
                    PostgreSQLServer.programs + "/psql", "-X", "-q", "-A", "-t", "-v", "VERBOSITY=sqlstate",
                    "-h", server.folder,
                    "-U", "postgres",
                ] + some.flatMap { ["-c", $0] }, in: "/", timeout: 120
            ).runAny()
            output += result.standardOutput
            errors += result.standardError
        }
        return (output, errors)
    }

    @Test("proven reads write nothing and are not refused in a read-only transaction")
    func proofs() throws {
        let server = try PostgreSQLServer()
        _ = try Self.psql(server, GeneratedSQL.schema)
        var generator = GeneratedSQL(seed: Self.seed)
        // DDL would make the router forget what it was told.
        let statements = (0..<2000).map { _ in generator.statement() }.filter { !$0.hasPrefix("create") }

        // The first time all names are asked for.
        var router = Router(mode: .auto, at: .zero)
        func judge(_ sql: String) -> ReadVerdict {
            let text = Array(sql.utf8)
            return router.judge(Statement.classify(text, for: .routing), text.span.bytes, at: .zero)
        }
        for sql in statements { _ = judge(sql) }
        var questions: [CatalogCache.Question] = []
        while let question = router.catalog.nextQuestion() { questions.append(question) }
        let answers = try Self.psql(server, questions.map { String(decoding: $0.query, as: UTF8.self) })
        let lines = answers.output.split(separator: "\n")
        try #require(lines.count == questions.count, "\(answers.errors)")
        for (question, line) in zip(questions, lines) {
            router.catalog.answer(question, isHarmless: line == "t", at: .zero)
        }

        let proven = statements.filter {
            !$0.hasPrefix("create") && !$0.contains(";") && judge($0).kind == .read
        }
        #expect(proven.count > 150)
        #expect(proven.count < statements.count / 2)

        let open = proven.indices.flatMap {
            [
                "begin", proven[$0],
                "select '#\($0)', coalesce(pg_current_xact_id_if_assigned()::text, 'none')", "rollback",
            ]
        }
        let first = try Self.psql(server, open)
        var executed = 0
        for line in first.output.split(separator: "\n") where line.hasPrefix("#") {
            executed += 1
            let number = Int(line.dropFirst().prefix { $0 != "|" }) ?? 0
            #expect(line.hasSuffix("|none"), "writes: \(proven[number])")
        }
        #expect(
            executed * 2 > proven.count, "most must be valid to say anything: \(first.errors.suffix(500))")

        let readOnly = proven.indices.flatMap {
            ["begin read only", proven[$0], "select '#\($0)'", "rollback"]
        }
        let second = try Self.psql(server, readOnly)
        #expect(!second.errors.contains("25006"))
        print(
            "\(statements.count) statements, \(proven.count) proven reads, \(executed) of them valid, \(questions.count) names asked"
        )
    }

    @Test("what the catalogue is asked, it answers")
    func questions() throws {
        let server = try PostgreSQLServer()
        _ = try Self.psql(
            server,
            GeneratedSQL.schema + [
                "create function \"it's\\\"() returns int language sql stable as 'select 1'"
            ])
        let cases: [(String, Bool)] = [
            ("stable_one(1)", true), ("writes(1)", false), ("mixed(1)", false), ("lower('a')", false),
            ("pg_catalog.lower('a')", true), ("now()", true), ("random()", false), ("\"like\"(1, 2)", false),
            ("count(*)", true),
            ("nothing(1)", false), ("\"it's\\\"()", true),
        ]
        let relations: [(String, Bool)] = [
            ("t", true), ("w", false), ("v", false), ("other.o", true), ("public.o", true), ("absent", true),
            ("s", false), ("\"update\"", true),
        ]
        var cache = CatalogCache()
        var asked: [(CatalogCache.Question, Bool, String)] = []
        for (call, expected) in cases {
            let text = Array("select \(call)".utf8)
            let name = try #require(Statement.classify(text, for: .routing).functions.first)
            _ = cache.isHarmless(.function, name, in: text.span.bytes, at: .zero)
            let next = cache.nextQuestion()
            let question = try #require(next)
            asked.append((question, expected, call))
        }
        for (relation, expected) in relations {
            let text = Array("table \(relation)".utf8)
            let name = try #require(Statement.classify(text, for: .routing).relations.first)
            _ = cache.isHarmless(.relation, name, in: text.span.bytes, at: .zero)
            let next = cache.nextQuestion()
            let question = try #require(next)
            asked.append((question, expected, relation))
        }
        let answers = try Self.psql(server, asked.map { String(decoding: $0.0.query, as: UTF8.self) })
        let lines = answers.output.split(separator: "\n")
        try #require(lines.count == asked.count, "\(answers.errors)")
        for (line, (_, expected, name)) in zip(lines, asked) {
            #expect(line == (expected ? "t" : "f"), "\(name)")
        }
    }
}
