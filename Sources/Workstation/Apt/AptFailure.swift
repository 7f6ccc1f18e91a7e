/// Why apt could not do what it was asked, read from its own words, as a sentence.
public enum AptFailure: Sendable, Equatable {
    /// The index and the Release file disagree: a mirror in the middle of a sync. Worth another try.
    case midSync(String)
    /// The mirror could not be reached.
    case network(String)
    /// A signature is missing, wrong or of an unknown key.
    case signature(String)
    /// No room on the disk.
    case diskFull(String)
    /// Packages that the sources do not have.
    case unknownPackages([String])
    /// Anything else, in apt's words.
    case other(String)

    // apt's messages: apt-pkg/acquire-item.cc, methods/http.cc, connect.cc and gpgv.cc of apt 2.6.
    private static let midSyncWords = [
        "Hash Sum mismatch", "File has unexpected size", "Mirror sync in progress",
        "Clearsigned file isn't valid", "is not (yet) available", "changed its 'Codename' value unexpectedly",
        "Unable to find expected entry",
    ]
    private static let networkWords = [
        "Temporary failure resolving", "Could not resolve", "Could not connect",
        "Cannot initiate the connection",
        "Connection failed", "Connection timed out", "Network is unreachable", "No route to host",
        "Unable to connect", "connection refused", "Connection refused",
        "Something wicked happened resolving",
        "Connection reset by peer", "Undetermined Error",
    ]
    private static let signatureWords = [
        "NO_PUBKEY", "is not signed", "signatures couldn't be verified", "signatures were invalid",
        "EXPKEYSIG",
        "BADSIG", "is not valid yet", "is expired", "No keyring installed", "Insecure",
    ]

    /// Reads what apt printed, both streams together.
    public init(_ output: String) {
        let lines = output.split(separator: "\n").map(String.init)
        func first(_ words: [String]) -> String? {
            lines.first { line in words.contains { line.contains($0) } }.map(Self.bare)
        }
        let missing = lines.compactMap { line -> String? in
            guard let start = line.range(of: "Unable to locate package ") else {
                return Self.quoted(in: line, after: "has no installation candidate")
            }
            return String(line[start.upperBound...].prefix { !$0.isWhitespace })
        }
        if let line = first(["No space left on device", "don't have enough free space"]) {
            self = .diskFull(line)
        } else if let line = first(Self.signatureWords) {
            self = .signature(line)
        } else if let line = first(Self.networkWords) {
            self = .network(line)
        } else if let line = first(Self.midSyncWords) {
            self = .midSync(line)
        } else if !missing.isEmpty {
            self = .unknownPackages(missing)
        } else {
            let telling = lines.filter { $0.hasPrefix("E:") || $0.hasPrefix("W:") }
            let last = telling.last(where: { $0.hasPrefix("E:") }) ?? telling.last ?? lines.last
            self = .other(last.map(Self.bare) ?? "it printed nothing")
        }
    }

    /// Whether the same words may succeed a little later.
    public var isTransient: Bool {
        if case .midSync = self { return true }
        return false
    }

    /// What to tell; `command` is what to type when the cause is gone.
    public func sentence(sources: String, state: String, command: String) -> String {
        switch self {
        case .midSync(let words):
            "the Debian mirror is in the middle of a sync, its index and its Release file disagree (\(words)). "
                + "Wait some minutes, or name another mirror in \(sources), then run: \(command)"
        case .network(let words):
            "apt could not reach the Debian mirror (\(words)). Connect this machine to the network, or set "
                + "Acquire::http::Proxy in /etc/apt/apt.conf.d, then run: \(command)"
        case .signature(let words):
            "apt does not trust what the Debian mirror sent (\(words)). Check this machine's clock and the package "
                + "debian-archive-keyring, then run: \(command)"
        case .diskFull(let words):
            "there is no room left for Debian's packages (\(words)). Free some space below \(state), "
                + "then run: \(command)"
        case .unknownPackages(let names):
            "\(sources) offers no \(names.joined(separator: ", ")). pidep needs the sources of Debian 12 "
                + "(component main); correct the file, then run: \(command)"
        case .other(let words):
            "apt failed: \(words). Correct what it names (its sources are \(sources)), then run: \(command)"
        }
    }

    private static func bare(_ line: String) -> String {
        var text = Substring(line)
        for prefix in ["E: ", "W: ", "Err: "] where text.hasPrefix(prefix) {
            text = text.dropFirst(prefix.count)
        }
        while text.first == " " { text = text.dropFirst() }
        while let last = text.last, last == "." || last == " " { text = text.dropLast() }
        return String(text)
    }

    private static func quoted(in line: String, after words: String) -> String? {
        guard line.contains(words) else { return nil }
        let parts = line.split(separator: "'", omittingEmptySubsequences: false)
        return parts.count > 1 ? String(parts[1]) : nil
    }
}
