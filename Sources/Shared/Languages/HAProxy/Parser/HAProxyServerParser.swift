/// `server` and `default-server`.
extension HAProxyParser {
    mutating func readServer(_ words: inout HAProxyArguments) {
        let form = "server s1 192.0.2.1:80 check"
        let line = words.line
        guard let name = argument(&words, "server", form) else { return }
        if !HAProxyValues.isName(name) {
            report(
                line, "\"\(name)\" cannot be the name of a server",
                "Use letters, digits, \".\", \":\", \"_\" and \"-\"")
        }
        guard let text = argument(&words, "server \(name)", form) else { return }
        let endpoint = endpoint(text, line)
        var settings = current?.settings.serverDefaults ?? HAProxyServerSettings()
        readServerWords(&words, into: &settings)
        switch endpoint {
        case nil, .problem: return
        case .descriptor:
            report(line, "server \(name) cannot be a descriptor", "Write it as: \(form)")
        case .address(let address, let port):
            if address.isWildcard {
                report(
                    line,
                    "server \(name) has no address of its own; the client's destination is not supported",
                    "Write it as: \(form)")
                return
            }
            current?.servers.append(
                HAProxyServerDraft(name: name, address: address, port: port, settings: settings, line: line))
        }
    }

    mutating func readDefaultServer(_ words: inout HAProxyArguments) {
        guard !words.isAtEnd else {
            report(words.line, "default-server says nothing", "Write it as: default-server check inter 2s")
            return
        }
        var settings = current?.settings.serverDefaults ?? HAProxyServerSettings()
        readServerWords(&words, into: &settings)
        current?.settings.serverDefaults = settings
    }

    private mutating func readServerWords(
        _ words: inout HAProxyArguments, into settings: inout HAProxyServerSettings
    ) {
        while !words.isAtEnd {
            let first = words.next()
            guard let word = HAProxyServerWord(rawValue: first) else {
                reportUnknown(
                    first, in: .server, among: HAProxyServerWord.allCases.map { $0.rawValue }, words.line)
                // Whether the next word is this one's value or a word of its own cannot be known.
                while !words.isAtEnd { _ = words.next() }
                return
            }
            switch word {
            case .check: settings.checks = true
            case .noCheck: settings.checks = false
            case .inter:
                if let value = time(&words, "inter", "inter 2s") { settings.interval = value }
            case .fastinter:
                if let value = time(&words, "fastinter", "fastinter 500ms") { settings.fastInterval = value }
            case .downinter:
                if let value = time(&words, "downinter", "downinter 5s") { settings.downInterval = value }
            case .rise:
                if let value = number(&words, "rise", 1...1000, "rise 2") { settings.rise = value }
            case .fall:
                if let value = number(&words, "fall", 1...1000, "fall 3") { settings.fall = value }
            case .weight:
                if let value = number(&words, "weight", 0...256, "weight 1") { settings.weight = value }
            case .maxconn:
                // 0 is HAProxy's way of saying "as much as the process may".
                if let value = number(&words, "maxconn", 0...1_000_000, "maxconn 100") {
                    settings.maxconn = value == 0 ? nil : value
                }
            case .port:
                if let value = port(&words, "port", "port 8080") { settings.checkPort = value }
            case .addr: readCheckAddress(&words, into: &settings)
            case .disabled: settings.isDisabled = true
            case .enabled: settings.isDisabled = false
            }
        }
    }

    /// `addr`: where checks go; a port in it counts like `port`.
    private mutating func readCheckAddress(
        _ words: inout HAProxyArguments, into settings: inout HAProxyServerSettings
    ) {
        guard let text = argument(&words, "addr", "addr 192.0.2.1") else { return }
        switch endpoint(text, words.line) {
        case nil, .problem: return
        case .descriptor:
            report(words.line, "addr cannot be a descriptor", "Write it as: addr 192.0.2.1")
        case .address(let address, let port):
            settings.checkAddress = address
            if let port { settings.checkPort = port }
        }
    }
}
