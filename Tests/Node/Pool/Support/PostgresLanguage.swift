import PostgreSQLWire

@testable import Pool

/// The model's small language: BEGIN COMMIT ROLLBACK · SET name = value · SHOW name · RESET ALL · SELECT 'token' · SELECT $1 ·
/// ROWS count size · FAIL · DIE · SLEEP 'token' · DISCARD ALL · DEALLOCATE ALL · DEALLOCATE name · PREPARE name AS text ·
/// COPY IN [bytes after which it fails] · COPY OUT count size · LISTEN channel · NOTIFY channel.
extension PostgresSession {
    /// False: it failed, sleeps or copies, and the simple query that it is of goes on later or not at all.
    func perform(_ text: String, _ values: [String]) -> Bool {
        guard mayRun(text) else { return false }
        model.executed.append(text)
        let words = text.split(separator: " ").map { String($0) }
        let needed = [
            "PREPARE": 4, "COPY": words.count > 1 && words[1] == "OUT" ? 4 : 2, "LISTEN": 2, "NOTIFY": 2,
        ]
        if let verb = words.first, words.count < needed[verb] ?? 1 { return failed("42601", "syntax error") }
        switch words.first ?? "" {
        case "":
            answer { BackendWriter.emptyQueryResponse(to: &$0) }
            return true
        case "BEGIN":
            if transaction == "I" {
                transaction = "T"
                before = settings
            }
            return done("BEGIN")
        case "COMMIT":
            let tag = transaction == "E" ? "ROLLBACK" : "COMMIT"
            transaction = "I"
            before = settings
            portals = [:]
            return done(tag)
        case "ROLLBACK":
            settings = before
            transaction = "I"
            portals = [:]
            return done("ROLLBACK")
        case "SET": return set(text)
        case "RESET":
            settings = initial
            return done("RESET")
        case "SHOW":
            guard let name = settings.name(words.last ?? "") else {
                return failed("42704", "no such setting")
            }
            return row(settings.values[name] ?? "", tag: "SHOW", name)
        case "SELECT":
            if words.last == "$1" { return row(values.first ?? "", tag: "SELECT 1", "token") }
            return row(Self.quoted(text), tag: "SELECT 1", "token")
        case "ROWS":
            guard let (count, size) = Self.rows(text) else { return failed("42601", "syntax error") }
            if isSimple { answer { BackendWriter.rowDescription([ColumnDescription("row")], to: &$0) } }
            row(times: count, size)
            return done("SELECT \(count)")
        case "FAIL": return failed("22012", "division by zero")
        case "DIE":
            fatal("57P01", "terminating connection due to administrator command")
            return false
        case "SLEEP":
            dream = Self.quoted(text)
            phase = .sleeping
            flush()
            return false
        case "DISCARD":
            guard transaction == "I" else {
                return failed("25001", "DISCARD ALL cannot run inside a transaction block")
            }
            settings = initial
            statements = [:]
            portals = [:]
            channels = []
            return done("DISCARD ALL")
        case "DEALLOCATE":
            let name = words.last ?? ""
            if name == "ALL" {
                statements = [:]
                return done("DEALLOCATE ALL")
            }
            guard statements.removeValue(forKey: name) != nil else {
                return failed("26000", "no such statement")
            }
            return done("DEALLOCATE")
        case "PREPARE":
            statements[words[1]] = words.dropFirst(3).joined(separator: " ")
            return done("PREPARE")
        case "COPY": return copy(words)
        case "LISTEN":
            channels.insert(words[1])
            return done("LISTEN")
        case "NOTIFY":
            for process in model.sessions.keys.sorted() { model.sessions[process]?.notify(words[1]) }
            return done("NOTIFY")
        default: return failed("42601", "syntax error at \(text)")
        }
    }

    private func notify(_ channel: String) {
        guard channels.contains(channel) else { return }
        answer { bytes in
            BackendWriter.message(UInt8(ascii: "A"), to: &bytes) { body in
                body += Say.big(1) + Say.zero(channel) + Say.zero("")
            }
        }
        flush()
    }

    private func done(_ tag: String) -> Bool {
        answer { BackendWriter.commandComplete(tag, to: &$0) }
        return true
    }

    private func failed(_ code: String, _ text: String) -> Bool {
        fail(code, text)
        return false
    }

    private func row(_ value: String, tag: String, _ column: String) -> Bool {
        if isSimple { answer { BackendWriter.rowDescription([ColumnDescription(column)], to: &$0) } }
        answer { BackendWriter.dataRow([value], to: &$0) }
        return done(tag)
    }

    func row(times count: Int, _ size: Int) {
        let value = String(repeating: "r", count: size)
        for _ in 0..<count { answer { BackendWriter.dataRow([value], to: &$0) } }
    }

    private func set(_ text: String) -> Bool {
        let assignment = text.dropFirst(4)
        guard let equals = assignment.firstIndex(of: "=") else { return failed("42601", "syntax error") }
        let name = assignment[..<equals].filter { $0 != " " }
        var value = String(assignment[assignment.index(after: equals)...])
        while value.hasPrefix(" ") { value.removeFirst() }
        if value.hasPrefix("E'") {
            value = Self.quoted(value).replacing("\\\\", with: "\\")
        } else if value.hasPrefix("'") {
            value = Self.quoted(value)
        }
        guard settings.name(String(name)) != nil else { return failed("42704", "no such setting: \(name)") }
        guard settings.set(String(name), value) else { return failed("22023", "invalid value for \(name)") }
        return done("SET")
    }

    private func copy(_ words: [String]) -> Bool {
        if words[1] == "IN" {
            copy = Copy(limit: words.count > 2 ? Int(words[2]) : nil)
            answer { BackendWriter.message(UInt8(ascii: "G"), to: &$0) { $0 += [0, 0, 0] } }
            flush()
            return false
        }
        guard words[1] == "OUT" else { return failed("42601", "syntax error") }
        answer { BackendWriter.message(UInt8(ascii: "H"), to: &$0) { $0 += [0, 0, 0] } }
        let count = min(1000, max(0, Int(words[2]) ?? 0))
        for _ in 0..<count {
            answer { bytes in
                BackendWriter.message(UInt8(ascii: "d"), to: &bytes) { body in
                    body += [UInt8](repeating: 0x64, count: min(10_000, max(0, Int(words[3]) ?? 0)))
                }
            }
        }
        answer { BackendWriter.message(UInt8(ascii: "c"), to: &$0) { _ in } }
        return done("COPY \(count)")
    }

    // MARK: words

    /// Statements between semicolons that are not in quotes.
    static func split(_ text: String) -> [String] {
        var parts: [String] = []
        var part = ""
        var isQuoted = false
        for character in text {
            if character == "'" { isQuoted.toggle() }
            if character == ";", !isQuoted {
                parts.append(part)
                part = ""
            } else {
                part.append(character)
            }
        }
        parts.append(part)
        return parts.map { String($0.drop { $0 == " " }) }.filter { !$0.isEmpty }
    }

    /// What stands between the first quote and the last, with two quotes for one.
    static func quoted(_ text: String) -> String {
        guard let first = text.firstIndex(of: "'"), let last = text.lastIndex(of: "'"), first < last else {
            return ""
        }
        return String(text[text.index(after: first)..<last]).replacing("''", with: "'")
    }

    /// Number and size of the rows of a `ROWS`.
    static func rows(_ text: String) -> (count: Int, size: Int)? {
        let words = text.split(separator: " ")
        guard words.count == 3, words[0] == "ROWS", let count = Int(words[1]), let size = Int(words[2]),
            (0...100_000).contains(count), (0...10_000_000).contains(size), count * size <= 50_000_000
        else {
            return nil
        }
        return (count, size)
    }

    static func columns(of text: String) -> [String] {
        switch text.split(separator: " ").first {
        case "SELECT": ["token"]
        case "SHOW": ["setting"]
        case "ROWS": ["row"]
        case "SLEEP": ["dream"]
        default: []
        }
    }
}
