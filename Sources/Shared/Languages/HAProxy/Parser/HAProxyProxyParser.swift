/// Words of the `defaults`, `frontend`, `backend` and `listen` sections.
extension HAProxyParser {
    /// Which sections a word may stand in.
    private enum Home {
        /// `frontend` and `listen`, and where `inDefaults` says so, `defaults`.
        case listening(inDefaults: Bool)
        /// `backend` and `listen`, and where `inDefaults` says so, `defaults`.
        case serving(inDefaults: Bool)
        /// All; `inDefaults` as above.
        case any(inDefaults: Bool)
    }

    private func home(of word: HAProxyProxyWord) -> Home {
        switch word {
        case .mode, .option, .timeout, .stats: .any(inDefaults: true)
        case .description: .any(inDefaults: false)
        case .bind, .useBackend: .listening(inDefaults: false)
        case .maxconn, .defaultBackend: .listening(inDefaults: true)
        case .server: .serving(inDefaults: false)
        case .balance, .retries, .defaultServer, .httpCheck: .serving(inDefaults: true)
        }
    }

    /// Whether the word may stand in the current section; a sentence if not.
    private mutating func isAtHome(_ name: String, _ home: Home, _ line: Int) -> Bool {
        guard let draft = current else { return false }
        let places: String
        switch home {
        case .listening(let inDefaults):
            if draft.kind == nil ? inDefaults : draft.listens { return true }
            places = "a frontend or listen"
        case .serving(let inDefaults):
            if draft.kind == nil ? inDefaults : draft.serves { return true }
            places = "a backend or listen"
        case .any(let inDefaults):
            if draft.kind != nil || inDefaults { return true }
            places = "a frontend, backend or listen"
        }
        let where_ = draft.kind == nil ? "a defaults section" : "\(draft.keyword) \(draft.name)"
        report(line, "\"\(name)\" cannot stand in \(where_)", "Move it to \(places) section")
        return false
    }

    mutating func readProxyWord(_ first: String, _ words: inout HAProxyArguments) {
        let line = words.line
        if first == "no" || first == "default" {
            readNegation(first, &words)
            return
        }
        guard let word = HAProxyProxyWord(rawValue: first) else {
            reportUnknown(first, in: .proxy, among: HAProxyProxyWord.allCases.map { $0.rawValue }, line)
            return
        }
        guard isAtHome(first, home(of: word), line) else { return }
        switch word {
        case .mode: readMode(&words)
        case .bind: readBind(&words)
        case .maxconn:
            // 0 is HAProxy's way of saying "as much as the process may".
            if let value = number(&words, "maxconn", 0...1_000_000, "maxconn 2000") {
                current?.settings.maxconn = value == 0 ? nil : value
            }
        case .defaultBackend:
            if let name = argument(&words, "default_backend", "default_backend NAME") {
                current?.settings.defaultBackend = .init(name: name, line: line)
            }
        case .useBackend: readUseBackend(&words)
        case .balance: readBalance(&words)
        case .server: readServer(&words)
        case .defaultServer: readDefaultServer(&words)
        case .option: readOption(&words, isNegated: false)
        case .timeout: readTimeout(&words)
        case .retries:
            if let value = number(&words, "retries", 0...100, "retries 3") {
                current?.settings.retries = value
            }
        case .stats: readStats(&words)
        case .description: current?.description = words.rest()
        case .httpCheck: readHTTPCheck(&words)
        }
        if !hasJustReported(line) { expectEnd(&words, first) }
    }

    private mutating func readNegation(_ first: String, _ words: inout HAProxyArguments) {
        guard first == "no", words.peek == "option" else {
            let rest = words.peek.map { "\(first) \($0)" } ?? first
            report(
                words.line, "\"\(rest)\" is not something that pinode proxy knows", "Only no option NAME is")
            return
        }
        _ = words.next()
        let line = words.line
        readOption(&words, isNegated: true)
        if !hasJustReported(line) { expectEnd(&words, "no option") }
    }

    private mutating func readMode(_ words: inout HAProxyArguments) {
        guard let value = argument(&words, "mode", "mode http") else { return }
        switch value {
        case "http": current?.settings.mode = .http
        case "tcp": current?.settings.mode = .tcp
        case "log", "spop", "health", "haterm":
            report(
                words.line, "mode \(value) is HAProxy's, pinode proxy does not support it",
                "Write http or tcp")
        default: report(words.line, "\"\(value)\" is not a mode", "Write http or tcp")
        }
    }

    private mutating func readUseBackend(_ words: inout HAProxyArguments) {
        guard let name = argument(&words, "use_backend", "use_backend NAME") else { return }
        if let condition = words.peek, condition == "if" || condition == "unless" {
            report(
                words.line, "use_backend with a condition is HAProxy's; pinode proxy has no conditions yet",
                "Write default_backend \(name), or deploy with engine = debian")
            return
        }
        // The first one without a condition decides: what follows it is never reached.
        if current?.settings.useBackend == nil {
            current?.settings.useBackend = .init(name: name, line: words.line)
        }
    }

    private mutating func readBalance(_ words: inout HAProxyArguments) {
        guard let value = argument(&words, "balance", "balance roundrobin") else { return }
        if value == "roundrobin" { return }
        let known =
            "static-rr leastconn first source uri url_param hdr random rdp-cookie hash log-hash sticky"
        let name = value.utf8.firstIndex(of: UInt8(ascii: "(")).map { String(value[..<$0]) } ?? value
        if HAProxyPeerWords.has(name, in: known) {
            report(
                words.line, "balance \(name) is HAProxy's, pinode proxy does not support it yet",
                "Write balance roundrobin, or deploy with engine = debian")
        } else {
            report(words.line, "\"\(value)\" is not a way to balance", "Write balance roundrobin")
        }
    }

    private mutating func readTimeout(_ words: inout HAProxyArguments) {
        guard let first = argument(&words, "timeout", "timeout connect 3s") else { return }
        guard let word = HAProxyTimeoutWord(rawValue: first) else {
            reportUnknown(
                first, in: .timeout, among: HAProxyTimeoutWord.allCases.map { $0.rawValue }, words.line)
            return
        }
        let home: Home
        switch word {
        case .client: home = .listening(inDefaults: true)
        case .connect, .server, .queue, .tunnel, .check: home = .serving(inDefaults: true)
        case .httpRequest, .httpKeepAlive: home = .any(inDefaults: true)
        }
        guard isAtHome("timeout \(first)", home, words.line) else { return }
        if let value = time(&words, "timeout \(first)", "timeout \(first) 10s") {
            current?.settings.timeouts[word] = value
        }
    }

    /// A `stats` line; any of them switches the page on, and the first of a section forgets inherited ones, as
    /// in HAProxy.
    private mutating func readStats(_ words: inout HAProxyArguments) {
        guard let first = argument(&words, "stats", "stats uri /haproxy?stats") else { return }
        guard let word = HAProxyStatsWord(rawValue: first) else {
            reportUnknown(first, in: .stats, among: HAProxyStatsWord.allCases.map { $0.rawValue }, words.line)
            return
        }
        var statistics =
            current?.settings.statisticsLine == nil
            ? HAProxyConfiguration.Statistics()
            : current?.settings.statistics ?? HAProxyConfiguration.Statistics()
        switch word {
        case .enable: break
        case .uri:
            guard let uri = argument(&words, "stats uri", "stats uri /haproxy?stats") else { return }
            guard HAProxyValues.isPath(uri) else {
                report(
                    words.line, "\"\(uri)\" cannot be the target of a request",
                    "Begin it with /, without blanks")
                return
            }
            statistics.uri = uri
        case .refresh:
            guard let value = time(&words, "stats refresh", "stats refresh 5s", unit: .seconds(1)) else {
                return
            }
            guard value >= .seconds(1) else {
                report(words.line, "stats refresh is less than a second", "Write stats refresh 5s")
                return
            }
            statistics.refresh = value
        case .hideVersion: statistics.hidesVersion = true
        case .showLegends: statistics.showsLegends = true
        case .showNode: statistics.node = words.isAtEnd ? "" : words.next()
        case .showDesc: statistics.description = words.rest()
        }
        if current?.settings.statisticsLine == nil { current?.settings.statisticsLine = words.line }
        current?.settings.statistics = statistics
    }
}
