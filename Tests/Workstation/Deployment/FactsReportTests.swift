import Inventory
import JSON
import Manifest
import SSH
import Testing

@testable import Deployment

@Suite struct FactsReportTests {
    static let digest = String(repeating: "a", count: 64)

    /// A report of one node that answered these lines and one that did not answer.
    func report(_ lines: [String]) throws -> FactsReport {
        var request = FactsRequest(
            manifest: Manifest(
                node: "n1", architecture: "armv7",
                runtime: .init(version: "1", digest: .init(of: []), size: 0), packages: ["apache2", "php"],
                files: [], units: []),
            virtualAddress: "192.0.2.29")
        request.units = ["apache2.service", "gone.service"]
        request.paths = [("/etc/a", Self.digest), ("/etc/b", Self.digest), ("/etc/l", ""), ("/etc/x", "")]
        let facts = try Facts((["facts"] + lines + ["end", ""]).joined(separator: "\n"), request: request)
        let node = ClusterNode(name: "n1", address: "192.0.2.1")
        let error = SSHError(.route, node: "n2", sentence: "n2 (192.0.2.2:22): no answer")
        return FactsReport(entries: [
            .init(node: node, request: request, answer: .success(facts)),
            .init(
                node: ClusterNode(name: "n2", address: "192.0.2.2"), request: request, answer: .failure(error)
            ),
        ])
    }

    static let lines = [
        "hostname\tn1", "kernel\t6.1.0", "machine\tarmv7l", "os\tDebian 12", "uptime\t93784.12 1.0",
        "load\t0.25 0.1 0.1 1/2 3", "MemTotal:\t948280", "MemAvailable:\t512000",
        "disk\t/\t30000000\t27000000", "temperature\t48312", "vip\teth0",
        "path\tf\t644\troot\troot\t7\t/etc/a\t", "path\tf\t600\troot\tadm\t8\t/etc/b\t",
        "path\tl\t777\troot\troot\t3\t/etc/l\t../a", "sum\t\(digest)\t/etc/a", "sum\tbb\t/etc/b",
        "package\tapache2\tinstalled\t2.4.57",
        "unit\tId=apache2.service", "unit\tLoadState=loaded", "unit\tActiveState=active",
        "unit\tUnitFileState=enabled", "unit\t", "unit\tId=gone.service", "unit\tLoadState=not-found",
        "unit\tActiveState=inactive", "unit\tUnitFileState=",
    ]

    @Test("a node that answers is a block; one that does not is a sentence, and no block")
    func text() throws {
        let report = try report(Self.lines)
        #expect(
            report.text(colour: false) == """
                n1  192.0.2.1
                  host name    n1
                  system       Debian 12, kernel 6.1.0, armv7
                  up           1 d 2 h, load 0.25
                  memory       524.3 MB free of 971.0 MB
                  disk /       27.6 GB free of 30.7 GB
                  temperature  48.3 °C
                  release      none; pidep deploy puts one there
                  virtual IP   holds 192.0.2.29 on eth0
                  package      apache2 2.4.57
                  package      php is not installed
                  unit         apache2.service active, enabled
                  unit         gone.service not-found
                  path         /etc/a 7 bytes, 644 root:root
                  path         /etc/b 8 bytes, 600 root:adm, not as the recipe makes it
                  path         /etc/l link to ../a
                  path         /etc/x is not there
                """)
        #expect(report.failures == ["n2 (192.0.2.2:22): no answer"])
        #expect(!report.isWhole)
    }

    @Test("what an interrupted apply owes is told")
    func pending() throws {
        let report = try report(["pending\tcmVzdGFydCBhcGFjaGUyLnNlcnZpY2UK"])
        #expect(
            report.text(colour: false).contains("  owed        restart apache2.service (an apply was cut"))
    }

    @Test("the document has both nodes, null for what is not there, and no contents of files")
    func json() throws {
        let nodes = try #require(try report(Self.lines + ["content\t/etc/b\tYg=="]).json["nodes"]?.elements)
        #expect(nodes.map { $0["reachable"]?.boolean } == [true, false])
        #expect(nodes[1]["failure"]?.text == "n2 (192.0.2.2:22): no answer")
        #expect(nodes[0]["packages"]?.compact == #"{"apache2":"2.4.57","php":null}"#)
        #expect(nodes[0]["load"]?.compact == "0.25")
        #expect(nodes[0]["paths"]?["/etc/x"] == .null)
        #expect(nodes[0]["paths"]?["/etc/l"]?["target"]?.text == "../a")
        #expect(nodes[0]["units"]?["apache2.service"]?["active"]?.text == "active")
        #expect(!nodes[0].compact.contains("Yg=="))
        #expect(try JSONValue.parse(nodes[0].compact) == nodes[0])
    }

    @Test(
        "sizes have one decimal and the unit that fits",
        arguments: [
            (0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (999_950, "1.0 MB"),
            (32_000_000_000, "32.0 GB"), (5_000_000_000_000_000, "5000.0 TB"),
        ] as [(Int64, String)])
    func sizes(bytes: Int64, text: String) { #expect(Facts.size(bytes) == text) }
}
