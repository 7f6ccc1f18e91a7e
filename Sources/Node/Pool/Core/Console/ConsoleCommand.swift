/// A command of PgBouncer's console (its manual, usage.md, 1.25).
enum ConsoleCommand: Equatable {
    enum Shutdown: Equatable {
        case now
        case waitForServers
        case waitForClients
    }

    case show(String)
    case help
    case pause(String?)
    case resume(String?)
    case reconnect(String?)
    case kill(String?)
    case killClient(UInt64)
    case disable(String)
    case enable(String)
    case suspend
    case reload
    case waitClose(String?)
    case shutdown(Shutdown)
    case set(name: String, value: String)
    /// Nothing at all: `;`.
    case empty
    /// What no command is, as a sentence.
    case unknown(String)

    /// Reads one command; a semicolon may end it. Words are the same in capitals and not; a name of a database may stand in
    /// double quotes, a value in single ones.
    init(_ text: String) {
        guard let words = Self.words(Array(text.utf8)) else {
            self = .unknown("a quote is not closed")
            return
        }
        guard let verb = words.first?.folded else {
            self = .empty
            return
        }
        let rest = Array(words.dropFirst())
        switch (verb, rest.count) {
        case ("show", 0): self = .help
        case ("show", 1): self = rest[0].folded == "help" ? .help : .show(rest[0].folded)
        case ("pause", 0...1): self = .pause(rest.first?.text)
        case ("resume", 0...1): self = .resume(rest.first?.text)
        case ("reconnect", 0...1): self = .reconnect(rest.first?.text)
        case ("kill", 0...1): self = .kill(rest.first?.text)
        case ("kill_client", 1):
            self =
                UInt64(rest[0].text).map { .killClient($0) }
                ?? .unknown("KILL_CLIENT takes the id of SHOW CLIENTS")
        case ("disable", 1): self = .disable(rest[0].text)
        case ("enable", 1): self = .enable(rest[0].text)
        case ("disable", _), ("enable", _): self = .unknown("a database name is required")
        case ("suspend", 0): self = .suspend
        case ("reload", 0): self = .reload
        case ("wait_close", 0...1): self = .waitClose(rest.first?.text)
        case ("shutdown", 0): self = .shutdown(.now)
        case ("shutdown", 1) where rest[0].folded == "wait_for_servers": self = .shutdown(.waitForServers)
        case ("shutdown", 1) where rest[0].folded == "wait_for_clients": self = .shutdown(.waitForClients)
        case ("set", 3) where rest[1].text == "=" || rest[1].folded == "to":
            self = .set(name: rest[0].folded, value: rest[2].text)
        default: self = .unknown("invalid command '\(text)', use SHOW HELP;")
        }
    }

    private struct Word {
        var text: String
        var folded: String
    }

    /// Nil: a quote is not closed.
    private static func words(_ bytes: [UInt8]) -> [Word]? {
        var words: [Word] = []
        var at = 0
        while at < bytes.count {
            let byte = bytes[at]
            if byte == 32 || byte >= 9 && byte <= 13 || byte == UInt8(ascii: ";") || byte == 0 {
                at += 1
                continue
            }
            var word: [UInt8] = []
            if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                at += 1
                var isClosed = false
                while at < bytes.count {
                    if bytes[at] == byte {
                        guard at + 1 < bytes.count, bytes[at + 1] == byte else {
                            isClosed = true
                            at += 1
                            break
                        }
                        at += 1
                    }
                    word.append(bytes[at])
                    at += 1
                }
                guard isClosed else { return nil }
                let text = String(decoding: word, as: UTF8.self)
                words.append(Word(text: text, folded: text))
                continue
            }
            if byte == UInt8(ascii: "=") {
                at += 1
                words.append(Word(text: "=", folded: "="))
                continue
            }
            while at < bytes.count, !isEnd(bytes[at]) {
                word.append(bytes[at])
                at += 1
            }
            words.append(
                Word(
                    text: String(decoding: word, as: UTF8.self),
                    folded: String(
                        decoding: word.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }, as: UTF8.self)))
        }
        return words
    }

    private static func isEnd(_ byte: UInt8) -> Bool {
        byte <= 32 || byte == UInt8(ascii: ";") || byte == UInt8(ascii: "=") || byte == UInt8(ascii: "'")
            || byte == UInt8(ascii: "\"")
    }

    /// Whether whoever may only look may use it.
    var onlyLooks: Bool {
        switch self {
        case .show, .help, .empty, .unknown: true
        case .pause, .resume, .reconnect, .kill, .killClient, .disable, .enable, .suspend, .reload,
            .waitClose,
            .shutdown, .set:
            false
        }
    }

    /// What CommandComplete says.
    var tag: String {
        switch self {
        case .show, .help: "SHOW"
        case .pause: "PAUSE"
        case .resume: "RESUME"
        case .reconnect: "RECONNECT"
        case .kill: "KILL"
        case .killClient: "KILL_CLIENT"
        case .disable: "DISABLE"
        case .enable: "ENABLE"
        case .suspend: "SUSPEND"
        case .reload: "RELOAD"
        case .waitClose: "WAIT_CLOSE"
        case .shutdown: "SHUTDOWN"
        case .set: "SET"
        case .empty, .unknown: ""
        }
    }
}
