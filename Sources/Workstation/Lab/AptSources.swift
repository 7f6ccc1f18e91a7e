import Foundation

/// Where this machine gets Debian from: its own apt sources, so that the lab uses the mirror that works here.
struct AptSources: Equatable {
    /// Lines of sources.list(5) for the packages of Debian itself, sorted as they were found.
    var lines: [String]

    /// From `/etc/apt` and nothing else; third-party repositories are left out.
    static func ofThisMachine(suite: String) -> AptSources {
        let folder = "/etc/apt/sources.list.d"
        let parts = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
        var lines = oneLine(readFile("/etc/apt/sources.list") ?? "", suite: suite)
        for part in parts where part.hasSuffix(".list") {
            lines += oneLine(readFile("\(folder)/\(part)") ?? "", suite: suite)
        }
        for part in parts where part.hasSuffix(".sources") {
            lines += stanzas(readFile("\(folder)/\(part)") ?? "", suite: suite)
        }
        return AptSources(lines: lines)
    }

    /// The one-line format: `deb [signed-by=…] URI SUITE COMPONENT…`.
    static func oneLine(_ text: String, suite: String) -> [String] {
        text.split(separator: "\n").flatMap { line -> [String] in
            var words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).map(String.init)
            guard words.first == "deb" else { return [] }
            words.removeFirst()
            var signedBy: String?
            if words.first?.hasPrefix("[") == true {
                guard let end = words.firstIndex(where: { $0.hasSuffix("]") }) else { return [] }
                let options = words[...end].joined(separator: " ").dropFirst().dropLast()
                for option in options.split(separator: " ") where option.hasPrefix("signed-by=") {
                    signedBy = String(option.dropFirst("signed-by=".count))
                }
                words.removeSubrange(...end)
            }
            guard words.count >= 3 else { return [] }
            return entry(
                uri: words[0], suites: [words[1]], components: Array(words[2...]), signedBy: signedBy,
                wanted: suite)
        }
    }

    /// The deb822 format: fields in stanzas, a continued line begins with a blank.
    static func stanzas(_ text: String, suite: String) -> [String] {
        var result: [String] = []
        for stanza in text.components(separatedBy: "\n\n") {
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
            func words(_ field: String) -> [String] {
                (fields[field] ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
            }
            guard words("types").contains("deb"),
                !["no", "false", "0"].contains(fields["enabled"]?.lowercased() ?? "")
            else { continue }
            for uri in words("uris") {
                result += entry(
                    uri: uri, suites: words("suites"), components: words("components"),
                    signedBy: fields["signed-by"],
                    wanted: suite)
            }
        }
        return result
    }

    /// The lines of one source, or none when it is not Debian's own.
    private static func entry(
        uri: String, suites: [String], components: [String], signedBy: String?, wanted: String
    ) -> [String] {
        // Debian's own sources are signed by its archive key, be it named or apt's default; a third party brings its
        // key along.
        if let signedBy, !signedBy.contains("debian-archive-") { return [] }
        guard components.contains("main"), !uri.hasPrefix("cdrom:") else { return [] }
        let names = [wanted, "\(wanted)-updates", "\(wanted)-security"]
        return suites.filter { names.contains($0) }
            .map { "deb \(signedBy.map { "[signed-by=\($0)] " } ?? "")\(uri) \($0) main" }
    }

    /// The machine's own Debian suite (`VERSION_CODENAME` of os-release(5)), or Debian 12's on another system.
    static func suite(osRelease: String = readFile("/etc/os-release") ?? "") -> String {
        var fields: [Substring: Substring] = [:]
        for line in osRelease.split(separator: "\n") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            let value = line[line.index(after: equals)...]
            fields[line[..<equals]] = value.hasPrefix("\"") ? value.dropFirst().dropLast() : value
        }
        guard fields["ID"] == "debian", let name = fields["VERSION_CODENAME"] else { return "bookworm" }
        return String(name)
    }
}
