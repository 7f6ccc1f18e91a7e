import COpenSSL
import Foundation

/// known_hosts files (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT): plain and hashed names, wildcards, negation and
/// `@revoked`. Not `@cert-authority`: such lines are passed over.
struct KnownHosts {
    /// One line that names a key.
    struct Entry: Equatable {
        var file: String
        var line: Int
        var patterns: String
        var type: String
        var base64: String
        var revoked: Bool
    }

    /// What the files say about a key.
    enum Verdict: Equatable {
        case known
        case unknown
        case changed(Entry)
        case revoked(Entry)
    }

    private(set) var entries: [Entry] = []

    /// Reads those of the files that exist.
    init(files: [String]) {
        for file in files {
            guard let data = FileManager.default.contents(atPath: file) else { continue }
            add(String(decoding: data, as: UTF8.self), file: file)
        }
    }

    init(text: String, file: String) { add(text, file: file) }

    private mutating func add(_ text: String, file: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            var words = line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" }).map(String.init)
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            let marker = first.hasPrefix("@") ? words.removeFirst() : ""
            guard words.count >= 3, marker.isEmpty || marker == "@revoked" else { continue }
            entries.append(
                Entry(
                    file: file, line: index + 1, patterns: words[0], type: words[1], base64: words[2],
                    revoked: marker == "@revoked"))
        }
    }

    /// What is on file for a host.
    func entries(for host: String) -> [Entry] { entries.filter { Self.matches($0.patterns, host) } }

    /// Key types on file for a host: what to ask the server for first, since another type would look unknown.
    func types(for host: String) -> [String] { entries(for: host).filter { !$0.revoked }.map(\.type) }

    /// Whether a key is the host's.
    func check(_ key: HostKey) -> Verdict {
        let found = entries(for: key.host)
        if let revoked = found.first(where: { $0.revoked && $0.base64 == key.base64 }) {
            return .revoked(revoked)
        }
        let valid = found.filter { !$0.revoked }
        if valid.contains(where: { $0.type == key.type && $0.base64 == key.base64 }) { return .known }
        if let other = valid.first(where: { $0.type == key.type }) ?? valid.first { return .changed(other) }
        return .unknown
    }

    private static func matches(_ patterns: String, _ host: String) -> Bool {
        if patterns.hasPrefix("|1|") { return matchesHash(patterns, host) }
        var matched = false
        for pattern in patterns.split(separator: ",") {
            if pattern.hasPrefix("!") {
                if glob(Array(pattern.dropFirst().utf8)[...], Array(host.utf8)[...]) { return false }
            } else if glob(Array(pattern.utf8)[...], Array(host.utf8)[...]) {
                matched = true
            }
        }
        return matched
    }

    /// `|1|salt|HMAC-SHA1(salt, host)`, both in base64.
    private static func matchesHash(_ pattern: String, _ host: String) -> Bool {
        let parts = pattern.split(separator: "|")
        guard parts.count == 3, let salt = Data(base64Encoded: String(parts[1])),
            let digest = Data(base64Encoded: String(parts[2]))
        else { return false }
        return hmacSHA1(key: Array(salt), Array(host.utf8)) == Array(digest)
    }

    private static func glob(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == UInt8(ascii: "*") {
            return glob(pattern.dropFirst(), text) || (!text.isEmpty && glob(pattern, text.dropFirst()))
        }
        guard let letter = text.first else { return false }
        let same = first == UInt8(ascii: "?") || lower(first) == lower(letter)
        return same && glob(pattern.dropFirst(), text.dropFirst())
    }

    private static func lower(_ byte: UInt8) -> UInt8 { byte >= 65 && byte <= 90 ? byte + 32 : byte }

    /// RFC 2104 with SHA-1, block size 64: what OpenSSH hashes names with.
    static func hmacSHA1(key: [UInt8], _ text: [UInt8]) -> [UInt8] {
        let block = key.count > 64 ? sha1(key) : key
        let padded = block + [UInt8](repeating: 0, count: 64 - block.count)
        return sha1(padded.map { $0 ^ 0x5C } + sha1(padded.map { $0 ^ 0x36 } + text))
    }

    private static func sha1(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 20)
        SHA1(bytes, bytes.count, &digest)
        return digest
    }
}

/// Keeps keys that a person has accepted.
public enum TrustedKeys {
    /// Adds keys to a known_hosts file, in the place of those that its lines name for just these hosts.
    public static func replace(_ keys: [HostKey], in file: String) throws {
        let text =
            FileManager.default.contents(atPath: file).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let hosts = Set(keys.map(\.host))
        let kept = text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            !hosts.contains {
                KnownHosts(text: String(line), file: file).entries(for: $0).contains { !$0.revoked }
            }
                || line.split(separator: " ").first?.contains(where: { ",*?!".contains($0) }) == true
        }
        if !text.isEmpty {
            try Data(kept.joined(separator: "\n").utf8).write(
                to: URL(fileURLWithPath: file), options: .atomic)
        }
        try add(keys, to: file)
    }

    /// Adds lines to a known_hosts file; makes it and its folder where there is none.
    public static func add(_ keys: [HostKey], to file: String) throws {
        let folder = URL(fileURLWithPath: file).deletingLastPathComponent().path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var text =
            FileManager.default.contents(atPath: file).map { String(decoding: $0, as: UTF8.self) } ?? ""
        if !text.isEmpty, !text.hasSuffix("\n") { text += "\n" }
        for key in keys { text += key.knownHostsLine + "\n" }
        try Data(text.utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
    }
}
