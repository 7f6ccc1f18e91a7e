import Foundation

/// One repository of sources.list(5), with what pidep takes of it: where, which suite and components, which keys.
///
/// `[trusted=yes]` and the other options that let unsigned packages in are not taken.
public struct PackageSource: Sendable, Hashable {
    /// `http://deb.example.org/debian`.
    public var uri: String
    /// `bookworm`, or a path that ends in a slash.
    public var suite: String
    /// `main`; none for a path.
    public var components: [String]
    /// The keyring files that it names; none: apt's default ones.
    public var signedBy: [String]

    /// A repository.
    public init(uri: String, suite: String, components: [String], signedBy: [String] = []) {
        self.uri = uri
        self.suite = suite
        self.components = components
        self.signedBy = signedBy
    }

    /// All that an apt source file names and a package of `architecture` (nil: of any) can come from. `name` ends in
    /// `.sources` for the deb822 form.
    public static func parse(_ text: String, name: String, architecture: String?) -> [PackageSource] {
        name.hasSuffix(".sources")
            ? stanzas(text, architecture)
            : text.split(separator: "\n").compactMap { line(String($0), architecture) }
    }

    /// The one-line form, with the keyrings that apt shall take; none: its default ones.
    public func line(keyrings: [String]) -> String {
        let options = keyrings.isEmpty ? [] : ["[signed-by=\(keyrings.joined(separator: ","))]"]
        return (["deb"] + options + [uri, suite] + components).joined(separator: " ")
    }

    /// Whether another machine's apt can fetch it, too: it is no disc or folder.
    public var isReachable: Bool { ["http://", "https://"].contains { uri.hasPrefix($0) } }

    private static func line(_ text: String, _ architecture: String?) -> PackageSource? {
        var words = text.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).map(String.init)
        guard words.first == "deb" else { return nil }
        words.removeFirst()
        var options: [String: String] = [:]
        if words.first?.hasPrefix("[") == true {
            guard let end = words.firstIndex(where: { $0.hasSuffix("]") }) else { return nil }
            let inside = words[...end].joined(separator: " ").dropFirst().dropLast()
            for option in inside.split(separator: " ") {
                let parts = option.split(separator: "=", maxSplits: 1).map(String.init)
                if parts.count == 2 { options[parts[0].lowercased()] = parts[1] }
            }
            words.removeSubrange(...end)
        }
        guard words.count >= 2 else { return nil }
        let source = PackageSource(
            uri: words[0], suite: words[1], components: Array(words[2...]),
            signedBy: list(options["signed-by"]))
        return takes(architecture, of: list(options["arch"])) ? source : nil
    }

    private static func stanzas(_ text: String, _ architecture: String?) -> [PackageSource] {
        var result: [PackageSource] = []
        for stanza in text.components(separatedBy: "\n\n") {
            let fields = Deb822.fields(stanza)
            func words(_ name: String) -> [String] {
                (fields[name] ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
            }
            guard words("types").contains("deb"),
                !["no", "false", "0"].contains(fields["enabled"]?.lowercased() ?? ""),
                takes(architecture, of: words("architectures"))
            else { continue }
            for uri in words("uris") {
                for suite in words("suites") {
                    result.append(
                        PackageSource(
                            uri: uri, suite: suite, components: words("components"),
                            signedBy: list(fields["signed-by"])))
                }
            }
        }
        return result
    }

    private static func takes(_ architecture: String?, of named: [String]) -> Bool {
        architecture.map { named.isEmpty || named.contains($0) } ?? true
    }

    /// Words between commas or blanks. A key that stands in the sources file itself (deb822) is no file.
    private static func list(_ text: String?) -> [String] {
        (text ?? "").split { $0 == "," || $0.isWhitespace }.map(String.init)
    }
}
