import Foundation
import Testing

@testable import Inventory

@Suite struct SecretTests {
    @Test(
        "a secret says where it comes from",
        arguments: [
            ("secret:file:db", SecretSource.file("db")), ("secret:file:/a b/c", .file("/a b/c")),
            ("secret:env:DB", .environment("DB")),
            ("secret:command:pass show a:b", .command("pass show a:b")), ("secret:lab:app", .lab("app")),
        ])
    func sources(text: String, expected: SecretSource) { #expect(SecretSource(text) == expected) }

    @Test(
        "anything else is no source",
        arguments: [
            "hunter2", "secret:", "secret:file:", "secret:file: ", "secret:vault:x", "Secret:env:X", "file:x",
        ])
    func noSources(text: String) { #expect(SecretSource(text) == nil) }

    @Test("a secret in clear is refused, and not repeated")
    func clear() throws {
        let variable = Variable(text: "hunter2", file: "a.ini", line: 7)
        let problem = try #require(variable.problem("db_password", .secret))
        #expect(problem.sentence.contains("a.ini:7: db_password is a secret and stands here in clear"))
        #expect(!problem.sentence.contains("hunter2"))
    }

    @Test("texts may be secrets, ports may not, and a misspelt source is told")
    func kinds() {
        func problem(_ text: String, _ kind: ValueKind) -> String? {
            Variable(text: text, file: "a.ini", line: 7).problem("x", kind)?.problem
        }
        #expect(problem("secret:env:X", .text) == nil)
        #expect(problem("secret:env:X", .secret) == nil)
        #expect(problem("secret:env:X", .port) == "x cannot be a secret")
        #expect(problem("secret:envv:X", .text)?.contains("no source of a secret") == true)
    }

    let folder = NSTemporaryDirectory() + "pidep-secrets-\(UUID().uuidString)"

    func cluster(_ assignments: String) throws -> Cluster {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = "\(folder)/c.ini"
        try "[web]\nn1 ansible_host=192.0.2.1\n[all:vars]\n\(assignments)\n"
            .write(toFile: path, atomically: true, encoding: .utf8)
        return try Cluster.load(path)
    }

    func write(_ name: String, _ text: String, mode: Int = 0o600) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let made = FileManager.default.createFile(
            atPath: "\(folder)/\(name)", contents: Data(text.utf8), attributes: [.posixPermissions: mode])
        #expect(made)
    }

    @Test("a lab's own secret stands in its inventory, however short, and no other inventory may do that")
    func lab() throws {
        let lab = try cluster("lab = true\npassword = secret:lab:app\nkey = secret:lab:long enough")
        let store = try SecretStore.load(lab)
        #expect(store.value(of: "password", on: lab.nodes[0]) == "app")
        // Hiding three letters would hide half of every text.
        #expect(store.secrets.map(\.value) == ["long enough"])
        let failure = #expect(throws: InventoryFailure.self) { try cluster("password = secret:lab:app") }
        #expect(
            failure?.diagnostics.map(\.problem) == ["password stands here in clear, and this is no lab"])
    }

    @Test("secrets come from files beside the inventory, and from commands")
    func values() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try write("db", "correct horse\n")
        let store = try SecretStore.load(
            try cluster("a = secret:file:db\nb = secret:command:printf 'battery %s' staple\nc = plain"))
        #expect(
            store.secrets == [
                .init(name: "a", value: "correct horse"), .init(name: "b", value: "battery staple"),
            ])
        let quiet = try SecretStore.load(
            try cluster("a = secret:file:db\nb = secret:command:exit 1"), runsCommands: false)
        #expect(quiet.secrets.map(\.name) == ["a"])
    }

    @Test("all that is wrong with secrets comes at once, and never with a value")
    func problems() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try write("open", "correct horse", mode: 0o644)
        try write("short", "abc")
        try write("lines", "correct\nhorse battery")
        let cluster = try cluster(
            """
            a = secret:file:open
            b = secret:file:missing
            c = secret:file:short
            d = secret:file:lines
            e = secret:env:PIDEP_NO_SUCH_VARIABLE
            f = secret:command:exit 3
            """)
        do {
            _ = try SecretStore.load(cluster)
            Issue.record("must fail")
        } catch {
            let lines = error.sentence.split(separator: "\n")
            #expect(lines.count == 6)
            #expect(lines[0].contains("c.ini:4: the secret a is in a file that others may read: chmod 600"))
            #expect(lines[1].contains("the secret b has no file"))
            #expect(lines[2].contains("shorter than 6"))
            #expect(lines[3].contains("a secret is one line"))
            #expect(lines[4].contains("no variable PIDEP_NO_SUCH_VARIABLE"))
            #expect(lines[5].contains("ended with 3"))
            #expect(!error.sentence.contains("horse") && !error.sentence.contains("abc"))
        }
    }

    @Test("tokens stand for secrets until they are revealed, in whatever order")
    func tokens() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try write("db", "it's {{a}} \"value\"")
        let store = try SecretStore.load(try cluster("a = secret:file:db\nb = secret:command:echo battery"))
        let text =
            "p=\(SecretToken.token("a", "secret:file:db"));q=\(SecretToken.token("b", "secret:command:echo battery"))\n"
        #expect(SecretToken.isIn(text) && !SecretToken.isIn("p=a"))
        #expect(SecretToken.names(in: text) == ["a", "b"])
        #expect(SecretToken.redacted(text) == "p=<secret a>;q=<secret b>\n")
        #expect(SecretToken.revealed(text, by: store) == "p=it's {{a}} \"value\";q=battery\n")
        #expect(SecretToken.revealed(text, by: SecretStore()) == nil)
        #expect(SecretToken.token("a", "x y").allSatisfy { !$0.isWhitespace })
    }
}
