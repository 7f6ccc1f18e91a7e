import Database
import Foundation
import TestSupport
import Testing

@testable import DatabaseRole

@Suite struct ServerFilesTests {
    private func files(
        _ durability: Durability = .strict, parameters: [DatabaseConfiguration.Parameter] = [],
        folder: String = "/var/lib/pinode/database"
    ) throws -> ServerFiles {
        var configuration = DatabaseConfiguration()
        configuration.node = "n1"
        configuration.durability = durability
        configuration.data = folder + "/data"
        configuration.folder = folder
        configuration.parameters = parameters
        configuration.networks = ["198.51.100.0/24"]
        configuration.nodes = [
            .init(name: "n1", id: try #require(MemberID(1)), address: "198.51.100.1"),
            .init(name: "n2", id: try #require(MemberID(2)), address: "2001:db8::2"),
            .init(name: "n3", id: try #require(MemberID(3)), address: "198.51.100.3"),
        ]
        return ServerFiles(configuration: configuration, owner: nil)
    }

    private func rule(_ numbers: [Int], _ count: Int) -> AcknowledgementRule {
        AcknowledgementRule(members: MemberSet(numbers.compactMap { MemberID($0) }), count: count)
    }

    @Test(
        "a value is quoted so that PostgreSQL's file gives it back",
        arguments: [
            ("", "''"), ("8MB", "'8MB'"), ("it's", "'it''s'"), ("a\\b", "'a\\\\b'"),
            ("\"$user\", public", "'\"$user\", public'"),
        ])
    func quoting(value: String, text: String) { #expect(ServerFiles.quoted(value) == text) }

    @Test("names and literals of SQL are quoted by doubling")
    func sql() {
        #expect(Chores.literal("it's") == "'it''s'")
        #expect(Chores.identifier("a\"b") == "\"a\"\"b\"")
        #expect(Chores.line(Array("secret\r\nmore\n".utf8)) == "secret")
    }

    @Test("who is waited for, in PostgreSQL's words")
    func names() throws {
        let strict = try files()
        #expect(strict.names(rule([2, 3], 1)) == "ANY 1 (pidep_2, pidep_3)")
        #expect(strict.names(rule([2, 3], 0)) == "")
        // Too few to confirm, or no rule yet: commits wait for a name that nobody has.
        #expect(strict.names(rule([2], 2)) == ServerFiles.nobody)
        #expect(strict.names(rule([], 1)) == ServerFiles.nobody)
        #expect(strict.names(nil) == ServerFiles.nobody)
        #expect(try files(.available).names(nil) == ServerFiles.nobody)
        #expect(try files(.async).names(nil) == "")
    }

    @Test("whom a standby follows, and by which slot")
    func state() throws {
        let files = try files()
        let text = files.text(of: .init(following: MemberID(2), rule: nil))
        #expect(text.contains("primary_conninfo = 'host=2001:db8::2 port=5432 user=pidep passfile="))
        #expect(text.contains("sslmode=require") && text.contains("application_name=pidep_1 "))
        #expect(text.contains("primary_slot_name = 'pidep_1'\n"))
        let alone = files.text(of: .init(following: nil, rule: rule([2], 1)))
        #expect(alone.contains("primary_conninfo = ''\n") && alone.contains("primary_slot_name = ''\n"))
        #expect(alone.contains("synchronous_standby_names = 'ANY 1 (pidep_2)'\n"))
        #expect(files.connection(to: MemberID(9)) == "")
    }

    @Test("the file's parameters take the place of the role's defaults, and never of what it must have")
    func settings() throws {
        let text = try files(parameters: [
            .init(name: "max_connections", value: "20"), .init(name: "search_path", value: "a'b"),
        ]).settings([])
        let lines = text.split(separator: "\n").map { String($0) }
        #expect(lines.filter { $0.hasPrefix("max_connections ") } == ["max_connections = '20'"])
        #expect(lines.contains("search_path = 'a''b'"))
        #expect(lines.contains("listen_addresses = 'localhost,198.51.100.1'"))
        #expect(lines.last == "include 'pidep-state.conf'")
        // The last one counts.
        for name in ManagedParameters.names where lines.contains(where: { $0.hasPrefix(name + " =") }) {
            #expect(lines.filter { $0.hasPrefix(name + " =") }.count == 1, "\(name)")
        }
    }

    @Test("what the log was written with is not undercut, and more than that stays")
    func least() throws {
        let text = try files(parameters: [.init(name: "max_connections", value: "20")]).settings([
            ("max_connections", 50), ("max_wal_senders", 10), ("max_worker_processes", 8),
        ])
        let lines = text.split(separator: "\n").map { String($0) }
        #expect(lines.last { $0.hasPrefix("max_connections ") } == "max_connections = '50'")
        #expect(lines.filter { $0.hasPrefix("max_wal_senders ") } == ["max_wal_senders = '20'"])
        #expect(lines.contains("max_worker_processes = '8'"))
    }

    @Test("a cluster whose file lies elsewhere, as Debian's do, gets one")
    func prepareWithoutFile() throws {
        let folder = NSTemporaryDirectory() + "files-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: folder + "/data", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(try files(folder: folder).prepare(.init(), password: "x", least: []) == nil)
        let main = try String(contentsOfFile: folder + "/data/postgresql.conf", encoding: .utf8)
        #expect(main.hasSuffix("\ninclude 'pidep.conf'\n"))
    }

    @Test("members come over TLS alone, clients from their networks, root as postgres over the socket")
    func access() throws {
        let lines = try files().clientAccess().split(separator: "\n").map { String($0) }
        #expect(lines.contains("local all postgres peer map=pidep"))
        #expect(lines.contains("hostssl replication pidep 198.51.100.3/32 scram-sha-256"))
        #expect(lines.contains("hostssl replication pidep 2001:db8::2/128 scram-sha-256"))
        #expect(lines.contains("host all all 198.51.100.0/24 scram-sha-256"))
        #expect(!lines.contains { $0.hasPrefix("host replication") || $0.hasSuffix("trust") })
    }

    @Test("a password's colons and backslashes are escaped in .pgpass, which only its owner reads")
    func passwordFile() throws {
        let folder = NSTemporaryDirectory() + "files-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let files = try files(folder: folder)
        #expect(files.writePassword("a:b\\c") == nil)
        let text = try String(contentsOfFile: files.passwordFile, encoding: .utf8)
        #expect(text == "*:*:*:pidep:a\\:b\\\\c\n")
        let mode = try FileManager.default.attributesOfItem(atPath: files.passwordFile)[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test("a folder is prepared for a start as a standby, again and again the same")
    func prepare() throws {
        let folder = NSTemporaryDirectory() + "files-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: folder + "/data", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let files = try files(folder: folder)
        try "max_connections = 7\n".write(
            toFile: folder + "/data/postgresql.conf", atomically: true, encoding: .utf8)
        #expect(files.prepare(.init(), password: "x", least: []) == nil)
        let main = try String(contentsOfFile: folder + "/data/postgresql.conf", encoding: .utf8)
        #expect(main.hasPrefix("max_connections = 7\n") && main.hasSuffix("\ninclude 'pidep.conf'\n"))
        #expect(files.prepare(.init(following: MemberID(2)), password: "x", least: []) == nil)
        #expect(try String(contentsOfFile: folder + "/data/postgresql.conf", encoding: .utf8) == main)
        #expect(FileManager.default.fileExists(atPath: folder + "/data/standby.signal"))
    }

    @Test("PostgreSQL reads what is written, with every value as it was")
    func realServer() throws {
        let server = try PostgreSQLServer()
        let value = "it's \\ \"odd\", 100 %"
        let text =
            "application_name = \(ServerFiles.quoted("plain"))\n"
            + "event_source = \(ServerFiles.quoted(value))\n"
            + "synchronous_standby_names = \(ServerFiles.quoted(try files().names(nil)))\n"
        let path = server.folder + "/quoted.conf"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let data = server.folder + "/data"
        let main = try String(contentsOfFile: data + "/postgresql.conf", encoding: .utf8)
        try (main + "include '\(path)'\n").write(
            toFile: data + "/postgresql.conf", atomically: false, encoding: .utf8)
        let output = server.folder + "/read"
        try PostgreSQLServer.asPostgres([
            "psql", "-q", "-h", server.folder, "-U", "postgres", "-c",
            "COPY (SELECT setting || '|' || coalesce(error, '') FROM pg_file_settings WHERE sourcefile = '\(path)' "
                + "ORDER BY seqno) TO '\(output)' (DELIMITER E'\\x01', FORMAT csv, QUOTE E'\\x02')",
        ])
        let read = try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n")
        #expect(read.count == 3 && read.first == "plain|", "\(read)")
        // event_source takes effect at a start alone, which is told as an error; the value was read all the same.
        #expect(read.dropFirst().first?.hasPrefix(value + "|") == true, "\(read)")
        #expect(read.last == "\(ServerFiles.nobody)|", "\(read)")
    }
}
