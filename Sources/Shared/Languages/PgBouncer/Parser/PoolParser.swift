import Diagnostics

/// Lines into a configuration, with all that is wrong along the way.
struct PoolParser {
    /// Files inside one another; PgBouncer's limit, too.
    static let depthLimit = 10
    static let sections = ["pgbouncer", "databases", "users", "peers"]

    var configuration = PoolConfiguration()
    private(set) var diagnostics: [Diagnostic] = []
    /// The file that is being read, and its line.
    private var file: String
    private var line = 0
    private var section = ""
    /// Where each word of `[pgbouncer]` was set.
    private(set) var places: [String: (file: String, line: Int)] = [:]
    /// Where each database, user and peer stands.
    private(set) var lines: [String: (file: String, line: Int)] = [:]
    private var hasGlobals: (file: String, line: Int)?

    init(file: String) { self.file = file }

    mutating func parse(_ bytes: [UInt8], depth: Int = 0, read: (String) -> [UInt8]?) {
        let outer = (file, line)
        line = 0
        for content in bytes.split(separator: 10, omittingEmptySubsequences: false) {
            line += 1
            switch PoolLine.read(content) {
            case .blank: continue
            case .section(let name): enter(name)
            case .include(let path): include(path, depth, read)
            case .setting(let key, let value, let isOwn): take(key, value, isOwn)
            case .problem(let problem, let advice): report(problem, advice)
            }
        }
        (file, line) = outer
    }

    private mutating func include(_ path: String, _ depth: Int, _ read: (String) -> [UInt8]?) {
        guard depth < Self.depthLimit else {
            return report(
                "\(path) would be the \(Self.depthLimit + 1)th file inside another",
                "Does a file include itself? \(Self.depthLimit) are allowed")
        }
        let resolved = Self.resolve(path, from: file)
        guard let bytes = read(resolved) else {
            return report("the file \(resolved) cannot be read", "Is it there, and may the pool read it?")
        }
        let outer = (file, line)
        file = resolved
        parse(bytes, depth: depth + 1, read: read)
        (file, line) = outer
    }

    /// A name beside the file that has it, unless it is absolute.
    static func resolve(_ path: String, from file: String) -> String {
        guard path.utf8.first != UInt8(ascii: "/"), let slash = file.utf8.lastIndex(of: UInt8(ascii: "/"))
        else {
            return path
        }
        return String(file[...slash]) + path
    }

    private mutating func enter(_ name: String) {
        section = name
        guard Self.sections.contains(name) else {
            section = "?"
            let near = nearestWord(to: name, among: Self.sections)
            return report(
                "[\(name)] is no section of PgBouncer's",
                near.map { "Did you mean [\($0)]?" }
                    ?? "There are [pgbouncer], [databases], [users] and [peers]")
        }
        guard name == "pgbouncer" else { return }
        if let first = hasGlobals {
            report(
                "[pgbouncer] begins again, after \(first.file):\(first.line)",
                "PgBouncer would put all settings of the first back to their defaults: write one section")
        }
        hasGlobals = (file, line)
    }

    private mutating func take(_ key: String, _ value: String, _ isOwn: Bool) {
        switch section {
        case "pgbouncer": takeGlobal(key, value)
        case "databases": takeDatabase(key, value, isOwn)
        case "users": takeUser(key, value, isOwn)
        case "peers": takePeer(key, value)
        case "?": return
        default: report("\(key) stands in no section", "Write [pgbouncer] or another above it")
        }
    }

    private mutating func takeGlobal(_ key: String, _ value: String) {
        guard let word = PoolWords.configuration.first(where: { $0.name == key }) else {
            return reportUnknown(key, PoolWords.configuration, in: "[pgbouncer]", others: PoolWords.database)
        }
        if let earlier = places[key] {
            warn(
                "\(key) was set in \(earlier.file):\(earlier.line) already",
                "This line counts; remove the other")
        }
        places[key] = (file, line)
        if let problem = word.set(&configuration, to: value) { return report(problem, word.advice) }
        switch word.fate {
        case .supported: return
        case .ignored(let reason): warn("\(key) changes nothing", "For \(reason)")
        case .refused(let reason):
            guard word.text(in: configuration) != word.text(in: PoolConfiguration()) else { return }
            report(
                "\(key) is PgBouncer's, not supported here: \(reason)",
                "Remove it, or deploy Debian's pgbouncer with engine = debian")
        }
    }

    private mutating func takeDatabase(_ name: String, _ value: String, _ isOwn: Bool) {
        guard name != "pgbouncer" else {
            return report("pgbouncer is the name of the console", "Give the database another")
        }
        let earlier =
            name == "*" ? configuration.fallbackDatabase : configuration.databases.first { $0.name == name }
        var database = PoolDatabase(name: name, line: line)
        if isOwn, let earlier { database = earlier } else if !isOwn { note("database", name) }
        read(value, PoolWords.database, into: &database, in: "[databases]", others: PoolWords.configuration)
        if name == "*" {
            configuration.fallbackDatabase = database
        } else if let place = configuration.databases.firstIndex(where: { $0.name == name }) {
            configuration.databases[place] = database
        } else {
            configuration.databases.append(database)
        }
        if lines["database " + name] == nil { lines["database " + name] = (file, line) }
    }

    private mutating func takeUser(_ name: String, _ value: String, _ isOwn: Bool) {
        let place = configuration.users.firstIndex { $0.name == name }
        var user = PoolUser(name: name, line: line)
        if isOwn, let place { user = configuration.users[place] } else if !isOwn { note("user", name) }
        read(value, PoolWords.user, into: &user, in: "[users]", others: PoolWords.configuration)
        if let place { configuration.users[place] = user } else { configuration.users.append(user) }
    }

    private mutating func takePeer(_ name: String, _ value: String) {
        guard let id = PoolNumbers.integer(name, 1...16383) else {
            return report(
                "\(name) is not a peer's number", "Write 1 = host=192.0.2.1; numbers go from 1 to 16383")
        }
        note("peer", name)
        var peer = PoolPeer(id: UInt16(id), line: line)
        read(value, PoolWords.peer, into: &peer, in: "[peers]", others: PoolWords.database)
        if peer.host == nil { report("the peer \(id) has no host", "Write \(id) = host=192.0.2.1 port=6432") }
        configuration.peers.removeAll { $0.id == peer.id }
        configuration.peers.append(peer)
    }

    private mutating func note(_ kind: String, _ name: String) {
        if let earlier = lines[kind + " " + name] {
            warn(
                "the \(kind) \(name) stands in \(earlier.file):\(earlier.line) already",
                "This line counts; remove the other")
        }
        lines[kind + " " + name] = (file, line)
    }

    private mutating func read<Root, Other>(
        _ text: String, _ words: [PoolWord<Root>], into root: inout Root, in place: String,
        others: [PoolWord<Other>]
    ) {
        let parsed = PoolPairs(text)
        for (key, value) in parsed.pairs {
            guard let word = words.first(where: { $0.name == key }) else {
                reportUnknown(key, words, in: place, others: others)
                continue
            }
            if let problem = word.set(&root, to: value) { report(problem, word.advice) }
        }
        if let (problem, advice) = parsed.problem { report(problem, advice) }
    }

    // MARK: saying what is wrong

    private mutating func reportUnknown<Root, Other>(
        _ key: String, _ words: [PoolWord<Root>], in place: String, others: [PoolWord<Other>]
    ) {
        let near = nearestWord(to: key, among: words.map { $0.name })
        let isElsewhere = others.contains { $0.name == key }
        report(
            "\"\(key)\" is not a word that pinode knows in \(place)",
            isElsewhere
                ? "It belongs into another section"
                : near.map { "Did you mean \"\($0)\"?" } ?? "docs/pool-language.md lists the words")
    }

    mutating func report(_ problem: String, _ advice: String, at place: (file: String, line: Int)? = nil) {
        diagnostics.append(
            Diagnostic(file: place?.file ?? file, line: place?.line ?? line, problem: problem, advice: advice)
        )
    }

    mutating func warn(_ problem: String, _ advice: String, at place: (file: String, line: Int)? = nil) {
        diagnostics.append(
            Diagnostic(
                .warning, file: place?.file ?? file, line: place?.line ?? line, problem: problem,
                advice: advice))
    }
}
