import Digest
import JSON

/// One Debian package as apt names it, with the digest that its signed index gives.
public struct DebianPackage: Sendable, Equatable {
    /// As in `apt-get install NAME`.
    public var name: String
    /// With epoch: `1:4.4.33-2`.
    public var version: String
    /// The file's bytes.
    public var size: Int
    /// The file's SHA-256.
    public var digest: SHA256Digest

    /// Reads a line of `apt-get download --print-uris`:
    /// `'http://…/libc6_2.36-9_armhf.deb' libc6_2.36-9_armhf.deb 2164340 SHA256:…`; nil for any other line.
    public init?(printedByApt line: String) {
        let words = line.split(separator: " ")
        guard words.count == 4, words[0].hasPrefix("'"), words[0].hasSuffix("'"), let size = Int(words[2]),
            size > 0, words[3].hasPrefix("SHA256:"),
            let digest = SHA256Digest(hexadecimal: String(words[3].dropFirst(7)))
        else { return nil }
        let parts = words[1].split(separator: "_")
        guard parts.count == 3, parts[2].hasSuffix(".deb") else { return nil }
        name = String(parts[0])
        version = parts[1].split(separator: "%3a", omittingEmptySubsequences: false).joined(separator: ":")
        self.size = size
        self.digest = digest
    }

    /// Reads what `json` wrote.
    public init?(_ json: JSONValue) {
        guard let name = json["name"]?.text, let version = json["version"]?.text,
            let size = json["bytes"]?.integer, size > 0,
            let digest = json["sha256"]?.text.flatMap({ SHA256Digest(hexadecimal: $0) })
        else { return nil }
        self.name = name
        self.version = version
        self.size = Int(size)
        self.digest = digest
    }

    /// For a file that remembers it.
    public var json: JSONValue {
        .object([
            .init("name", .string(name)), .init("version", .string(version)),
            .init("bytes", .integer(Int64(size))), .init("sha256", .string(digest.hexadecimal)),
        ])
    }
}
