import Languages

/// The page behind `stats uri`: HAProxy's tables, with a sentence for every server that is not simply up.
///
/// Plain HTML and CSS in one answer: no script, no other file, no other site.
struct StatisticsPage {
    let snapshot: StatisticsSnapshot
    let page: HAProxyConfiguration.Statistics
    let request: StatisticsRequest
    var out = HTMLWriter()

    init(
        _ snapshot: StatisticsSnapshot, _ page: HAProxyConfiguration.Statistics, _ request: StatisticsRequest
    ) {
        self.snapshot = snapshot
        self.page = page
        self.request = request
    }

    /// The whole document.
    var bytes: [UInt8] {
        var copy = self
        copy.write()
        return copy.out.bytes
    }

    private mutating func write() {
        let node = shownNode
        out.raw("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
        out.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
        out.raw("<title>")
        out.text(node.isEmpty ? "Statistics" : "Statistics of \(node)")
        out.raw("</title><link rel=\"icon\" href=\"data:,\"><style>")
        out.raw(StatisticsStyle.sheet)
        out.raw("</style></head>\n<body><header><h1>pinode proxy")
        if !page.hidesVersion {
            out.raw(" <small>")
            out.text(snapshot.process.version)
            out.raw("</small>")
        }
        out.raw("</h1><p>Statistics Report for pid ")
        out.text(String(snapshot.process.pid))
        if !node.isEmpty {
            out.raw(" on <b>")
            out.text(node)
            out.raw("</b>")
        }
        let description = shownDescription
        if !description.isEmpty {
            out.raw(": ")
            out.text(description)
        }
        out.raw("</p></header>\n<div class=\"top\">")
        writeProcess()
        writeLegend()
        writeOptions()
        out.raw("</div>\n")
        writeSummary()
        for section in snapshot.sections where request.filter.admits(section: section.section.name) {
            writeSection(section)
        }
        out.raw("<footer>Taken at ")
        out.text(CalendarTime(unixTime: snapshot.unixTime(at: snapshot.now)).logText)
        out.raw(" UTC</footer></body></html>\n")
    }

    /// `stats show-node`: the page's own name, else the global one, else the machine's.
    private var shownNode: String {
        guard let name = page.node else { return "" }
        return name.isEmpty ? snapshot.process.node ?? snapshot.process.hostName : name
    }

    /// `stats show-desc`: the page's own text, else the global one.
    private var shownDescription: String {
        guard let text = page.description else { return "" }
        return text.isEmpty ? snapshot.process.description ?? "" : text
    }

    // MARK: The top

    private mutating func writeProcess() {
        let process = snapshot.process
        out.raw("<section><h2>General process information</h2><dl>")
        fact("pid", "\(process.pid) (nbthread = \(process.threads))")
        fact(
            "uptime", uptimeText(snapshot.now - process.startedAt) + (process.isStopping ? ", stopping" : ""))
        fact("system limits", "maxconn = \(process.maxconn), ulimit-n = \(process.descriptorLimit)")
        fact("current conns", "\(process.connections.current) (max \(process.connections.maximum))")
        fact(
            "conn rate",
            "\(process.connectionRate.rate(at: snapshot.now))/s (max \(process.connectionRate.maximum)/s)")
        fact("requests", "\(process.requests), \(sizeText(process.bytesOut)) sent")
        var cost: [String] = []
        if let time = process.processorTime {
            let used = process.requests > 0 ? time.inMicroseconds / Int64(clamping: process.requests) : 0
            cost.append(
                process.requests > 0
                    ? "CPU \(shortText(time)) (\(used) \u{b5}s a request)" : "CPU \(shortText(time))")
        }
        if let bytes = process.residentBytes { cost.append("memory \(sizeText(bytes))") }
        if !cost.isEmpty { fact("cost", joined(cost, ", ")) }
        out.raw("</dl></section>")
    }

    private mutating func fact(_ name: StaticString, _ value: String) {
        out.raw("<dt>")
        out.raw(name)
        out.raw("</dt><dd>")
        out.text(value)
        out.raw("</dd>")
    }

    private mutating func writeLegend() {
        out.raw("<section><h2>Legend</h2><ul class=\"legend\">")
        for colour in ServerState.Colour.allCases {
            out.raw("<li><span class=\"")
            out.raw(StatisticsStyle.name(of: colour))
            out.raw("\"></span>")
            out.raw(StatisticsStyle.meaning(of: colour))
            out.raw("</li>")
        }
        out.raw("</ul></section>")
    }

    private mutating func writeOptions() {
        let hidesDown = request.filter.hidesDown
        let stops = request.stopsRefresh
        out.raw("<nav><h2>Display option</h2><ul>")
        link(
            hidesDown ? "Show all servers" : "Hide 'DOWN' servers", hidesDown: !hidesDown, stopsRefresh: stops
        )
        if let refresh = page.refresh {
            link(
                stops ? "Enable refresh (\(ageText(refresh)))" : "Disable refresh (\(ageText(refresh)))",
                hidesDown: hidesDown, stopsRefresh: !stops)
        }
        link("Refresh now", hidesDown: hidesDown, stopsRefresh: stops)
        link("CSV export", csv: true, hidesDown: hidesDown, stopsRefresh: true)
        out.raw("</ul>")
        writeScope()
        out.raw("</nav>")
    }

    private mutating func link(_ name: String, csv: Bool = false, hidesDown: Bool, stopsRefresh: Bool) {
        out.raw("<li><a href=\"")
        out.text(request.target(uri: page.uri, csv: csv, hidesDown: hidesDown, stopsRefresh: stopsRefresh))
        out.raw("\">")
        out.text(name)
        out.raw("</a></li>")
    }

    /// A form replaces what stands after the `?`, so the page's own words are sent along as a field.
    private mutating func writeScope() {
        out.raw("<form method=\"get\" action=\"")
        out.text(page.uri)
        out.raw("\">")
        let target = request.target(
            uri: page.uri, hidesDown: request.filter.hidesDown, stopsRefresh: request.stopsRefresh)
        if let mark = target.utf8.firstIndex(of: 0x3f) {
            var words = target[target.utf8.index(after: mark)...].utf8[...]
            if let end = words.firstIndex(of: 0x26) { words = words[..<end] }
            out.raw("<input type=\"hidden\" name=\"")
            out.text(String(decoding: words, as: UTF8.self))
            out.raw("\">")
        }
        out.raw("<label>Scope <input name=\"scope\" size=\"10\" maxlength=\"20\" value=\"")
        out.text(request.filter.scope)
        out.raw("\"></label></form>")
    }

    /// One line that says whether there is anything to look at.
    private mutating func writeSummary() {
        let all = snapshot.sections.flatMap { section in
            (section.backend?.servers ?? []).map { (name: section.section.name, server: $0) }
        }
        let notable = all.filter { $0.server.state.needsAttention }
        guard !notable.isEmpty else {
            if !all.isEmpty { out.raw("<p class=\"summary good\">All servers take traffic.</p>\n") }
            return
        }
        let isBad = notable.contains { $0.server.state.colour == .down || $0.server.state.colour == .goingUp }
        out.raw(isBad ? "<p class=\"summary bad\">Attention: " : "<p class=\"summary note\">Attention: ")
        for (index, (name, server)) in notable.enumerated() {
            let place = "\(name)/\(server.configuration.name)"
            out.raw(index == 0 ? "<a href=\"#" : ", <a href=\"#")
            out.text(place)
            out.raw("\">")
            out.text(place)
            out.raw("</a> ")
            out.text(server.state.statusText)
        }
        out.raw("</p>\n")
    }
}

extension ServerState {
    /// Whether somebody should know: it gets no traffic, or may soon get none.
    var needsAttention: Bool {
        switch colour {
        case .up, .notChecked: false
        case .goingDown, .goingUp, .down, .maintenance, .draining: true
        }
    }
}

func joined(_ parts: [String], _ separator: String) -> String {
    var text = ""
    for part in parts {
        if !text.isEmpty { text += separator }
        text += part
    }
    return text
}
