import Database
import Testing

@testable import DatabaseRole

@Suite struct DatabaseConfigurationTests {
    private static let good = """
        [postgresql]
        node = n2
        version = 16
        port = 5433
        durability = available
        health_port = 0
        [node n1]
        id = 1
        address = 198.51.100.1
        [node n2]
        id = 2
        address = 2001:db8::2
        [access]
        networks = 198.51.100.0/24 2001:db8::/32
        [parameters]
        Work_Mem = '8MB'
        search_path = '"$user", public'
        [role app]
        password_file = /etc/pinode/app.password
        [database shop]
        owner = app
        """

    private func sentences(_ text: String) -> [String] {
        DatabaseConfiguration.parse(text, file: "f").1.map { $0.sentence }
    }

    /// The good file with one line in place of another.
    private func changed(_ line: String, _ other: String) -> String {
        Self.good.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0 == line ? other : String($0) }.joined(separator: "\n")
    }

    @Test("a file without a mistake says all that it says, and the rest is Debian's")
    func good() throws {
        let (configuration, diagnostics) = DatabaseConfiguration.parse(Self.good, file: "f")
        #expect(diagnostics == [])
        let (first, second) = (try #require(MemberID(1)), try #require(MemberID(2)))
        #expect(configuration.own == .init(name: "n2", id: second, address: "2001:db8::2"))
        #expect(configuration.members == MemberSet([first, second]))
        #expect(configuration.name(first) == "n1")
        #expect(configuration.name(try #require(MemberID(9))) == "member 9")
        #expect(configuration.durability == .available)
        #expect(configuration.port == 5433 && configuration.healthPort == 0)
        #expect(configuration.programs == "/usr/lib/postgresql/16/bin")
        #expect(configuration.data == "/var/lib/postgresql/16/pidep")
        #expect(configuration.log == "/var/log/postgresql/postgresql-16-pidep.log")
        #expect(configuration.networks == ["198.51.100.0/24", "2001:db8::/32"])
        #expect(
            configuration.parameters == [
                .init(name: "work_mem", value: "8MB"),
                .init(name: "search_path", value: "\"$user\", public"),
            ])
        #expect(configuration.roles == [.init(name: "app", passwordFile: "/etc/pinode/app.password")])
        #expect(configuration.databases == [.init(name: "shop", owner: "app")])
    }

    @Test(
        "a mistake is told with its line and what to write",
        arguments: [
            ("version = 16", "version = 12", "f:3: version is no number from 13 to 17."),
            ("version = 16", "version = fifteen", "f:3: version is no number from 13 to 17."),
            ("port = 5433", "port = 0", "f:4: port is no number from 1 to 65535."),
            ("health_port = 0", "health_port = 65536", "f:6: health_port is no number from 0 to 65535."),
            (
                "durability = available", "durability = stict",
                "f:5: durability is stict. It is strict, available or async."
            ),
            ("port = 5433", "prot = 5433", "f:4: [postgresql] has no setting prot. Is port meant?"),
            ("port = 5433", "adopt = maybe", "f:4: adopt is neither yes nor no."),
            (
                "port = 5433", "colour = red",
                "f:4: [postgresql] has no setting colour. See docs/database.md."
            ),
            ("id = 1", "idd = 1", "f:8: [node] has no setting idd. Is id meant?"),
            (
                "id = 1", "id = 65",
                "f:7: the node n1 has no number from 1 to 64. Write id = 1, the same as in control.conf."
            ),
            ("id = 1", "id = 2", "f:10: two nodes have the number 2. Give each its own."),
            (
                "address = 198.51.100.1", "address = n1.example",
                "f:9: the address of n1 is no IP address. Write address = 192.0.2.1."
            ),
            (
                "networks = 198.51.100.0/24 2001:db8::/32", "networks = 198.51.100.0/24 all",
                "f:14: all is no network. Write 192.0.2.0/24, for example."
            ),
            (
                "networks = 198.51.100.0/24 2001:db8::/32", "networks = 198.51.100.0/129",
                "f:14: 198.51.100.0/129 is no network. Write 192.0.2.0/24, for example."
            ),
            (
                "Work_Mem = '8MB'", "work mem = 8MB", "f:16: work mem is no name of a parameter."
            ),
            (
                "owner = app", "owners = app", "f:21: [database] has no setting owners. Is owner meant?"
            ),
            ("owner = app", "owner =", "f:20: the database shop has no owner."),
            (
                "owner = app", "owner = ap",
                "f: the owner of the database shop is no role of this file. Write a section [role ap]."
            ),
            (
                "password_file = /etc/pinode/app.password", "password = app",
                "f:18: the role app has no password_file. Write where it is."
            ),
            ("[role app]", "[role pg_app]", "f:18: the role pg_app is PostgreSQL's or pidep's own."),
            ("[role app]", "[role pidep]", "f:18: the role pidep is PostgreSQL's or pidep's own."),
            ("[role app]", "[role postgres]", "f:18: the role postgres is PostgreSQL's or pidep's own."),
            (
                "node = n2", "node = n3",
                "f: this node, \"n3\", is none of the nodes. "
                    + "Write node = NAME below [postgresql], and a section [node NAME]."
            ),
        ])
    func mistakes(line: String, written: String, sentence: String) {
        let told = sentences(changed(line, written))
        #expect(told.contains(sentence), "\(told)")
    }

    @Test(
        "a section of no known form is refused",
        arguments: ["[postgres]", "[postgresql main]", "[node]", "[access all]", "[role]", "[database]"])
    func sections(header: String) {
        let told = sentences(Self.good + "\n" + header)
        #expect(told.contains { $0.hasPrefix("f:22: there is no section [") }, "\(told)")
    }

    @Test("a parameter that the role gives itself is refused, each with its reason, however it is written")
    func managedParameters() {
        for name in ManagedParameters.names {
            let why = ManagedParameters.reason(name) ?? ""
            #expect(
                sentences(changed("Work_Mem = '8MB'", "\(name.uppercased()) = x")) == [
                    "f:16: \(name) is not for [parameters]: \(why). Take the line out."
                ])
        }
        #expect(ManagedParameters.reason("work_mem") == nil)
    }

    @Test("what the role writes by default is nothing that it refuses from others")
    func defaults() {
        for setting in ManagedParameters.defaults { #expect(ManagedParameters.reason(setting.name) == nil) }
    }

    @Test("all mistakes of a file are told at once")
    func several() {
        let text = changed("version = 16", "version = 1")
            .replacing("id = 1\n", with: "id = x\n").replacing("owner = app", with: "owner = nobody")
        #expect(sentences(text).count == 3, "\(sentences(text))")
    }

    @Test("names of standbys lead back to their members, others to nobody")
    func standbyNames() throws {
        for number in 1...64 {
            let member = try #require(MemberID(number))
            #expect(ClusterRole.member(ClusterRole.standbyName(member)) == member)
        }
        for name in ["pidep_0", "pidep_65", "pidep_", "pidep", "pidep_1x", "other_1"] {
            #expect(ClusterRole.member(name) == nil)
        }
    }
}
