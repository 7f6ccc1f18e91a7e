import Diagnostics
import Languages
import Testing

@Suite struct PoolIncludeTests {
    static func parse(_ files: [String: String], _ first: String) -> (PoolConfiguration, [String]) {
        let (configuration, found) = PoolConfiguration.parse(files[first] ?? "", file: first) { path in
            files[path].map { Array($0.utf8) }
        }
        return (configuration, found.map { $0.sentence })
    }

    @Test("a file is found beside the one that includes it, and goes on in its section")
    func beside() {
        let (configuration, found) = Self.parse(
            [
                "/etc/pool/pool.ini":
                    "[pgbouncer]\nauth_file = f\n%include more/limits.ini\n%include /srv/databases.ini\nb = host=192.0.2.2\n",
                "/etc/pool/more/limits.ini": "default_pool_size = 7\n%include verbose.ini\n",
                "/etc/pool/more/verbose.ini": "verbose = 2",
                "/srv/databases.ini": "[databases]\na = host=192.0.2.1\n",
            ], "/etc/pool/pool.ini")
        #expect(found == [])
        #expect(configuration.defaultPoolSize == 7)
        #expect(configuration.verbose == 2)
        #expect(configuration.databases.map { $0.name } == ["a", "b"])
    }

    @Test("what is wrong in an included file is told with that file's name")
    func place() {
        let (_, found) = Self.parse(
            ["p.ini": "[pgbouncer]\n%include q.ini\nx = 1", "q.ini": "\n\nverbose = 9\n"], "p.ini")
        #expect(
            found.map { $0.split(separator: " ")[0] } == ["q.ini:3:", "p.ini:3:"])
    }

    @Test("a file that includes itself ends in a sentence, not in a loop")
    func loop() {
        let (_, found) = Self.parse(
            ["p.ini": "[pgbouncer]\nauth_file = f\n[databases]\n* =\n%include p.ini\n"], "p.ini")
        #expect(found.contains { $0.hasPrefix("p.ini:5: p.ini would be the 11th file inside another") })
    }

    @Test("ten files inside one another are read")
    func depth() {
        var files = ["0.ini": "[databases]\n* =\n[pgbouncer]\nauth_file = f\n%include 1.ini\n"]
        for number in 1..<10 { files["\(number).ini"] = "%include \(number + 1).ini\n" }
        files["10.ini"] = "verbose = 3\n"
        let (configuration, found) = Self.parse(files, "0.ini")
        #expect(found == [])
        #expect(configuration.verbose == 3)
    }
}
