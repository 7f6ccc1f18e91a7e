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

    /// All that an apt source file names and a package of `architecture` can come from. `name` ends in `.sources` for
    /// the deb822 form.
    public static func parse(_ text: String, name: String, architecture: String) -> [PackageSource] {
        name.hasSuffix(".sources")
            ? stanzas(text, architecture)
            : text.split(separator: "\n").compactMap { line(String($0), architecture) }
    }

    /// The one-line form.
    public func line(keyrings: [String]) -> String {
        (["deb", "[signed-by=\(keyrings.joined(separator: ","))]", uri, suite] + components).joined(
            separator: " ")
    }

    /// Whether apt can fetch it from elsewhere: not from a disc or a folder of the node.
    private var isReachable: Bool { ["http://", "https://"].contains { uri.hasPrefix($0) } }

    private static func line(_ text: String, _ architecture: String) -> PackageSource? {
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
        let architectures = list(options["arch"])
        guard source.isReachable, architectures.isEmpty || architectures.contains(architecture) else {
            return nil
        }
        return source
    }

    private static func stanzas(_ text: String, _ architecture: String) -> [PackageSource] {
        var result: [PackageSource] = []
        for stanza in text.components(separatedBy: "\n\n") {
            let fields = Deb822.fields(stanza)
            func words(_ name: String) -> [String] {
                (fields[name] ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
            }
            let architectures = words("architectures")
            guard words("types").contains("deb"),
                !["no", "false", "0"].contains(fields["enabled"]?.lowercased() ?? ""),
                architectures.isEmpty || architectures.contains(architecture)
            else { continue }
            for uri in words("uris") {
                for suite in words("suites") {
                    let source = PackageSource(
                        uri: uri, suite: suite, components: words("components"),
                        signedBy: list(fields["signed-by"]))
                    if source.isReachable { result.append(source) }
                }
            }
        }
        return result
    }

    /// Words between commas or blanks. A key that stands in the sources file itself (deb822) is no file.
    private static func list(_ text: String?) -> [String] {
        (text ?? "").split { $0 == "," || $0.isWhitespace }.map(String.init)
    }
}

/// Fields of a stanza: a continued line begins with a blank.
enum Deb822 {
    static func fields(_ stanza: some StringProtocol) -> [String: String] {
        var fields: [String: String] = [:]
        var last = ""
        for line in stanza.split(separator: "\n") where !line.hasPrefix("#") {
            if line.first?.isWhitespace == true {
                fields[last, default: ""] += " " + line.trimmingCharacters(in: .whitespaces)
            } else if let colon = line.firstIndex(of: ":") {
                last = line[..<colon].lowercased()
                fields[last] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            }
        }
        return fields
    }
}
