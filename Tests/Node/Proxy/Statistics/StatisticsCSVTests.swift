import Languages
import Proxy
import Testing

@Suite struct StatisticsCSVTests {
    private let rows = StatisticsFixture.snapshot.rows(showsLegends: false)

    private func row(_ section: String, _ name: String) throws -> StatisticsRow {
        try #require(rows.first { $0[.pxname] == .text(section) && $0[.svname] == .text(name) })
    }

    @Test("rows come as HAProxy sends them: frontend, servers, backend")
    func order() {
        let names = rows.filter { $0[.pxname] == .text("database") }.map { $0[.svname] }
        #expect(names == [.text("FRONTEND"), .text("nustler1"), .text("BACKEND")])
        #expect(rows.first?[.svname] == .text("FRONTEND"))
        #expect(rows.map { $0.kind.rawValue }.prefix(3) == [0, 2, 2])
    }

    @Test("the line of names and every row have the same commas, and end with one")
    func shape() {
        let lines = StatisticsFixture.snapshot.csv(StatisticsFilter(), showsLegends: true).split(
            separator: "\n")
        #expect(lines.count == 1 + rows.count)
        #expect(lines[0].hasPrefix("# pxname,svname,qcur,"))
        for line in lines {
            #expect(line.hasSuffix(","))
            #expect(unquoted(String(line)).filter { $0 == "," }.count == StatisticsColumn.allCases.count)
        }
    }

    private func unquoted(_ line: String) -> String {
        var isQuoted = false
        return line.filter {
            if $0 == "\"" { isQuoted.toggle() }
            return !isQuoted
        }
    }

    @Test(
        "a server's status is HAProxy's word for its state",
        arguments: [
            ("nustler1", "DOWN"), ("nustler2", "UP"), ("nustler3", "UP 2/3"), ("nustler4", "DOWN 1/2"),
            ("nustler5", "no check"), ("nustler6", "MAINT"), ("nustler7", "DRAIN"),
        ])
    func status(name: String, expected: String) throws {
        #expect(try row("backend_servers", name)[.status] == .text(expected))
    }

    @Test("a server that is down says since when, how often, and why")
    func down() throws {
        let down = try row("backend_servers", "nustler1")
        #expect(down[.lastchg] == .number(84))
        #expect(down[.downtime] == .number(84))
        #expect(down[.chkfail] == .number(3))
        #expect(down[.chkdown] == .number(1))
        #expect(down[.checkStatus] == .text("L4CON"))
        #expect(down[.lastChk] == .text("Connection refused"))
        #expect(down[.lastsess] == .text("-1"))
        #expect(down[.nextCheck] == .number(700))
        #expect(
            down[.why]
                == .text(
                    "down for 1m24s, since 05:11:04 UTC: 3 checks failed, the last with \"connection refused\" by its port; next check in 700ms"
                ))
    }

    @Test("a backend's weight is that of the servers that take new sessions")
    func backend() throws {
        let backend = try row("backend_servers", "BACKEND")
        // nustler2 with 2, nustler3 (going down) and nustler5 (not checked) with 1 each.
        #expect(backend[.weight] == .number(4))
        #expect(backend[.act] == .number(3))
        #expect(backend[.status] == .text("UP"))
    }

    @Test("requests and answers are counted in mode http only")
    func modes() throws {
        #expect(try row("http-in", "FRONTEND")[.reqTot] == .number(1360))
        #expect(try row("database", "BACKEND")[.reqTot] == .none)
        #expect(try row("database", "FRONTEND")[.hrsp2xx] == .none)
    }

    @Test("addresses are for operators")
    func legends() throws {
        #expect(try row("backend_servers", "nustler1")[.addr] == .none)
        let shown = StatisticsFixture.snapshot.rows(showsLegends: true)
        #expect(shown.contains { $0[.addr] == .text("192.0.2.1:80") })
    }

    @Test("a filter leaves out what is down, in maintenance, or not asked for")
    func filters() {
        func names(_ change: (inout StatisticsFilter) -> Void) -> [StatisticsRow.Value] {
            var filter = StatisticsFilter()
            change(&filter)
            return rows.filter { filter.admits($0) }.map { $0[.svname] }
        }
        #expect(
            names {
                $0.hidesDown = true; $0.section = 3
            }.count == 5)
        #expect(!names { $0.hidesMaintenance = true }.contains(.text("nustler6")))
        #expect(names { $0.kinds = 1 } == [.text("FRONTEND"), .text("FRONTEND"), .text("FRONTEND")])
        #expect(
            names {
                $0.kinds = 4; $0.section = 3; $0.server = 2
            } == [.text("nustler2")])
        #expect(names { $0.scope = "data" }.count == 3)
        #expect(names { $0.scope = "nothing" }.isEmpty)
    }
}
