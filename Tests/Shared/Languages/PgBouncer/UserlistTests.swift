import Diagnostics
import Languages
import Testing

@Suite struct UserlistTests {
    static let scram =
        "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
        + ":QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="

    static func parse(_ text: String) -> (Userlist, [String]) {
        let (list, found) = Userlist.parse(text, file: "users")
        return (list, found.map { $0.sentence })
    }

    @Test("names and secrets are read, quotes undone, the rest of a line ignored")
    func users() {
        let (list, found) = Self.parse(
            #"""
            ; the application
            "app" "a ""secret"" one" "ignored" and so on
              "hashed"   "md5ABCDEF0123456789abcdef0123456789"
            "scram" "\#(Self.scram)"

            "with ""quotes""" ""
            """#)
        #expect(found == [])
        #expect(list.users.map { $0.name } == ["app", "hashed", "scram", "with \"quotes\""])
        #expect(list["app"]?.secret == .plain("a \"secret\" one"))
        #expect(list["hashed"]?.secret == .md5("md5abcdef0123456789abcdef0123456789"))
        #expect(list["with \"quotes\""]?.secret == Userlist.Secret.none)
        #expect(list["scram"]?.line == 4)
        guard case .scram(let secret) = list["scram"]?.secret else {
            Issue.record("no SCRAM secret")
            return
        }
        #expect(secret.iterations == 4096)
        #expect(secret.salt == "c2FsdHNhbHRzYWx0c2FsdA==")
        #expect(secret.serverKey.hasPrefix("QkJC"))
        #expect(list["nobody"] == nil)
    }

    static let notSecrets = [
        "md5abcdef0123456789abcdef012345678", "md5abcdef0123456789abcdef012345678g",
        "MD5abcdef0123456789abcdef0123456789",
        "SCRAM-SHA-1$4096:c2FsdA==$QUFB:QkJC",
    ]

    @Test("what is not exactly a hash is a password", arguments: notSecrets)
    func passwords(text: String) { #expect(Userlist.secret(text) == .plain(text)) }

    static let nearScram = [
        scram.replacing("4096", with: "0"), scram.replacing("4096", with: "04096"),
        scram.replacing("4096", with: "99999999"),
        scram.replacing("QUFB", with: "QUF"), scram.replacing("c2Fs", with: "c2F!"), scram + "$",
        scram.replacing(":Qk", with: "Qk"),
        "SCRAM-SHA-256$4096:$QUFB:QkJC", "SCRAM-SHA-256$",
    ]

    @Test("a damaged secret of SCRAM's counts as a password, with a warning", arguments: nearScram)
    func damaged(text: String) {
        let (list, found) = Self.parse("\"u\" \"\(text)\"")
        #expect(list["u"]?.secret == .plain(text))
        #expect(
            found == [
                "users:1: warning: the secret of u begins like one of SCRAM's and is none, so it counts as a password. "
                    + "Copy it again: SCRAM-SHA-256$ITERATIONS:SALT$STOREDKEY:SERVERKEY."
            ])
    }

    static let brokenLines = [
        "app \"x\"", "\"app\"", "\"app\" x", "\"app", "\"app\" \"x", "\"app\"\"x\"", "# app",
        "\"app\" \"a\"b\"",
        "\"a\u{0}\" \"x\"",
    ]

    @Test("a broken line is told without what stands in it", arguments: brokenLines)
    func broken(line: String) {
        let (list, found) = Self.parse("\"first\" \"1\"\n\(line)\n\"last\" \"2\"\n")
        #expect(
            found == [
                "users:2: this is no user and secret. Write \"name\" \"secret\", each in double quotes."
            ])
        #expect(list.users.map { $0.name } == ["first", "last"])
    }

    @Test("lengths are PgBouncer's, at the limit and above it")
    func lengths() {
        let name = String(repeating: "n", count: Userlist.nameLimit)
        let secret = String(repeating: "s", count: Userlist.secretLimit)
        #expect(Self.parse("\"\(name)\" \"\(secret)\"").1 == [])
        #expect(
            Self.parse("\"\(name)n\" \"x\"").1.first?.hasPrefix(
                "users:1: the user's name has more than 127 bytes") == true)
        #expect(
            Self.parse("\"u\" \"\(secret)s\"").1.first?.hasPrefix(
                "users:1: the secret of u has more than 2047 bytes") == true)
        #expect(Self.parse("\"\" \"x\"").1.first?.hasPrefix("users:1: the user has no name") == true)
    }

    @Test("of a user who stands twice the later line counts, with a warning")
    func twice() {
        let (list, found) = Self.parse("\"u\" \"1\"\n\"u\" \"2\"")
        #expect(list.users.count == 1)
        #expect(list["u"]?.secret == .plain("2"))
        #expect(
            found == [
                "users:2: warning: the user u stands in line 1 already. This line counts; remove the other."
            ])
    }
}
