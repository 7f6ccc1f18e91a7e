/// The `global` section.
extension HAProxyParser {
    /// Bytes that a Unix socket's path may have (unix(7): `sun_path` without its closing zero).
    private static let maximumSocketPath = 107

    mutating func readGlobal(_ first: String, _ words: inout HAProxyArguments) {
        let line = words.line
        guard let word = HAProxyGlobalWord(rawValue: first) else {
            if first == "no" || first == "default" {
                report(line, "\"\(first)\" has nothing to negate in the global section", "Remove the line")
                return
            }
            reportUnknown(first, in: .global, among: HAProxyGlobalWord.allCases.map { $0.rawValue }, line)
            return
        }
        switch word {
        case .maxconn:
            if let value = number(&words, "maxconn", 1...1_000_000, "maxconn 2000") { global.maxconn = value }
        case .nbthread:
            if let value = number(&words, "nbthread", 1...64, "nbthread 4") { global.nbthread = value }
        case .hardStopAfter:
            if let value = time(&words, "hard-stop-after", "hard-stop-after 30s") {
                global.hardStopAfter = value
            }
        case .node:
            guard let value = argument(&words, "node", "node NAME") else { return }
            guard HAProxyValues.isName(value), !value.utf8.contains(UInt8(ascii: ":")) else {
                report(
                    line, "\"\(value)\" cannot be the name of a node",
                    "Use letters, digits, \".\", \"_\" and \"-\"")
                return
            }
            global.node = value
        case .description:
            global.description = words.rest()
        case .stats: readGlobalStats(&words)
        case .log: readGlobalLog(&words)
        }
        if !hasJustReported(line) { expectEnd(&words, first) }
    }

    private mutating func readGlobalStats(_ words: inout HAProxyArguments) {
        guard let first = argument(&words, "stats", "stats socket /run/pinode/proxy-stats.sock") else {
            return
        }
        guard let word = HAProxyGlobalStatsWord(rawValue: first) else {
            let known = HAProxyGlobalStatsWord.allCases.map { $0.rawValue }
            reportUnknown(first, in: .globalStats, among: known, words.line)
            return
        }
        switch word {
        case .socket: readSocket(&words)
        }
    }

    private mutating func readSocket(_ words: inout HAProxyArguments) {
        let form = "stats socket /run/haproxy/admin.sock mode 660 level admin"
        guard var path = argument(&words, "stats socket", form) else { return }
        let (expanded, problem) = HAProxyVariable.expand(path, environment)
        if let (problem, advice) = problem {
            report(words.line, problem, advice)
            return
        }
        path =
            hasPrefix(expanded, "unix@")
            ? String(decoding: expanded.utf8.dropFirst(5), as: UTF8.self) : expanded
        guard hasPrefix(path, "/"), !path.utf8.contains(UInt8(ascii: ",")),
            path.utf8.count <= Self.maximumSocketPath
        else {
            report(
                words.line, "\"\(path)\" is not the path of a Unix socket",
                "Write an absolute path of at most \(Self.maximumSocketPath) bytes, without commas")
            return
        }
        if let earlier = global.statisticsSockets.first(where: { $0.path == path }) {
            report(words.line, "stats socket \(path) is also at line \(earlier.line)", "Remove one of them")
            return
        }
        var socket = HAProxyConfiguration.StatisticsSocket(
            path: path, mode: 0o600, level: .operator, line: words.line)
        while !words.isAtEnd {
            let first = words.next()
            guard let word = HAProxySocketWord(rawValue: first) else {
                let known = HAProxySocketWord.allCases.map { $0.rawValue }
                reportUnknown(first, in: .socket, among: known, words.line)
                return
            }
            guard let value = argument(&words, first, form) else { return }
            switch word {
            case .mode:
                guard let mode = octal(value) else {
                    report(
                        words.line, "\"\(value)\" is not a mode for stats socket",
                        "Write it in octal digits, as 660")
                    return
                }
                socket.mode = mode
            case .level:
                switch value {
                case "user": socket.level = .user
                case "operator": socket.level = .operator
                case "admin": socket.level = .admin
                default:
                    report(words.line, "\"\(value)\" is not a level", "Write user, operator or admin")
                    return
                }
            }
        }
        global.statisticsSockets.append(socket)
    }

    private func octal(_ text: String) -> UInt32? {
        guard text.utf8.count >= 1, text.utf8.count <= 4 else { return nil }
        var value: UInt32 = 0
        for byte in text.utf8 {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "7") else { return nil }
            value = value * 8 + UInt32(byte - UInt8(ascii: "0"))
        }
        return value <= 0o777 ? value : nil
    }

    /// `log stdout|stderr format raw FACILITY [LEVEL]`, which for HAProxy under systemd means the journal: where
    /// our messages go anyway. Any other destination we could not honour.
    private mutating func readGlobalLog(_ words: inout HAProxyArguments) {
        let form = "log stderr format raw daemon"
        guard let target = argument(&words, "log", form) else { return }
        guard target == "stdout" || target == "stderr" else {
            report(
                words.line, "pinode proxy writes to the journal, not to \"\(target)\"",
                "Remove the line, or write: \(form)")
            return
        }
        guard words.peek == "format" else {
            report(words.line, "log \(target) has no format", "Write it as: \(form)")
            return
        }
        _ = words.next()
        guard let format = argument(&words, "log format", form) else { return }
        guard format == "raw" || format == "short" else {
            report(words.line, "\"\(format)\" is not a format that the journal reads", "Write raw or short")
            return
        }
        guard let facility = argument(&words, "log", form) else { return }
        let facilities = """
            kern user mail daemon auth syslog lpr news uucp cron auth2 ftp ntp audit alert cron2 local0 local1 local2 \
            local3 local4 local5 local6 local7
            """
        guard HAProxyPeerWords.has(facility, in: facilities) else {
            report(words.line, "\"\(facility)\" is not a syslog facility", "Write it as: \(form)")
            return
        }
        if !words.isAtEnd {
            report(
                words.line, "a level for log is HAProxy's, pinode proxy does not support it yet",
                "Write it as: \(form)")
        }
    }
}
