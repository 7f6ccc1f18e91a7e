import Foundation
import Languages
import Proxy
import Testing

@Suite struct ConsoleCommandTests {
    private func answer(
        _ command: String, _ level: HAProxyConfiguration.StatisticsSocket.Level = .admin
    ) -> ConsoleAnswer {
        ConsoleCommands.answer(command, level: level, snapshot: StatisticsFixture.snapshot)
    }

    @Test(
        "a change comes back as an action, with an empty answer as in HAProxy",
        arguments: [
            ("set server backend_servers/nustler1 state drain", .setState(backend: 0, server: 0, .drain)),
            ("set server backend_servers/nustler7 state ready", .setState(backend: 0, server: 6, .ready)),
            ("set server database/nustler1 state maint", .setState(backend: 1, server: 0, .maintenance)),
            ("  disable\tserver backend_servers/nustler2\r", .setState(backend: 0, server: 1, .maintenance)),
            ("enable server backend_servers/nustler2", .setState(backend: 0, server: 1, .ready)),
            ("set weight backend_servers/nustler2 256", .setWeight(backend: 0, server: 1, 256)),
            ("set weight backend_servers/nustler2 150%", .setWeight(backend: 0, server: 1, 3)),
            ("set server backend_servers/nustler2 weight 0", .setWeight(backend: 0, server: 1, 0)),
            ("set frontends state drain", .setFrontends(.drain, time: .seconds(60))),
            ("set frontends state maint 1", .setFrontends(.maintenance, time: .seconds(1))),
            ("set frontends state drain 3600", .setFrontends(.drain, time: .seconds(3600))),
            ("set frontends state ready", .setFrontends(.ready, time: .seconds(60))),
            ("clear counters", .clearCounters(all: false)),
            ("clear counters all", .clearCounters(all: true)),
        ] as [(String, ConsoleAction)])
    func actions(command: String, expected: ConsoleAction) {
        #expect(answer(command) == ConsoleAnswer(text: "", actions: [expected]))
    }

    @Test(
        "a change that cannot be made says why, and changes nothing",
        arguments: [
            ("set server nobody/nustler1 state drain", "No such backend.\n"),
            ("set server http-in/nustler1 state drain", "No such backend.\n"),
            ("set server backend_servers/nobody state drain", "No such server.\n"),
            ("disable server nustler1", "Require 'backend/server'.\n"),
            (
                "set server backend_servers/nustler1 state up",
                "\"up\" is not a state: write ready, drain or maint.\n"
            ),
            ("set weight backend_servers/nustler1 257", "A weight can only be between 0 and 256.\n"),
            ("set weight backend_servers/nustler1 99999%", "A weight can only be between 0 and 256.\n"),
            (
                "set weight backend_servers/nustler1 -1",
                "\"-1\" is not a weight: write 0 to 256, or a share such as 50%.\n"
            ),
            (
                "set weight backend_servers/nustler1 999999",
                "\"999999\" is not a weight: write 0 to 256, or a share such as 50%.\n"
            ),
            (
                "set weight backend_servers/nustler1 %",
                "\"%\" is not a weight: write 0 to 256, or a share such as 50%.\n"
            ),
            ("set frontends state drain 0", "\"0\" is not a time: write 1 to 3600 seconds.\n"),
            ("set frontends state maint 3601", "\"3601\" is not a time: write 1 to 3600 seconds.\n"),
            ("set frontends state up", "\"up\" is not a state: write ready, drain or maint.\n"),
            (
                "set frontends state ready 5",
                "Write it as: set frontends state ready|drain|maint [<seconds>]\n"
            ),
            ("clear counters some", "Write it as: clear counters [all]\n"),
            ("enable server", "Write it as: enable server <backend>/<server>\n"),
        ])
    func refusals(command: String, expected: String) {
        #expect(answer(command) == ConsoleAnswer(text: expected))
    }

    @Test(
        "only admins change anything",
        arguments: [
            "set server backend_servers/nustler1 state drain", "disable server backend_servers/nustler1",
            "enable server backend_servers/nustler1", "clear counters all",
            "set weight backend_servers/nustler1 1", "set frontends state drain",
        ])
    func levels(command: String) {
        for level in [HAProxyConfiguration.StatisticsSocket.Level.user, .operator] {
            #expect(
                answer(command, level) == ConsoleAnswer(text: "Permission denied: this needs level admin.\n"))
        }
    }

    @Test("users see neither the column of addresses nor what clients sent")
    func users() {
        #expect(answer("show errors", .user).text == "Permission denied: this needs level operator.\n")
        #expect(answer("show servers state", .user).text == "Permission denied: this needs level operator.\n")
        #expect(!answer("show stat", .user).text.contains("192.0.2.1"))
        #expect(answer("show stat", .operator).text.contains("192.0.2.1:80"))
    }

    @Test("show stat takes HAProxy's proxy, type and server")
    func showStat() {
        let lines = answer("show stat backend_servers 4 2").text.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[1].hasPrefix("backend_servers,nustler2,"))
        #expect(answer("show stat 3 2 -1").text.split(separator: "\n").count == 2)
        #expect(answer("show stat -1 1 -1").text.split(separator: "\n").count == 4)
        #expect(answer("show stat nobody 1 -1").text == "No such proxy.\n")
        #expect(!answer("show stat up").text.contains("nustler4"))
        #expect(answer("show stat typed").text.contains("not supported"))
    }

    @Test("show servers state writes HAProxy's state file")
    func serversState() throws {
        let lines = answer("show servers state backend_servers").text.split(separator: "\n")
        #expect(lines[0] == "1")
        #expect(lines[1].hasPrefix("# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state"))
        let names = lines[1].split(separator: " ").count - 1
        for line in lines.dropFirst(2) { #expect(line.split(separator: " ").count == names) }
        // HAProxy 2.6 in the same states: down after refused checks, up, and disabled in the file.
        #expect(
            lines[2].hasPrefix(
                "3 backend_servers 1 nustler1 192.0.2.1 0 0 1 1 84 8 2 0 6 0 0 0 - 80 - 0 0 - - 0"))
        #expect(
            lines[3].hasPrefix(
                "3 backend_servers 2 nustler2 192.0.2.2 2 0 2 2 3600 15 3 4 6 0 0 0 - 80 - 0 0"))
        #expect(
            lines[6].hasPrefix("3 backend_servers 5 nustler5 192.0.2.5 2 0 1 1 3600 1 0 2 0 0 0 0 - 80 - 0 0")
        )
        #expect(
            lines[7].hasPrefix(
                "3 backend_servers 6 nustler6 192.0.2.6 0 5 1 1 3600 1 0 0 14 0 0 0 - 80 - 0 0"))
        #expect(
            lines[8].hasPrefix("3 backend_servers 7 nustler7 192.0.2.7 2 8 1 1 12 15 3 4 6 0 0 0 - 80 - 0 0"))
        #expect(answer("show servers state nobody").text == "Can't find backend.\n")
    }

    @Test("show info has a line for each number, by HAProxy's names")
    func info() {
        let lines = answer("show info").text.split(separator: "\n")
        for line in [
            "Pid: 8690", "Uptime: 0d 1h00m00s", "Uptime_sec: 3600", "Maxconn: 250", "CumReq: 1360",
            "node: nustler3",
        ] {
            #expect(lines.contains(Substring(line)))
        }
    }

    @Test("why answers for one server, or for all that are not up")
    func why() {
        #expect(answer("why backend_servers/nustler2").text == "backend_servers/nustler2 is up.\n")
        #expect(answer("why backend_servers/nustler7").text.contains("draining for 12s"))
        #expect(answer("why").text.split(separator: "\n").count == 5)
    }

    @Test("show errors has the rule, the place and the bytes, without secrets")
    func errors() {
        var snapshot = StatisticsFixture.snapshot
        let request = "GET / HTTP/1.1\r\nHost: a\\b\u{1}\r\nAuthorization: Basic c2VjcmV0\r\ncookie: id=1\r\n"
        snapshot.errors = [
            CapturedError(
                .request, section: "http-in", client: "192.0.2.99:4711", unixTime: 1_795_493_548,
                reason: "a field value has a control character", position: 26,
                bytes: Array(request.utf8) + [UInt8](repeating: 0x78, count: 100))
        ]
        let text = ConsoleCommands.answer("show errors", level: .operator, snapshot: snapshot).text
        #expect(text.hasPrefix("Total events captured on [24/Nov/2026:05:12:28] : 1\n"))
        #expect(text.contains("[24/Nov/2026:04:12:28] frontend http-in: invalid request\n"))
        #expect(
            text.contains("client 192.0.2.99:4711: a field value has a control character, at position 26\n"))
        #expect(text.contains("  00000  GET / HTTP/1.1\\r\\n\n"))
        #expect(text.contains("  00016  Host: a\\\\b\\x01\\r\\n\n"))
        #expect(text.contains("Authorization: ***** ********\\r\\n"))
        #expect(text.contains("cookie: ****\\r\\n"))
        #expect(!text.contains("c2VjcmV0"))
        #expect(text.split(separator: "\n").allSatisfy { $0.utf8.count <= 79 })
        #expect(text.contains("+ xxx"))
    }

    @Test("an unknown command is answered with those that there are, as far as the level allows them")
    func unknown() {
        #expect(answer("shw stat").text.hasPrefix("Unknown command. The following commands are valid"))
        #expect(answer("help", .user).text.contains("show stat"))
        #expect(!answer("help", .user).text.contains("disable server"))
        #expect(answer("help").text.contains("disable server"))
    }
}

@Suite struct ConsoleDocumentationTests {
    @Test("docs/proxy-statistics.md has every command that help has, and no other")
    func commands() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(
            contentsOf: root.appendingPathComponent("docs/proxy-statistics.md"), encoding: .utf8)
        let start = try #require(page.range(of: "## The console"))
        let documented = page[start.upperBound...].split(separator: "\n").filter { $0.hasPrefix("| `") }.map {
            $0.replacingOccurrences(of: "\\|", with: "|").components(separatedBy: "`")[1]
        }
        let help = ConsoleCommands.answer("help", level: .admin, snapshot: StatisticsFixture.snapshot).text
        let known = help.split(separator: "\n").dropFirst().map {
            $0.components(separatedBy: " : ")[0].components(separatedBy: ": ")[0].trimmingCharacters(
                in: .whitespaces)
        }
        #expect(Set(documented) == Set(known))
    }
}
