import Foundation

/// The values of a cluster's secrets, each read once.
public struct SecretStore: Sendable {
    /// One secret.
    public struct Secret: Sendable, Equatable {
        /// The variable that it is the value of.
        public var name: String
        /// The value: at least `SecretStore.shortest` bytes, one line.
        public var value: String
    }

    /// Why secrets cannot be read, a sentence a line; without any value.
    public struct Failure: Error, Sendable, Equatable {
        /// The sentences.
        public var sentence: String
    }

    /// A shorter value is no secret, and hiding it would hide half of every text.
    public static let shortest = 6
    /// A longer file is no password (bytes).
    static let longest = 4096
    /// How long a command may take to print a secret: somebody may have to type a passphrase.
    public static let commandLimit: Duration = .seconds(120)

    /// By `SecretToken.key`.
    private(set) var values: [String: Secret] = [:]

    /// None.
    public init() {}

    /// All that must be hidden: a lab's own that is shorter than any secret would take half of every text with it.
    public var secrets: [Secret] {
        values.values.filter { $0.value.utf8.count >= Self.shortest }
            .sorted { ($0.name, $0.value) < ($1.name, $1.value) }
    }

    /// The secret that a node's variable names; nil where it names none.
    public func value(of variable: String, on node: ClusterNode) -> String? {
        node.variables[variable].flatMap { values[SecretToken.key(variable, $0.text)]?.value }
    }

    /// The value behind a key.
    public subscript(key: String) -> Secret? { values[key] }

    /// Reads all secrets of a cluster's nodes; all that is wrong comes at once.
    ///
    /// `runsCommands` false passes over `secret:command:`: for what only looks, and hides what it can.
    public static func load(_ cluster: Cluster, runsCommands: Bool = true) throws(Failure) -> SecretStore {
        var store = SecretStore()
        var problems: [String] = []
        for node in cluster.nodes {
            for (name, variable) in node.variables.sorted(by: { $0.key < $1.key }) {
                guard let source = variable.secret else { continue }
                let key = SecretToken.key(name, variable.text)
                if case .command = source, !runsCommands { continue }
                guard store.values[key] == nil else { continue }
                do throws(Failure) {
                    let value = try read(source, besides: variable.file)
                    store.values[key] = Secret(name: name, value: try usable(value, of: source))
                } catch {
                    let sentence = "\(variable.file):\(variable.line): the secret \(name) \(error.sentence)"
                    if !problems.contains(sentence) { problems.append(sentence) }
                }
            }
        }
        guard problems.isEmpty else { throw Failure(sentence: problems.joined(separator: "\n")) }
        return store
    }

    /// Where the file of `secret:file:PATH` is, for an inventory file.
    public static func path(_ path: String, besides inventory: String) -> String {
        if path.hasPrefix("/") { return path }
        if path.hasPrefix("~/") { return NSString(string: path).expandingTildeInPath }
        let folder = NSString(string: inventory).deletingLastPathComponent
        return folder.isEmpty ? path : "\(folder)/\(path)"
    }

    private static func read(_ source: SecretSource, besides inventory: String) throws(Failure) -> String {
        switch source {
        case .file(let name):
            let path = path(name, besides: inventory)
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
                let mode = attributes[.posixPermissions] as? Int
            else { throw Failure(sentence: "has no file \(path): write it there, then chmod 600 \(path)") }
            guard mode & 0o077 == 0 else {
                throw Failure(sentence: "is in a file that others may read: chmod 600 \(path)")
            }
            guard let data = FileManager.default.contents(atPath: path), data.count <= longest else {
                throw Failure(sentence: "cannot be read from \(path), or is longer than \(longest) bytes")
            }
            return String(decoding: data, as: UTF8.self)
        case .environment(let name):
            guard let value = ProcessInfo.processInfo.environment[name] else {
                throw Failure(
                    sentence: "is in no variable \(name) of the environment: set it, or take another source")
            }
            return value
        case .command(let line): return try run(line)
        case .lab(let value): return value
        }
    }

    private static func run(_ line: String) throws(Failure) -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", line]
        let pipe = Pipe()
        process.standardOutput = pipe
        do { try process.run() } catch {
            throw Failure(sentence: "cannot be asked for: /bin/sh does not start")
        }
        let overdue = DispatchWorkItem { process.terminate() }
        DispatchQueue.global().asyncAfter(
            deadline: .now() + .seconds(Int(commandLimit.components.seconds)), execute: overdue)
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        overdue.cancel()
        guard process.terminationStatus == 0 else {
            throw Failure(
                sentence:
                    "is not printed by its command, which ended with \(process.terminationStatus): \(line)")
        }
        return String(decoding: data.prefix(longest + 1), as: UTF8.self)
    }

    /// Without the end of its line; refuses what could not stand in a configuration file, or could not be hidden.
    private static func usable(_ text: String, of source: SecretSource) throws(Failure) -> String {
        // It stands in the inventory for all to read.
        if case .lab = source { return text }

        var value = text
        while value.hasSuffix("\n") || value.hasSuffix("\r") { value.removeLast() }
        guard value.utf8.count >= shortest else {
            throw Failure(sentence: "is shorter than \(shortest) characters: make it longer")
        }
        guard value.utf8.count <= longest, !value.contains(where: { $0.isNewline || $0 == "\0" }) else {
            throw Failure(sentence: "is longer than a line of \(longest) bytes: a secret is one line")
        }
        return value
    }
}

/// What stands for a secret in a text until it is revealed: characters of Unicode's private use area around its key.
public enum SecretToken {
    static let begin: Character = "\u{E000}"
    static let end: Character = "\u{E001}"

    /// A variable's name and where its value comes from: two nodes may have two secrets of one name.
    static func key(_ name: String, _ source: String) -> String { "\(name)=\(source)" }

    /// The token of a variable's secret. Only letters, digits and `_`, `.`, so that it is one word in any language.
    public static func token(_ name: String, _ source: String) -> String {
        let code = key(name, source).utf8.map { "\(Int($0))" }.joined(separator: ".")
        return "\(begin)\(code)\(end)"
    }

    /// Whether a text has a secret in it.
    public static func isIn(_ text: String) -> Bool { text.contains(begin) }

    /// The names of the secrets in a text.
    public static func names(in text: String) -> [String] {
        var names: [String] = []
        _ = replace(in: text) { key in
            let name = String(key.prefix { $0 != "=" })
            if !names.contains(name) { names.append(name) }
            return ""
        }
        return names
    }

    /// A text with `<secret NAME>` in the places of its secrets.
    public static func redacted(_ text: String) -> String {
        replace(in: text) { "<secret \($0.prefix { $0 != "=" })>" }
    }

    /// A text with its secrets; nil when the store lacks one.
    ///
    /// - Parameter write: how a secret is written in the text's language.
    public static func revealed(
        _ text: String, by store: SecretStore, write: (String) -> String = { $0 }
    ) -> String? {
        var isWhole = true
        let result = replace(in: text) { key in
            guard let secret = store[key] else {
                isWhole = false
                return ""
            }
            return write(secret.value)
        }
        return isWhole ? result : nil
    }

    private static func replace(in text: String, _ value: (String) -> String) -> String {
        guard isIn(text) else { return text }
        var result = ""
        var rest = text[...]
        while let start = rest.firstIndex(of: begin), let stop = rest[start...].firstIndex(of: end) {
            result += rest[..<start]
            let bytes = rest[rest.index(after: start)..<stop].split(separator: ".").compactMap { UInt8($0) }
            result += value(String(decoding: bytes, as: UTF8.self))
            rest = rest[rest.index(after: stop)...]
        }
        return result + rest
    }
}
