import Languages

/// What the role must do before it sends a console's answer.
public enum ConsoleAction: Sendable, Equatable {
    /// `set server … state`, `enable server`, `disable server`; places in the configuration's `backends` and `servers`.
    case setState(backend: Int, server: Int, ServerState.Administrative)
    /// `set server … weight`, `set weight`: 0 to 256.
    case setWeight(backend: Int, server: Int, Int)
    /// `set frontends state`, for so long.
    case setFrontends(FrontendState, time: Duration)
    /// `clear counters` (the maxima only) and `clear counters all`.
    case clearCounters(all: Bool)
}

/// What a console command is answered with.
public struct ConsoleAnswer: Sendable, Equatable {
    /// The lines, each with its newline, without the empty line that ends an answer.
    public var text: String
    /// What to do first; empty for commands that only look.
    public var actions: [ConsoleAction]

    /// An answer, and what to do before it is sent.
    public init(text: String, actions: [ConsoleAction] = []) {
        self.text = text
        self.actions = actions
    }
}

/// HAProxy's runtime commands (management.txt 9.3), as far as pinode proxy has what they show.
public enum ConsoleCommands {
    /// A command, what it shows or does, and the level that it needs.
    struct Entry {
        var words: String
        var about: String
        var needs: HAProxyConfiguration.StatisticsSocket.Level
    }

    /// All commands, by alphabet.
    static var entries: [Entry] {
        [
            Entry(
                words: "clear counters [all]", about: "forget the maxima, or all that was counted",
                needs: .admin),
            Entry(words: "disable server <b>/<s>", about: "take a server out, without checks", needs: .admin),
            Entry(
                words: "enable server <b>/<s>", about: "let health checks decide about a server again",
                needs: .admin),
            Entry(
                words: "get weight <b>/<s>", about: "a server's weight and the one of the file", needs: .user),
            Entry(words: "help", about: "this list", needs: .user),
            Entry(
                words: "set frontends state ready|drain|maint [<s>]", about: "let clients go; drop new ones",
                needs: .admin),
            Entry(
                words: "set server <b>/<s> state ready|drain|maint", about: "change what a server may do",
                needs: .admin),
            Entry(
                words: "set server <b>/<s> weight <n>[%]", about: "change a server's weight", needs: .admin),
            Entry(words: "set weight <b>/<s> <n>[%]", about: "the same", needs: .admin),
            Entry(words: "show backend", about: "names of the backends", needs: .user),
            Entry(
                words: "show errors", about: "the last requests and answers that broke a rule",
                needs: .operator),
            Entry(words: "show info", about: "the process", needs: .user),
            Entry(
                words: "show servers state [<b>]", about: "states of servers, as HAProxy saves them",
                needs: .operator),
            Entry(
                words: "show stat [<px> <type> <sid>] [up|no-maint]", about: "the statistics as CSV",
                needs: .user),
            Entry(words: "show version", about: "the program's version", needs: .user),
            Entry(words: "why [<b>/<s>]", about: "why servers are not up, in sentences", needs: .user),
        ]
    }

    /// Answers one command, without its newline. A command that changes something has its effect only when the
    /// role carries out the answer's actions.
    public static func answer(
        _ command: String, level: HAProxyConfiguration.StatisticsSocket.Level, snapshot: StatisticsSnapshot
    ) -> ConsoleAnswer {
        var words = ConsoleWords(command)
        let first = words.next()
        switch first {
        case nil, "help": return ConsoleAnswer(text: help(level))
        case "show": return ConsoleAnswer(text: show(&words, level, snapshot))
        case "why": return ConsoleAnswer(text: why(&words, snapshot))
        case "get": return ConsoleAnswer(text: get(&words, snapshot))
        case "set", "enable", "disable", "clear":
            guard level == .admin else {
                return ConsoleAnswer(text: "Permission denied: this needs level admin.\n")
            }
            switch first {
            case "set": return set(&words, snapshot)
            case "clear": return clear(&words)
            default: return enable(&words, first == "enable", snapshot)
            }
        default: return ConsoleAnswer(text: unknown(level))
        }
    }

    /// Whether the answer to a command says how many connections are left.
    public static func showsInfo(_ command: String) -> Bool {
        var words = ConsoleWords(command)
        return words.next() == "show" && words.next() == "info"
    }

    private static func show(
        _ words: inout ConsoleWords, _ level: HAProxyConfiguration.StatisticsSocket.Level,
        _ snapshot: StatisticsSnapshot
    ) -> String {
        let what = words.next()
        if level == .user, what == "errors" || what == "servers" {
            return "Permission denied: this needs level operator.\n"
        }
        switch what {
        case "info": return words.isAtEnd ? showInfo(snapshot) : "\"show info\" takes no further word here.\n"
        case "stat": return showStatistics(&words, level, snapshot)
        case "errors": return showErrors(snapshot)
        case "version": return snapshot.process.version + "\n"
        case "backend":
            var text = "# name\n"
            for section in snapshot.sections where section.backend != nil {
                text += section.section.name + "\n"
            }
            return text
        case "servers":
            guard words.next() == "state" else { return "Did you mean \"show servers state\"?\n" }
            return showServersState(words.next(), snapshot)
        default: return unknown(level)
        }
    }

    private static func showStatistics(
        _ words: inout ConsoleWords, _ level: HAProxyConfiguration.StatisticsSocket.Level,
        _ snapshot: StatisticsSnapshot
    ) -> String {
        var filter = StatisticsFilter()
        var numbers: [String] = []
        while let word = words.next() {
            switch word {
            case "up": filter.hidesDown = true
            case "no-maint": filter.hidesMaintenance = true
            case "typed", "json", "desc": return "\"show stat \(word)\" is not supported, only CSV is.\n"
            default: numbers.append(word)
            }
        }
        if !numbers.isEmpty {
            let form = "Write it as: show stat <proxy> <type> <server>, with numbers or -1 for all.\n"
            guard numbers.count == 3, let kinds = Int(numbers[1]), let server = Int(numbers[2]) else {
                return form
            }
            if let number = Int(numbers[0]) {
                filter.section = number
            } else {
                guard let section = snapshot.sections.first(where: { $0.section.name == numbers[0] }) else {
                    return "No such proxy.\n"
                }
                filter.section = section.section.identifier
            }
            filter.kinds = kinds
            filter.server = server
        }
        return snapshot.csv(filter, showsLegends: level != .user)
    }

    private static func why(_ words: inout ConsoleWords, _ snapshot: StatisticsSnapshot) -> String {
        if let name = words.next() {
            switch place(of: name, snapshot) {
            case .failure(let sentence): return sentence
            case .found(let backend, let server):
                let statistics = server
                let text = snapshot.explanation(of: statistics)
                return "\(backend)/\(statistics.configuration.name) is \(text.isEmpty ? "up" : text).\n"
            }
        }
        var text = ""
        for section in snapshot.sections {
            for server in section.backend?.servers ?? [] where server.state.needsAttention {
                text +=
                    "\(section.section.name)/\(server.configuration.name) is \(snapshot.explanation(of: server)).\n"
            }
        }
        return text.isEmpty ? "All servers take traffic.\n" : text
    }

    private static func help(_ level: HAProxyConfiguration.StatisticsSocket.Level) -> String {
        var text = "The following commands are valid at this level:\n"
        for entry in entries where entry.needs.rank <= level.rank {
            text += "  " + entry.words
            for _ in entry.words.utf8.count..<46 { text += " " }
            text += ": \(entry.about)\n"
        }
        return text
    }

    private static func unknown(_ level: HAProxyConfiguration.StatisticsSocket.Level) -> String {
        "Unknown command. " + help(level)
    }
}

/// The words of a command.
struct ConsoleWords {
    private let words: [String]
    private var index = 0

    init(_ command: String) {
        words = command.utf8.split { $0 == 0x20 || $0 == 9 || $0 == 13 }.map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    var isAtEnd: Bool { index >= words.count }

    mutating func next() -> String? {
        guard index < words.count else { return nil }
        index += 1
        return words[index - 1]
    }
}

extension HAProxyConfiguration.StatisticsSocket.Level {
    /// What is allowed at a level is allowed at every higher one.
    var rank: Int {
        switch self {
        case .user: 0
        case .operator: 1
        case .admin: 2
        }
    }
}
