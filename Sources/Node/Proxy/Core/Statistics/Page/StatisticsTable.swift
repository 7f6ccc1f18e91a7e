import Languages

/// The tables: HAProxy's columns in HAProxy's order.
extension StatisticsPage {
    /// The columns' groups, each with its columns.
    private static var groups: [(StaticString, [StaticString])] {
        [
            ("Queue", ["Cur", "Max", "Limit"]),
            ("Session rate", ["Cur", "Max", "Limit"]),
            ("Sessions", ["Cur", "Max", "Limit", "Total", "LbTot", "Last"]),
            ("Bytes", ["In", "Out"]),
            ("Denied", ["Req", "Resp"]),
            ("Errors", ["Req", "Conn", "Resp"]),
            ("Warnings", ["Retr", "Redis"]),
            ("Server", ["Status", "LastChk", "Wght", "Act", "Bck", "Chk", "Dwn", "Dwntme", "Thrtle"]),
        ]
    }

    mutating func writeSection(_ section: SectionStatistics) {
        out.raw("<section class=\"proxy\" id=\"")
        out.text(section.section.name)
        out.raw("\"><h2><a href=\"#")
        out.text(section.section.name)
        out.raw("\">")
        out.text(section.section.name)
        out.raw("</a>")
        let about = about(section)
        if !about.isEmpty {
            out.raw(" <small>")
            out.text(about)
            out.raw("</small>")
        }
        out.raw("</h2><div class=\"scroll\"><table><thead><tr><th></th>")
        for (group, columns) in Self.groups {
            out.raw("<th colspan=\"")
            out.number(columns.count)
            out.raw("\">")
            out.raw(group)
            out.raw("</th>")
        }
        out.raw("</tr><tr><th></th>")
        for (index, (_, columns)) in Self.groups.enumerated() {
            for column in columns {
                // On a phone the groups are gone: these two of the columns that stay need a name of their own.
                out.raw(
                    index == 1 ? "<th data-alone=\"Rate\">" : index == 2 ? "<th data-alone=\"Sess\">" : "<th>"
                )
                out.raw(column)
                out.raw("</th>")
            }
        }
        out.raw("</tr></thead><tbody>")
        if let frontend = section.frontend { write(frontend, section.section) }
        if let backend = section.backend {
            for server in backend.servers {
                if request.filter.hidesDown, !server.state.isRunning { continue }
                if request.filter.hidesMaintenance, server.state.administrative == .maintenance { continue }
                write(server, section.section)
            }
            write(backend, section.section)
        }
        out.raw("</tbody></table></div></section>\n")
    }

    private func about(_ section: SectionStatistics) -> String {
        var parts: [String] = []
        if let text = section.section.description { parts.append(text) }
        if page.showsLegends {
            parts.append(section.section.mode == .http ? "mode http" : "mode tcp")
            if let frontend = section.frontend {
                parts.append("bind " + joined(frontend.configuration.binds.map { $0.endpoint.text }, " "))
            }
            if section.backend != nil { parts.append("balance roundrobin") }
        }
        return joined(parts, ", ")
    }

    // MARK: Rows

    private mutating func open(
        _ style: StaticString, _ section: HAProxyConfiguration.Section, _ name: String, _ title: String = ""
    ) {
        out.raw("<tr class=\"")
        out.raw(style)
        out.raw("\" id=\"")
        out.text("\(section.name)/\(name)")
        out.raw("\"><th scope=\"row\"")
        if !title.isEmpty {
            out.raw(" title=\"")
            out.text(title)
            out.raw("\"")
        }
        out.raw(">")
        out.text(name)
        out.raw("</th>")
    }

    private mutating func write(_ frontend: FrontendStatistics, _ section: HAProxyConfiguration.Section) {
        let counters = frontend.counters
        let now = snapshot.now
        open("frontend", section, "Frontend")
        empty(3)
        cell(
            counters.connections.rate(at: now),
            "connections \(counters.connections.rate(at: now))/s, requests \(counters.requests.rate(at: now))/s"
        )
        cell(
            counters.connections.maximum,
            "at most: connections \(counters.connections.maximum)/s, requests \(counters.requests.maximum)/s")
        dash()
        cell(counters.sessions.current)
        cell(counters.sessions.maximum)
        cell(frontend.configuration.maxconn)
        cell(
            counters.connections.total,
            section.mode == .http
                ? "\(counters.requests.total) requests; answers: \(answers(counters.responses)); by the proxy itself: \(counters.intercepted)"
                : "")
        empty(2)
        bytes(counters.bytesIn)
        bytes(counters.bytesOut)
        cell(counters.deniedRequests)
        cell(0)
        cell(counters.requestErrors, "internal errors: \(counters.internalErrors)")
        empty(4)
        words(frontend.isOpen ? "OPEN" : "STOP")
        empty(8)
        out.raw("</tr>")
    }

    private mutating func write(_ server: ServerStatistics, _ section: HAProxyConfiguration.Section) {
        let state = server.state
        let now = snapshot.now
        let style = StatisticsStyle.name(of: state.colour)
        let port = server.configuration.port
        let address =
            port.map { server.configuration.address.text(port: $0) } ?? server.configuration.address.text
        open(style, section, server.configuration.name, page.showsLegends ? address : "")
        serving(server.counters, section.mode, queueLimit: true, limit: server.configuration.maxconn)
        words("\(ageText(now - state.changedAt)) \(state.statusText)")
        if let health = state.health, let last = health.last, state.administrative != .maintenance {
            let code = last.code.map { "/\($0)" } ?? ""
            let detail = last.detail.isEmpty ? "" : ": \(last.detail)"
            words(
                "\(health.isChecking ? "* " : "")\(last.status.word)\(code) in \(shortText(last.duration))",
                "\(last.status.meaning)\(detail); \(ageText(now - last.at)) ago")
        } else {
            empty(1)
        }
        words("\(state.isUsable ? state.weight : 0)/\(state.weight)", "weight in force / weight")
        words("Y")
        dash()
        if let health = state.health {
            cell(health.failedChecks, "checks that failed while it was up")
            cell(health.downs)
            words(ageText(state.downtime(at: now)))
        } else {
            empty(3)
        }
        dash()
        out.raw("</tr>")
        guard state.needsAttention else { return }
        out.raw("<tr class=\"why ")
        out.raw(style)
        out.raw("\"><td colspan=\"31\"><span>")
        out.text("\(server.configuration.name) is \(snapshot.explanation(of: server)).")
        out.raw("</span></td></tr>")
    }

    private mutating func write(_ backend: BackendStatistics, _ section: HAProxyConfiguration.Section) {
        let now = snapshot.now
        open(backend.isUp ? "backend" : "backend down", section, "Backend")
        serving(backend.counters, section.mode, queueLimit: false, limit: nil)
        words("\(ageText(now - backend.changedAt)) \(backend.isUp ? "UP" : "DOWN")")
        empty(1)
        let configured = backend.servers.reduce(0) { $0 + $1.state.weight }
        words("\(backend.totalWeight)/\(configured)", "weight in force / weight")
        cell(
            backend.usableServers,
            "\(backend.usableServers) of \(backend.servers.count) servers take new sessions")
        cell(0)
        empty(1)
        cell(backend.downs)
        if backend.servers.isEmpty { empty(1) } else { words(ageText(backend.downtime(at: now))) }
        empty(1)
        out.raw("</tr>")
    }

    /// The columns from Queue to Warnings of servers and backends.
    private mutating func serving(
        _ counters: ServingCounters, _ mode: HAProxyConfiguration.Mode, queueLimit: Bool, limit: Int?
    ) {
        cell(counters.queue.current)
        cell(counters.queue.maximum)
        if queueLimit { dash() } else { empty(1) }
        cell(counters.sessionRate.rate(at: snapshot.now))
        cell(counters.sessionRate.maximum)
        empty(1)
        cell(
            counters.sessions.current,
            "connections: \(counters.usedConnections) in use, \(counters.idleConnections) idle")
        cell(counters.sessions.maximum)
        if let limit { cell(limit) } else if queueLimit { dash() } else { empty(1) }
        cell(counters.sessionRate.total, sessionDetails(counters, mode))
        cell(counters.selections)
        words(counters.sessionRate.last.map { ageText(snapshot.now - $0) } ?? "?")
        bytes(counters.bytesIn)
        bytes(counters.bytesOut)
        if queueLimit { empty(1) } else { cell(counters.deniedRequests) }
        cell(counters.deniedResponses)
        empty(1)
        cell(counters.connectionErrors)
        cell(
            counters.responseErrors,
            "transfers broken off: \(counters.clientAborts) by clients, \(counters.serverAborts) by servers")
        cell(counters.retries)
        cell(counters.redispatches)
    }

    private func sessionDetails(_ counters: ServingCounters, _ mode: HAProxyConfiguration.Mode) -> String {
        let uses = counters.connects &+ counters.reuses
        let share = uses == 0 ? 0 : counters.reuses &* 100 / uses
        var text = "connections: \(counters.connects) new, \(counters.reuses) reused (\(share)%)"
        if mode == .http {
            text += "; \(counters.requests) requests; answers: \(answers(counters.responses))"
        }
        text += "; mean/max of queue \(times(counters.queueTime)), connect \(times(counters.connectTime))"
        if mode == .http { text += ", response \(times(counters.responseTime))" }
        return text + ", total \(times(counters.totalTime))"
    }

    private func times(_ average: TimeAverage) -> String {
        "\(shortText(average.mean))/\(shortText(average.maximum))"
    }

    private func answers(_ counters: ResponseCounters) -> String {
        "1xx \(counters.informational), 2xx \(counters.success), 3xx \(counters.redirection), "
            + "4xx \(counters.clientError), 5xx \(counters.serverError), other \(counters.other)"
    }

    // MARK: Cells

    private mutating func cell(_ value: UInt64, _ title: String = "") {
        startCell(title)
        out.number(value)
        out.raw("</td>")
    }

    private mutating func cell(_ value: Int, _ title: String = "") { cell(UInt64(max(0, value)), title) }

    private mutating func bytes(_ value: UInt64) { cell(value, value < 1024 ? "" : sizeText(value)) }

    private mutating func words(_ text: String, _ title: String = "") {
        startCell(title)
        out.text(text)
        out.raw("</td>")
    }

    private mutating func startCell(_ title: String) {
        guard !title.isEmpty else {
            out.raw("<td>")
            return
        }
        out.raw("<td title=\"")
        out.text(title)
        out.raw("\">")
    }

    private mutating func dash() { out.raw("<td>-</td>") }

    private mutating func empty(_ count: Int) { for _ in 0..<count { out.raw("<td></td>") } }
}
