import Digest
import JSON
import Manifest
import Testing

@Suite struct ManifestTests {
    static let example = Manifest(
        node: "nustler1", architecture: "armv7",
        runtime: .init(version: "1.2.3", digest: SHA256Digest(of: [1]), size: 1),
        packages: ["apache2", "libapache2-mod-php"],
        files: [
            ManagedFile(
                path: "/etc/apache2/ports.conf", content: .blob(SHA256Digest(of: [2, 3]), size: 2),
                restart: ["apache2.service"]),
            ManagedFile(path: "/srv/www", content: .directory, mode: 0o2775, owner: "www-data"),
            ManagedFile(path: "/etc/a", content: .link(to: "../b"), reload: ["b.service"]),
            ManagedFile(path: "/etc/old", content: .absent),
        ],
        units: [
            ManagedUnit(name: "pinode-proxy.service", enabled: true, running: true, onNewRuntime: .restart)
        ])

    /// The example's JSON text with one piece of it exchanged.
    func changed(_ old: String, _ new: String) -> [UInt8] {
        var text = Self.example.json.compact
        guard let range = text.firstRange(of: old) else { return [] }
        text.replaceSubrange(range, with: new)
        return Array(text.utf8)
    }

    @Test("what is written is read back")
    func roundTrip() throws {
        #expect(try Manifest.read(Array(Self.example.json.pretty.utf8)) == Self.example)
    }

    @Test("what must be there before packages are is root's, and read back")
    func early() throws {
        var manifest = Self.example
        manifest.files[0].isEarly = true
        #expect(try Manifest.read(manifest.document) == manifest)
        #expect(manifest.release != Self.example.release)
        manifest.files[0].owner = "www-data"
        let error = #expect(throws: ManifestError.self) { try Manifest.read(manifest.document) }
        #expect(error?.sentence.contains("before packages are installed must be root's") == true)
    }

    @Test("a release is named by what its manifest says")
    func release() {
        var other = Self.example
        #expect(other.release == Self.example.release)
        #expect(other.release.utf8.count == 16)
        other.files[1].mode = 0o755
        #expect(other.release != Self.example.release)
    }

    @Test("the runtime and every file's content are blobs, each once")
    func blobs() {
        var manifest = Self.example
        manifest.files.append(manifest.files[0])
        #expect(manifest.blobs.map { $0.size } == [1, 2])
    }

    @Test(
        "what a node could not carry out word for word is refused",
        arguments: [
            ("\"format\":3", "\"format\":4", "format 4"),
            ("\"node\":\"nustler1\"", "\"node\":7", "\"node\" is not text"),
            ("\"packages\":[\"apache2\"", "\"packages\":[\"-o\"", "\"-o\" is not a package's name"),
            ("/etc/old", "/etc/../old", "is not an absolute path"),
            ("/etc/old", "etc/old", "is not an absolute path"),
            ("/etc/old", "/etc//old", "is not an absolute path"),
            ("/etc/old", "/etc/\\nold", "is not an absolute path"),
            ("/etc/old", "/etc/a", "decides twice about /etc/a"),
            ("\"2775\"", "\"2785\"", "octal digits"),
            ("\"2775\"", "\"12775\"", "octal digits"),
            ("\"kind\":\"absent\"", "\"kind\":\"gone\"", "\"gone\" is not a kind"),
            ("\"kind\":\"absent\"", "\"kinds\":\"absent\"", "a member \"kinds\""),
            ("\"running\":true", "\"running\":1", "\"running\" is not true or false"),
            ("\"size\":2", "\"size\":4294967296", "2 GiB"),
            ("\"restart\":[\"apache2.service\"]", "\"restart\":[\"--now\"]", "unit names"),
            ("\"packages\"", "\"packets\"", "a member \"packets\""),
        ])
    func refused(old: String, new: String, sentence: String) {
        let error = #expect(throws: ManifestError.self) { try Manifest.read(changed(old, new)) }
        #expect(error?.sentence.contains(sentence) == true, "\(error?.sentence ?? "nothing")")
    }

    @Test("no cut of a manifest is a manifest")
    func cuts() {
        let bytes = Array(Self.example.json.compact.utf8)
        for count in 0..<bytes.count {
            #expect(throws: ManifestError.self) { try Manifest.read(Array(bytes[0..<count])) }
        }
    }
}
