import Apt
import Foundation

/// Where this machine gets Debian from: its own apt sources, so that the lab uses the mirror that works here.
struct AptSources: Equatable {
    /// Lines of sources.list(5) for the packages of Debian itself, sorted as they were found.
    var lines: [String]

    /// From `/etc/apt` and nothing else; third-party repositories are left out.
    static func ofThisMachine(suite: String) -> AptSources {
        let folder = "/etc/apt/sources.list.d"
        let parts = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
        let files = ["/etc/apt/sources.list"] + parts.map { "\(folder)/\($0)" }
        return AptSources(
            lines: files.filter { $0.hasSuffix(".list") || $0.hasSuffix(".sources") }
                .flatMap { lines(readFile($0) ?? "", name: $0, suite: suite) })
    }

    /// Debian's own of one file, as lines of the one-line form.
    static func lines(_ text: String, name: String, suite: String) -> [String] {
        let suites = [suite, "\(suite)-updates", "\(suite)-security"]
        return PackageSource.parse(text, name: name, architecture: nil).compactMap { source in
            // Debian's own sources are signed by its archive key, be it named or apt's default; a third party brings
            // its key along.
            guard suites.contains(source.suite), source.components.contains("main"),
                !source.uri.hasPrefix("cdrom:"),
                source.signedBy.allSatisfy({ $0.contains("debian-archive-") })
            else { return nil }
            return PackageSource(
                uri: source.uri, suite: source.suite, components: ["main"], signedBy: source.signedBy
            ).line(keyrings: source.signedBy)
        }
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
