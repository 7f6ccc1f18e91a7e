import Digest
import JSON

/// One Debian package as apt names it, with the digest that its signed index gives.
struct DebianPackage: Equatable {
    var name: String
    /// With epoch: `1:4.4.33-2`.
    var version: String
    var size: Int
    var digest: SHA256Digest

    /// Reads a line of `apt-get download --print-uris`:
    /// `'http://…/libc6_2.36-9_armhf.deb' libc6_2.36-9_armhf.deb 2164340 SHA256:…`; nil for any other line.
    init?(printedByApt line: String) {
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

    init?(_ json: JSONValue) {
        guard let name = json["name"]?.text, let version = json["version"]?.text,
            let size = json["bytes"]?.integer, size > 0,
            let digest = json["sha256"]?.text.flatMap({ SHA256Digest(hexadecimal: $0) })
        else { return nil }
        self.name = name
        self.version = version
        self.size = Int(size)
        self.digest = digest
    }

    var json: JSONValue {
        .object([
            .init("name", .string(name)), .init("version", .string(version)),
            .init("bytes", .integer(Int64(size))), .init("sha256", .string(digest.hexadecimal)),
        ])
    }
}
