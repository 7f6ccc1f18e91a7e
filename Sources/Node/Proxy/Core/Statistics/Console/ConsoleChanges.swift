import Languages

/// Commands that change servers: parsed here, carried out by the role.
extension ConsoleCommands {
    /// Where a `backend/server` is.
    enum Place {
        case found(backend: String, ServerStatistics)
        case failure(String)
    }

    static func place(of name: String, _ snapshot: StatisticsSnapshot) -> Place {
        let bytes = Array(name.utf8)
        guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")) else {
            return .failure("Require 'backend/server'.\n")
        }
        let backend = String(decoding: bytes[..<slash], as: UTF8.self)
        let server = String(decoding: bytes[(slash + 1)...], as: UTF8.self)
        guard
            let section = snapshot.sections.first(where: { $0.section.name == backend && $0.backend != nil })
        else {
            return .failure("No such backend.\n")
        }
        guard let found = section.backend?.servers.first(where: { $0.configuration.name == server }) else {
            return .failure("No such server.\n")
        }
        return .found(backend: backend, found)
    }

    /// The same with its places in the configuration.
    private static func indices(_ backend: String, _ server: ServerStatistics, _ snapshot: StatisticsSnapshot)
        -> (Int, Int)?
    {
        guard
            let section = snapshot.sections.first(where: { $0.section.name == backend && $0.backend != nil }),
            let index = section.section.backend
        else { return nil }
        // Servers are counted from 1 in the order of the file.
        return (index, server.configuration.identifier - 1)
    }

    static func get(_ words: inout ConsoleWords, _ snapshot: StatisticsSnapshot) -> String {
        guard words.next() == "weight", let name = words.next() else {
            return "Write it as: get weight <backend>/<server>\n"
        }
        switch place(of: name, snapshot) {
        case .failure(let sentence): return sentence
        case .found(_, let server): return "\(server.state.weight) (initial \(server.configuration.weight))\n"
        }
    }

    static func set(_ words: inout ConsoleWords, _ snapshot: StatisticsSnapshot) -> ConsoleAnswer {
        let form = """
            Write it as: set server <backend>/<server> state ready|drain|maint, \
            set server <backend>/<server> weight <n>[%], \
            set frontends state ready|drain|maint [<seconds>]

            """
        switch words.next() {
        case "frontends": return setFrontends(&words)
        case "weight":
            guard let name = words.next(), let value = words.next(), words.isAtEnd else {
                return ConsoleAnswer(text: "Write it as: set weight <backend>/<server> <n>[%]\n")
            }
            return setWeight(name, value, snapshot)
        case "server":
            guard let name = words.next(), let what = words.next(), let value = words.next(), words.isAtEnd
            else {
                return ConsoleAnswer(text: form)
            }
            switch what {
            case "weight": return setWeight(name, value, snapshot)
            case "state":
                switch value {
                case "ready": return setState(name, .ready, snapshot)
                case "drain": return setState(name, .drain, snapshot)
                case "maint": return setState(name, .maintenance, snapshot)
                default:
                    return ConsoleAnswer(text: "\"\(value)\" is not a state: write ready, drain or maint.\n")
                }
            default: return ConsoleAnswer(text: form)
            }
        default: return ConsoleAnswer(text: form)
        }
    }

    private static func setFrontends(_ words: inout ConsoleWords) -> ConsoleAnswer {
        let form = "Write it as: set frontends state ready|drain|maint [<seconds>]\n"
        guard words.next() == "state", let word = words.next() else { return ConsoleAnswer(text: form) }
        let state: FrontendState
        switch word {
        case "ready": state = .ready
        case "drain": state = .drain
        case "maint": state = .maintenance
        default:
            return ConsoleAnswer(text: "\"\(word)\" is not a state: write ready, drain or maint.\n")
        }
        var time = FrontendState.defaultTime
        if let word = words.next() {
            let most = FrontendState.maximumTime.components.seconds
            guard state != .ready, words.isAtEnd else { return ConsoleAnswer(text: form) }
            guard let seconds = Int64(word), seconds >= 1, seconds <= most else {
                return ConsoleAnswer(text: "\"\(word)\" is not a time: write 1 to \(most) seconds.\n")
            }
            time = .seconds(seconds)
        }
        return ConsoleAnswer(text: "", actions: [.setFrontends(state, time: time)])
    }

    static func enable(
        _ words: inout ConsoleWords, _ isEnabling: Bool, _ snapshot: StatisticsSnapshot
    ) -> ConsoleAnswer {
        guard words.next() == "server", let name = words.next(), words.isAtEnd else {
            return ConsoleAnswer(
                text: "Write it as: \(isEnabling ? "enable" : "disable") server <backend>/<server>\n")
        }
        return setState(name, isEnabling ? .ready : .maintenance, snapshot)
    }

    static func clear(_ words: inout ConsoleWords) -> ConsoleAnswer {
        guard words.next() == "counters" else {
            return ConsoleAnswer(text: "Write it as: clear counters [all]\n")
        }
        switch words.next() {
        case nil: return ConsoleAnswer(text: "", actions: [.clearCounters(all: false)])
        case "all" where words.isAtEnd: return ConsoleAnswer(text: "", actions: [.clearCounters(all: true)])
        default: return ConsoleAnswer(text: "Write it as: clear counters [all]\n")
        }
    }

    private static func setState(
        _ name: String, _ state: ServerState.Administrative, _ snapshot: StatisticsSnapshot
    ) -> ConsoleAnswer {
        switch place(of: name, snapshot) {
        case .failure(let sentence): return ConsoleAnswer(text: sentence)
        case .found(let backend, let server):
            guard let (index, place) = indices(backend, server, snapshot) else {
                return ConsoleAnswer(text: "")
            }
            return ConsoleAnswer(text: "", actions: [.setState(backend: index, server: place, state)])
        }
    }

    /// `N` from 0 to 256, or `N%` of the weight of the file, which may be more than 100.
    private static func setWeight(_ name: String, _ value: String, _ snapshot: StatisticsSnapshot)
        -> ConsoleAnswer
    {
        switch place(of: name, snapshot) {
        case .failure(let sentence): return ConsoleAnswer(text: sentence)
        case .found(let backend, let server):
            let isShare = value.utf8.last == UInt8(ascii: "%")
            let digits = isShare ? String(decoding: value.utf8.dropLast(), as: UTF8.self) : value
            guard digits.utf8.count <= 5, let number = Int(digits), number >= 0 else {
                return ConsoleAnswer(
                    text: "\"\(value)\" is not a weight: write 0 to 256, or a share such as 50%.\n")
            }
            let weight = isShare ? server.configuration.weight * number / 100 : number
            guard weight <= 256 else {
                return ConsoleAnswer(text: "A weight can only be between 0 and 256.\n")
            }
            guard let (index, place) = indices(backend, server, snapshot) else {
                return ConsoleAnswer(text: "")
            }
            return ConsoleAnswer(text: "", actions: [.setWeight(backend: index, server: place, weight)])
        }
    }
}
