import Foundation
import Languages
import Testing

@Suite struct HAProxyDocumentationTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The table under each `###` heading: its rows, each a list of cells.
    private static func tables() throws -> [String: [[String]]] {
        let text = try String(
            contentsOf: root.appendingPathComponent("docs/proxy-language.md"), encoding: .utf8)
        var tables: [String: [[String]]] = [:]
        var place = ""
        for line in text.split(separator: "\n") {
            if line.hasPrefix("### ") { place = String(line.dropFirst(4)) }
            guard line.hasPrefix("| `") else { continue }
            let cells = line.replacingOccurrences(of: "\\|", with: "/").split(separator: "|").map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            tables[place, default: []].append(cells)
        }
        return tables
    }

    @Test("docs/proxy-language.md has every word that the parser knows, and no other")
    func words() throws {
        let tables = try Self.tables()
        #expect(Set(tables.keys) == Set(HAProxyConfiguration.words.map { $0.place }))
        for (place, words) in HAProxyConfiguration.words {
            let documented = (tables[place] ?? []).map { $0[0].trimmingCharacters(in: ["`"]) }
            #expect(Set(documented) == Set(words), "\(place)")
            #expect(documented.count == Set(documented).count, "\(place)")
        }
    }

    @Test(
        "docs/proxy-language.md has the defaults that hold",
        arguments: [
            ("timeout", "connect", HAProxyConfiguration.Defaults.connectTimeout),
            ("timeout", "client", HAProxyConfiguration.Defaults.clientTimeout),
            ("timeout", "server", HAProxyConfiguration.Defaults.serverTimeout),
            ("timeout", "http-request", HAProxyConfiguration.Defaults.httpRequestTimeout),
            ("timeout", "http-keep-alive", HAProxyConfiguration.Defaults.httpKeepAliveTimeout),
            ("timeout", "queue", HAProxyConfiguration.Defaults.queueTimeout),
            ("timeout", "tunnel", HAProxyConfiguration.Defaults.tunnelTimeout),
            ("timeout", "check", HAProxyConfiguration.Defaults.checkTimeout),
            ("server", "inter", HAProxyConfiguration.Defaults.checkInterval),
            ("global", "hard-stop-after", HAProxyConfiguration.Defaults.hardStopAfter),
        ])
    func times(place: String, word: String, expected: Duration) throws {
        let row = try #require(try Self.tables()[place]?.first { $0[0] == "`\(word)`" })
        let seconds = expected.components.seconds
        #expect(row.contains("\(seconds)s") || seconds % 3600 == 0 && row.contains("\(seconds / 3600)h"))
    }

    @Test(
        "docs/proxy-language.md has the numbers that hold",
        arguments: [
            ("global", "maxconn", HAProxyConfiguration.Defaults.maxconn),
            ("defaults, frontend, backend, listen", "retries", HAProxyConfiguration.Defaults.retries),
            ("server", "rise", HAProxyConfiguration.Defaults.rise),
            ("server", "fall", HAProxyConfiguration.Defaults.fall),
            ("server", "weight", HAProxyConfiguration.Defaults.weight),
        ])
    func numbers(place: String, word: String, expected: Int) throws {
        let row = try #require(try Self.tables()[place]?.first { $0[0] == "`\(word)`" })
        #expect(row.contains("\(expected)"))
    }

    @Test("the example in docs/proxy-language.md is accepted as it stands")
    func example() throws {
        let text = try String(
            contentsOf: Self.root.appendingPathComponent("docs/proxy-language.md"), encoding: .utf8)
        let parts = text.components(separatedBy: "```\n")
        #expect(parts.count == 3)
        _ = accepted(parts[1])
    }
}
