import Diagnostics
import Languages
import Testing

@Suite struct HBARulesTests {
    static let file = """
        # how clients log in
        local   all          postgres                 peer
        local   all          all                      peer map=accounts
        hostssl all          "Odd, name" 192.0.2.0/24 cert map=certificates
        host    app,"all"    @names      192.0.2.0/25 scram-sha-256
        host    sameuser     all         192.0.2.128 255.255.255.128 md5
        hostnossl all        all         2001:db8::/32 reject
        host    all          all         2001:db8:1::/48 trust   # never reached without TLS
        host    stats        stats,other all password
        """

    static func rules(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) -> HBARules {
        let (rules, found) = HBARules.parse(text, file: "/etc/pinode/hba") { path in
            path == "/etc/pinode/names" ? Array("one two # three\n\"four five\", six\n".utf8) : nil
        }
        #expect(found == [], sourceLocation: sourceLocation)
        return rules
    }

    struct Client: Sendable {
        var user: String
        var database: String
        var address: String?
        var isTLS = false
        var method: HBARules.Method?
        var line: Int?
    }

    static let clients = [
        Client(user: "postgres", database: "x", method: .peer, line: 2),
        Client(user: "other", database: "x", method: .peer, line: 3),
        Client(user: "Odd, name", database: "x", address: "192.0.2.200", isTLS: true, method: .cert, line: 4),
        Client(user: "Odd, name", database: "x", address: "192.0.2.200", method: nil),
        Client(user: "one", database: "app", address: "192.0.2.127", method: .scramSHA256, line: 5),
        Client(user: "one", database: "app", address: "::ffff:192.0.2.127", method: .scramSHA256, line: 5),
        Client(user: "one", database: "app", address: "::fffe:192.0.2.127", method: nil),
        Client(user: "two", database: "all", address: "192.0.2.0", method: .scramSHA256, line: 5),
        Client(user: "four five", database: "app", address: "192.0.2.1", method: .scramSHA256, line: 5),
        Client(
            user: "six", database: "app", address: "192.0.2.1", isTLS: true, method: .scramSHA256, line: 5),
        Client(user: "three", database: "app", address: "192.0.2.1", method: nil),
        Client(user: "one", database: "other", address: "192.0.2.1", method: nil),
        Client(user: "one", database: "app", address: "192.0.2.128", method: nil),
        Client(user: "u", database: "u", address: "192.0.2.128", method: .md5, line: 6),
        Client(user: "u", database: "u", address: "192.0.2.127", method: nil),
        Client(user: "u", database: "v", address: "192.0.2.255", method: nil),
        Client(user: "u", database: "v", address: "2001:db8:1::7", method: .reject, line: 7),
        Client(user: "u", database: "v", address: "2001:db8:1::7", isTLS: true, method: .trust, line: 8),
        Client(user: "u", database: "v", address: "2001:db8:2::7", isTLS: true, method: nil),
        Client(user: "other", database: "stats", address: "203.0.113.9", method: .password, line: 9),
        Client(user: "stats", database: "stats", address: "2001:db9::1", method: .password, line: 9),
    ]

    @Test("the first rule that fits says how a client logs in", arguments: clients)
    func lookup(client: Client) throws {
        let rules = Self.rules(Self.file)
        let address = try client.address.map { try #require(PoolAddress($0)) }
        let rule = rules.rule(
            for: client.user, database: client.database, address: address, isTLS: client.isTLS,
            isLocal: client.address == nil)
        #expect(rule?.method == client.method)
        #expect(rule?.line == client.line)
        #expect(
            rules.method(
                for: client.user, database: client.database, address: address, isTLS: client.isTLS,
                isLocal: client.address == nil) == client.method)
    }

    @Test("without rules nobody logs in")
    func none() {
        #expect(
            HBARules().method(for: "u", database: "d", address: .v4(1), isTLS: true, isLocal: false) == nil)
    }

    @Test("masks of all lengths keep to their bits", arguments: [0, 1, 7, 8, 9, 31, 32])
    func lengths(bits: Int) throws {
        let mask: UInt32 = bits == 0 ? 0 : ~0 << UInt32(32 - bits)
        let base = 0xc633_6455 & mask
        let rules = Self.rules("host all all \(PoolAddress.v4(base).text)/\(bits) trust")
        func fits(_ value: UInt32) -> Bool {
            rules.method(for: "u", database: "d", address: .v4(value), isTLS: false, isLocal: false) != nil
        }
        #expect(fits(base))
        #expect(fits(base | ~mask))
        for bit in 0..<32 { #expect(fits(base ^ (1 << UInt32(bit))) == (bit < 32 - bits)) }
    }

    static let wrong: [(String, String)] = [
        ("hosts all all all trust", "\"hosts\" is no kind of rule. Did you mean host?"),
        (
            "hostgssenc all all all gss",
            "hostgssenc is PostgreSQL's; there is no GSSAPI here. Write host, hostssl or hostnossl."
        ),
        (
            "host all all all scram",
            "\"scram\" is no method. There are trust, reject, md5, scram-sha-256, password, cert and peer."
        ),
        ("host all all all rejct", "\"rejct\" is no method. Did you mean reject?"),
        (
            "host all all all ldap",
            "the method ldap is not supported in this file. There are trust, reject, md5, scram-sha-256, password, cert and peer."
        ),
        (
            "host all all all peer",
            "peer is for the Unix socket alone. Write it into a rule that begins with local."
        ),
        (
            "host all all all cert",
            "cert is for connections with TLS alone. Write it into a rule that begins with hostssl."
        ),
        ("host all all all", "the rule has no method. End it with scram-sha-256, for example."),
        ("host all all", "the rule has no address. Write all, 192.0.2.0/24 or 2001:db8::/32."),
        (
            "host all",
            "the rule lacks a user. Write local DATABASE USER METHOD, or host DATABASE USER ADDRESS METHOD."
        ),
        (
            "host a, , all all trust",
            "the rule lacks a database. Write local DATABASE USER METHOD, or host DATABASE USER ADDRESS METHOD."
        ),
        (
            "host all all db.example trust",
            "\"db.example\" is no address; names are not looked up. Write all, 192.0.2.0/24 or 2001:db8::/32."
        ),
        ("host all all samenet trust", "samenet is not supported. Write the addresses."),
        (
            "host all all 192.0.2.1 trust",
            "\"192.0.2.1\" has neither a length nor a mask. Write 192.0.2.1/32 for one address."
        ),
        (
            "host all all 192.0.2.0/33 trust",
            "\"192.0.2.0/33\" has no length from 0 to 32. Write 192.0.2.0/24 or 2001:db8::/32."
        ),
        (
            "host all all 2001:db8::/129 trust",
            "\"2001:db8::/129\" has no length from 0 to 128. Write 192.0.2.0/24 or 2001:db8::/32."
        ),
        (
            "host all all 192.0.2.1/24 trust",
            "192.0.2.1/24 has bits outside of its mask, so PgBouncer's rule would fit nobody. Write the network's first address."
        ),
        (
            "host samerole all all trust",
            "samerole is not supported: the pool knows no roles. Write the names."
        ),
        ("host all +admins all trust", "+admins is not supported: the pool knows no roles. Write the names."),
        (
            "host all @nowhere all trust",
            "the file nowhere cannot be read. Is it there, and may the pool read it?"
        ),
        (
            "host all @self all trust",
            "self stands too deep in other files. Does it include itself? 10 are allowed."
        ),
        ("host all all all md5 map=x", "map= goes with cert and peer only. Remove it."),
        ("local all all peer krb=1", "the option krb=1 is not supported. There is map=NAME."),
        ("local all all peer map=a map=b", "map= stands twice in the line. Remove one of the two."),
        (
            "local \"all all peer",
            "a double quote is not closed, or the line has a NUL byte. Close it in the same line."
        ),
    ]

    @Test("a line that cannot be used is told with its place", arguments: wrong)
    func errors(line: String, sentence: String) {
        let (rules, found) = HBARules.parse(
            "local all all trust\n\(line)\nhost all all all reject", file: "hba"
        ) { path in
            path == "self" ? Array("@self".utf8) : nil
        }
        #expect(found.map { $0.sentence } == ["hba:2: \(sentence)"])
        #expect(rules.rules.map { $0.line } == [1, 3])
    }

    @Test("a map says who may be whom")
    func maps() {
        let (maps, found) = IdentMaps.parse(
            "# map\nm root postgres\nm www app # web\nm admin all\nn \"a b\" \"all\"\n", file: "ident")
        #expect(found == [])
        #expect(maps.allows("root", as: "postgres", map: "m"))
        #expect(!maps.allows("root", as: "app", map: "m"))
        #expect(maps.allows("admin", as: "whoever", map: "m"))
        #expect(!maps.allows("a b", as: "whoever", map: "n"))
        #expect(maps.allows("a b", as: "all", map: "n"))
        #expect(!maps.allows("root", as: "postgres", map: "n"))
        #expect(!maps.allows("root", as: "root", map: "nowhere"))
        #expect(maps.allows("app", as: "app", map: nil))
        #expect(!maps.allows("app", as: "other", map: nil))
        #expect(maps.hasMap("n") && !maps.hasMap("o"))
    }

    @Test("a map's line that cannot be used is told with its place")
    func mapErrors() {
        let (maps, found) = IdentMaps.parse("m a\nm /^(.*)$ b\nm a +b\nm \"a b\nm a b", file: "ident")
        #expect(
            found.map { $0.sentence } == [
                "ident:1: a line has three words. Write MAP ACCOUNT USER.",
                "ident:2: /^(.*)$ is not supported. Write the names; neither patterns nor roles are known here.",
                "ident:3: +b is not supported. Write the names; neither patterns nor roles are known here.",
                "ident:4: a double quote is not closed, or the line has a NUL byte. Close it in the same line.",
            ])
        #expect(maps.lines.map { $0.line } == [5])
    }
}
