import Languages
import Proxy
import Testing

@Suite struct StatisticsPageTests {
    private func answer(_ target: String, page: HAProxyConfiguration.Statistics = StatisticsFixture.page)
        -> (header: String, body: String)
    {
        let answer = StatisticsAnswer(target: target, page: page, snapshot: StatisticsFixture.snapshot)
        return (String(decoding: answer.header, as: UTF8.self), String(decoding: answer.body, as: UTF8.self))
    }

    /// The page of a section with these lines.
    private func page(_ lines: String) throws -> HAProxyConfiguration.Statistics {
        let (configuration, _) = HAProxyConfiguration.parse(
            "listen l\n mode http\n bind :1\n\(lines)\n", file: "t", environment: [:])
        return try #require(configuration.frontends[0].statistics)
    }

    @Test("the header says what follows, how often to come back, and that nothing may run")
    func header() {
        let (header, body) = answer("/haproxy?stats")
        #expect(header.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(header.contains("\r\nContent-Type: text/html; charset=utf-8\r\n"))
        #expect(header.contains("\r\nContent-Length: \(body.utf8.count)\r\n"))
        #expect(header.contains("\r\nRefresh: 5\r\n"))
        #expect(header.contains("\r\nContent-Security-Policy: default-src 'none';"))
        #expect(header.hasSuffix("\r\n\r\n"))
    }

    @Test("norefresh, in any place, leaves the browser alone")
    func noRefresh() {
        #expect(!answer("/haproxy?stats;norefresh").header.contains("Refresh:"))
        #expect(!answer("/haproxy?stats;up;norefresh").header.contains("Refresh:"))
        #expect(!answer("/haproxy?stats;norefresh;csv").header.contains("Refresh:"))
    }

    @Test("csv sends the CSV as plain text")
    func csv() {
        let (header, body) = answer("/haproxy?stats;csv")
        #expect(header.contains("\r\nContent-Type: text/plain; charset=utf-8\r\n"))
        #expect(body.hasPrefix("# pxname,svname,"))
    }

    @Test("up hides servers that are down, and leads back to all of them")
    func hidesDown() {
        let (_, all) = answer("/haproxy?stats")
        #expect(all.contains("id=\"backend_servers/nustler1\""))
        #expect(all.contains("href=\"/haproxy?stats;up\">Hide &#39;DOWN&#39; servers</a>"))
        let (_, some) = answer("/haproxy?stats;up")
        #expect(!some.contains("id=\"backend_servers/nustler1\""))
        #expect(some.contains("id=\"backend_servers/nustler2\""))
        #expect(some.contains("href=\"/haproxy?stats\">Show all servers</a>"))
        #expect(some.contains("href=\"/haproxy?stats;csv;up;norefresh\">CSV export</a>"))
        #expect(answer("/haproxy?stats;up;csv").body.contains("backend_servers,nustler2,"))
        #expect(!answer("/haproxy?stats;up;csv").body.contains("backend_servers,nustler1,"))
    }

    @Test("scope shows the sections whose name contains it")
    func scope() {
        let (_, body) = answer("/haproxy?stats&scope=data")
        #expect(body.contains("<section class=\"proxy\" id=\"database\">"))
        #expect(!body.contains("<section class=\"proxy\" id=\"http-in\">"))
        #expect(body.contains("value=\"data\""))
        #expect(body.contains("<input type=\"hidden\" name=\"stats\">"))
    }

    @Test("every line has HAProxy's 30 columns after its name")
    func columns() {
        let (_, body) = answer("/haproxy?stats")
        let rows = body.components(between: "<tr class=\"", and: "</tr>").filter { !$0.hasPrefix("why") }
        #expect(rows.count == 14)
        for row in rows { #expect(row.components(between: "<td", and: "</td>").count == 30) }
        let names = [
            "Queue", "Session rate", "Sessions", "Bytes", "Denied", "Errors", "Warnings", "Server", "LbTot",
            "Status", "LastChk", "Wght", "Act", "Bck", "Chk", "Dwn", "Dwntme", "Thrtle",
        ]
        for name in names { #expect(body.contains(">\(name)</th>")) }
    }

    @Test(
        "a line's colour is that of its server's state",
        arguments: [
            ("nustler1", "down"), ("nustler2", "up"), ("nustler3", "going-down"), ("nustler4", "going-up"),
            ("nustler5", "not-checked"), ("nustler6", "maintenance"), ("nustler7", "draining"),
        ])
    func colours(name: String, style: String) {
        let (_, body) = answer("/haproxy?stats")
        #expect(body.contains("<tr class=\"\(style)\" id=\"backend_servers/\(name)\">"))
        #expect(body.contains("<li><span class=\"\(style)\"></span>"))
    }

    @Test("whatever is not up has a sentence that says why")
    func why() {
        let (_, body) = answer("/haproxy?stats")
        let sentences = [
            "nustler1 is down for 1m24s, since 05:11:04 UTC: 3 checks failed, the last with &quot;connection refused&quot; by its port; next check in 700ms.",
            "nustler3 is up, but its last check, 1s ago, ended with L4CON: Connection refused.",
            "nustler4 is down for 1h0m, since 04:12:28 UTC, 1 of 2 good checks done.",
            "nustler6 is in maintenance for 1h0m, since 04:12:28 UTC, by &quot;disabled&quot; in line 19 of the file.",
            "nustler7 is draining for 12s, since 05:12:16 UTC: no new sessions, 3 sessions are left.",
        ]
        for sentence in sentences { #expect(body.contains("<span>\(sentence)</span>")) }
        #expect(body.contains("<p class=\"summary bad\">Attention: "))
    }

    @Test("the process says what it costs")
    func process() {
        let (_, body) = answer("/haproxy?stats")
        #expect(body.contains("<dt>pid</dt><dd>8690 (nbthread = 4)</dd>"))
        #expect(body.contains("<dt>uptime</dt><dd>0d 1h00m00s</dd>"))
        #expect(body.contains("<dt>system limits</dt><dd>maxconn = 250, ulimit-n = 1024</dd>"))
        #expect(body.contains("CPU 54ms (39 \u{b5}s a request), memory 5.1 MiB"))
    }

    @Test("the version and the node are shown as the stats lines want it")
    func identity() throws {
        #expect(answer("/haproxy?stats").body.contains("<small>0.1.0</small>"))
        #expect(answer("/haproxy?stats").body.contains("on <b>nustler3</b>"))
        let hidden = try page(" stats hide-version")
        #expect(!answer("/haproxy?stats", page: hidden).body.contains("0.1.0"))
        #expect(!answer("/haproxy?stats", page: hidden).body.contains("nustler3</b>"))
        let named = try page(" stats show-node <b>&'x'\n stats show-desc \"<script>\"")
        let body = answer("/haproxy?stats", page: named).body
        #expect(body.contains("on <b>&lt;b&gt;&amp;x</b>: &lt;script&gt;"))
    }

    @Test("what a browser sends cannot become markup")
    func injection() {
        let (_, body) = answer("/haproxy?stats;up;<script>alert(1)</script>&scope=\"><script>")
        #expect(!body.contains("<script"))
        #expect(!body.contains("alert"))
    }

    @Test("the page stands alone: no script, no other file")
    func alone() {
        let (_, body) = answer("/haproxy?stats")
        #expect(!body.contains("<script"))
        #expect(!body.contains("src="))
        #expect(!body.contains("http://") && !body.contains("https://"))
    }

    @Test("markup opens and closes in pairs")
    func wellFormed() {
        let (_, body) = answer("/haproxy?stats")
        for tag in [
            "table", "thead", "tbody", "tr", "td", "section", "div", "ul", "li", "a", "dl", "dt", "dd",
            "span", "i",
        ] {
            let opened = body.components(between: "<\(tag)", and: ">").filter {
                $0.isEmpty || $0.hasPrefix(" ")
            }.count
            let closed = body.components(between: "</\(tag)", and: ">").filter { $0.isEmpty }.count
            #expect(opened == closed, "\(tag)")
        }
    }
}

extension String {
    /// What stands between each pair of marks.
    fileprivate func components(between start: String, and end: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let opened = rest.firstRange(of: start),
            let closed = rest[opened.upperBound...].firstRange(of: end)
        {
            parts.append(String(rest[opened.upperBound..<closed.lowerBound]))
            rest = rest[closed.upperBound...]
        }
        return parts
    }
}
