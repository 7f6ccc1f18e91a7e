import Testing

@testable import Deployment

@Suite struct LogRequestTests {
    static let managed = ["apache2.service", "pinode-proxy.service", "pinode-vrrp.service"]

    func words(_ request: LogRequest, after cursor: String? = nil) -> [String] {
        request.command(after: cursor).split(separator: " ").map { $0.trimmingCharacters(in: ["'"]) }
    }

    @Test("the last hundred lines of a node unless somebody says otherwise")
    func lines() {
        #expect(words(LogRequest(units: ["a.service"])).contains("--lines=100"))
        #expect(words(LogRequest(units: ["a.service"], lines: 7, since: "1h")).contains("--lines=7"))
        #expect(words(LogRequest(units: ["a.service"], since: "1h")).contains("--lines=10000"))
    }

    @Test(
        "since is a duration of ours or a time of journalctl's",
        arguments: [("10m", "-600s"), ("2h", "-7200s"), ("today", "today"), ("-5min", "-5min")])
    func since(text: String, expected: String) {
        #expect(words(LogRequest(units: [], since: text)).contains("--since=\(expected)"))
    }

    @Test("what a person wrote cannot become a command of the node's shell")
    func quoting() {
        let command = LogRequest(units: ["a'; reboot;'.service"], since: "$(reboot)").command()
        #expect(command.contains(#"'--unit=a'\''; reboot;'\''.service'"#))
        #expect(command.contains("'--since=$(reboot)'"))
    }

    @Test("after an interruption reading goes on behind the last line, not from the beginning")
    func cursor() {
        let request = LogRequest(units: ["a.service"], lines: 7, since: "1h", follows: true)
        let again = words(request, after: "s=1;i=2")
        #expect(again.contains("--after-cursor=s=1;i=2"))
        #expect(again.contains("--follow"))
        #expect(!again.contains { $0.hasPrefix("--since") || $0 == "--lines=7" })
    }

    @Test("what journalctl refuses is told in its words, and a time that it does not understand with advice")
    func refusal() {
        #expect(Logging.refusal(status: 1, ["a", "b"]) == "journalctl cannot read its journal: a b")
        #expect(Logging.refusal(status: 9, []) == "journalctl cannot read its journal: exit status 9")
        let rights = Logging.refusal(
            status: 1, ["No journal files were opened due to insufficient permissions."])
        #expect(rights.contains("permissions. Set ansible_become"))
        let time = Logging.refusal(status: 1, ["Failed to parse timestamp: soon"])
        #expect(time.contains("timestamp: soon. Write --since as in 10m"))
    }

    @Test("all units are our roles', whether a recipe names them or not, and the recipes'")
    func all() {
        #expect(LogUnits.all(Self.managed) == ["pinode-*.service", "apache2.service"])
    }

    @Test(
        "a role, a unit without and with its suffix, and a unit that no recipe knows",
        arguments: [
            ("proxy", "pinode-proxy.service"), ("pinode-proxy", "pinode-proxy.service"),
            ("apache2", "apache2.service"), ("apache2.service", "apache2.service"),
            ("ssh.service", "ssh.service"), ("pinode-*.service", "pinode-*.service"),
        ])
    func unit(name: String, unit: String) throws {
        #expect(try LogUnits.unit(name, managed: Self.managed) == unit)
    }

    @Test("a misspelt role is a sentence with the nearest one, or with all")
    func misspelt() throws {
        let near = try #require(throws: DeploymentFailure.self) {
            try LogUnits.unit("prxy", managed: Self.managed + Self.managed)
        }
        #expect(
            near.sentence
                == "--role: \"prxy\" is no role or unit of a recipe of these nodes. Did you mean \"proxy\"? "
                + "Any other unit is written with its suffix, as in prxy.service")
        let far = try #require(throws: DeploymentFailure.self) {
            try LogUnits.unit("database", managed: Self.managed + Self.managed)
        }
        #expect(far.sentence.contains("They have apache2, proxy, vrrp. Any other unit"))
    }
}
