import Diagnostics

/// Lines of an HBA file into rules.
struct HBAParser {
    let file: String
    private(set) var result = HBARules()
    private(set) var diagnostics: [Diagnostic] = []
    private var line = 0

    init(file: String) { self.file = file }

    mutating func parse(_ bytes: [UInt8], read: (String) -> [UInt8]?) {
        for content in bytes.split(separator: 10, omittingEmptySubsequences: false) {
            line += 1
            guard let tokens = HBAToken.tokens(content) else {
                report(
                    "a double quote is not closed, or the line has a NUL byte", "Close it in the same line")
                continue
            }
            guard !tokens.isEmpty else { continue }
            if let rule = rule(tokens, read) { result.rules.append(rule) }
        }
    }

    private mutating func rule(_ tokens: [HBAToken], _ read: (String) -> [UInt8]?) -> HBARules.Rule? {
        var rest = tokens[...]
        guard let kind = HBARules.Kind.allCases.first(where: { $0.rawValue == rest.first?.text }) else {
            let word = tokens[0].text
            if word == "hostgssenc" || word == "hostnogssenc" {
                return refuse(
                    "\(word) is PostgreSQL's; there is no GSSAPI here", "Write host, hostssl or hostnossl")
            }
            let near = nearestWord(to: word, among: HBARules.Kind.allCases.map { $0.rawValue })
            return refuse(
                "\"\(word)\" is no kind of rule",
                near.map { "Did you mean \($0)?" } ?? "A line begins with local, host, hostssl or hostnossl")
        }
        rest.removeFirst()
        guard let databases = names(&rest, "database", true, read),
            let users = names(&rest, "user", false, read)
        else {
            return nil
        }
        var found: HBARules.Network?
        if kind != .local {
            guard let network = network(&rest) else { return nil }
            found = network.value
        }
        guard let word = rest.popFirst() else {
            return refuse("the rule has no method", "End it with scram-sha-256, for example")
        }
        guard let method = method(word.text, kind) else { return nil }
        var rule = HBARules.Rule(
            kind: kind, databases: databases, users: users, network: found, method: method, map: nil,
            line: line)
        for option in rest { guard take(option.text, &rule) else { return nil } }
        return rule
    }

    private mutating func method(_ word: String, _ kind: HBARules.Kind) -> HBARules.Method? {
        guard let method = HBARules.Method.allCases.first(where: { $0.rawValue == word }) else {
            switch word {
            case "ldap", "pam", "any", "gss", "sspi", "ident", "radius", "bsd", "plain":
                return refuse(
                    "the method \(word) is not supported in this file",
                    "There are trust, reject, md5, scram-sha-256, password, cert and peer")
            default:
                let near = nearestWord(to: word, among: HBARules.Method.allCases.map { $0.rawValue })
                return refuse(
                    "\"\(word)\" is no method",
                    near.map { "Did you mean \($0)?" }
                        ?? "There are trust, reject, md5, scram-sha-256, password, cert and peer")
            }
        }
        if method == .peer, kind != .local {
            return refuse("peer is for the Unix socket alone", "Write it into a rule that begins with local")
        }
        if method == .cert, kind != .hostssl {
            return refuse(
                "cert is for connections with TLS alone", "Write it into a rule that begins with hostssl")
        }
        return method
    }

    private mutating func take(_ option: String, _ rule: inout HBARules.Rule) -> Bool {
        guard option.hasPrefix("map="), option.utf8.count > 4 else {
            report("the option \(option) is not supported", "There is map=NAME")
            return false
        }
        guard rule.method == .cert || rule.method == .peer else {
            report("map= goes with cert and peer only", "Remove it")
            return false
        }
        guard rule.map == nil else {
            report("map= stands twice in the line", "Remove one of the two")
            return false
        }
        rule.map = String(option.dropFirst(4))
        return true
    }

    // MARK: names

    private mutating func names(
        _ rest: inout ArraySlice<HBAToken>, _ what: String, _ isDatabase: Bool, _ read: (String) -> [UInt8]?
    ) -> [HBARules.Name]? {
        var names: [HBARules.Name] = []
        repeat {
            guard let token = rest.popFirst(), !token.isComma else {
                return refuse(
                    "the rule lacks a \(what)",
                    "Write local DATABASE USER METHOD, or host DATABASE USER ADDRESS METHOD")
            }
            guard let more = name(token, what, isDatabase, file, 0, read) else { return nil }
            names += more
            guard let next = rest.first, next.isComma else { return names }
            rest.removeFirst()
        } while true
    }

    private mutating func name(
        _ token: HBAToken, _ what: String, _ isDatabase: Bool, _ parent: String, _ depth: Int,
        _ read: (String) -> [UInt8]?
    ) -> [HBARules.Name]? {
        if token.isQuoted { return [.name(token.text)] }
        switch token.text {
        case "all": return [.all]
        case "sameuser" where isDatabase: return [.sameUser]
        case "replication" where isDatabase: return [.replication]
        case "samerole" where isDatabase, "samegroup" where isDatabase:
            return refuse("\(token.text) is not supported: the pool knows no roles", "Write the names")
        default: break
        }
        switch token.text.utf8.first {
        case UInt8(ascii: "+"):
            return refuse("\(token.text) is not supported: the pool knows no roles", "Write the names")
        case UInt8(ascii: "/"):
            return refuse("\(token.text) is a regular expression, which is not supported", "Write the names")
        case UInt8(ascii: "@"):
            return namesOfFile(String(token.text.dropFirst()), what, isDatabase, parent, depth, read)
        default: return [.name(token.text)]
        }
    }

    private mutating func namesOfFile(
        _ path: String, _ what: String, _ isDatabase: Bool, _ parent: String, _ depth: Int,
        _ read: (String) -> [UInt8]?
    ) -> [HBARules.Name]? {
        let resolved = PoolParser.resolve(path, from: parent)
        guard depth < HBARules.depthLimit else {
            return refuse(
                "\(resolved) stands too deep in other files",
                "Does it include itself? \(HBARules.depthLimit) are allowed")
        }
        guard let bytes = read(resolved) else {
            return refuse("the file \(resolved) cannot be read", "Is it there, and may the pool read it?")
        }
        var names: [HBARules.Name] = []
        for content in bytes.split(separator: 10) {
            guard let tokens = HBAToken.tokens(content) else {
                return refuse("a double quote in \(resolved) is not closed", "Close it in the same line")
            }
            for token in tokens where !token.isComma {
                guard let more = name(token, what, isDatabase, resolved, depth + 1, read) else { return nil }
                names += more
            }
        }
        return names
    }

    // MARK: addresses

    /// A wrapped nil is "anywhere".
    private mutating func network(_ rest: inout ArraySlice<HBAToken>) -> (value: HBARules.Network?, Void)? {
        guard let token = rest.popFirst(), !token.isComma else {
            return refuse("the rule has no address", "Write all, 192.0.2.0/24 or 2001:db8::/32")
        }
        if token.text == "all" { return (nil, ()) }
        let parts = Array(token.text.utf8).split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard let address = PoolAddress(String(decoding: parts[0], as: UTF8.self)), parts.count <= 2 else {
            switch token.text {
            case "samehost", "samenet": return refuse("\(token.text) is not supported", "Write the addresses")
            default:
                return refuse(
                    "\"\(token.text)\" is no address; names are not looked up",
                    "Write all, 192.0.2.0/24 or 2001:db8::/32")
            }
        }
        let size = address.bytes.count
        var mask = [UInt8](repeating: 0, count: size)
        if parts.count == 2 {
            guard let bits = PoolNumbers.integer(String(decoding: parts[1], as: UTF8.self), 0...(8 * size))
            else {
                return refuse(
                    "\"\(token.text)\" has no length from 0 to \(8 * size)",
                    "Write 192.0.2.0/24 or 2001:db8::/32")
            }
            for bit in 0..<bits { mask[bit / 8] |= 0x80 >> UInt8(bit % 8) }
        } else {
            guard let next = rest.popFirst(), !next.isComma, let other = PoolAddress(next.text),
                other.bytes.count == size
            else {
                return refuse(
                    "\"\(token.text)\" has neither a length nor a mask",
                    "Write \(token.text)/\(8 * size) for one address")
            }
            mask = other.bytes
        }
        var network = HBARules.Network(address: address.bytes, mask: mask)
        for index in 0..<size where network.address[index] & ~mask[index] != 0 {
            // PgBouncer warns, and its rule fits no address at all.
            return refuse(
                "\(token.text) has bits outside of its mask, so PgBouncer's rule would fit nobody",
                "Write the network's first address")
        }
        network.mask = mask
        return (network, ())
    }

    private mutating func report(_ problem: String, _ advice: String) {
        diagnostics.append(Diagnostic(file: file, line: line, problem: problem, advice: advice))
    }

    private mutating func refuse<Value>(_ problem: String, _ advice: String) -> Value? {
        report(problem, advice)
        return nil
    }
}

/// A word, a quoted one or a comma of an HBA file.
struct HBAToken {
    var text: String
    var isQuoted = false
    var isComma: Bool { !isQuoted && text == "," }

    /// Nil where a quote is not closed, or for a NUL byte, where PgBouncer would stop reading.
    static func tokens(_ line: ArraySlice<UInt8>) -> [HBAToken]? {
        var tokens: [HBAToken] = []
        var rest = line
        if rest.contains(0) { return nil }
        while let byte = rest.first {
            if PoolNumbers.isBlank(byte) {
                rest.removeFirst()
            } else if byte == UInt8(ascii: "#") {
                break
            } else if byte == UInt8(ascii: ",") {
                rest.removeFirst()
                tokens.append(HBAToken(text: ","))
            } else if byte == UInt8(ascii: "\"") {
                guard let text = quoted(&rest) else { return nil }
                tokens.append(HBAToken(text: text, isQuoted: true))
            } else {
                let start = rest
                while let byte = rest.first, !PoolNumbers.isBlank(byte), byte != UInt8(ascii: ","),
                    byte != UInt8(ascii: "#"), byte != UInt8(ascii: "\"")
                {
                    rest.removeFirst()
                }
                tokens.append(HBAToken(text: String(decoding: start[..<rest.startIndex], as: UTF8.self)))
            }
        }
        return tokens
    }

    private static func quoted(_ rest: inout ArraySlice<UInt8>) -> String? {
        var bytes: [UInt8] = []
        rest.removeFirst()
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\"") {
                guard rest.first == UInt8(ascii: "\"") else { return String(decoding: bytes, as: UTF8.self) }
                rest.removeFirst()
            }
            bytes.append(byte)
        }
        return nil
    }
}
