import Foundation
import Testing

@testable import NodePackages

@Suite struct PackageSourceTests {
    private func parse(_ text: String, _ name: String = "sources.list", _ architecture: String = "armhf")
        -> [PackageSource]
    {
        PackageSource.parse(text, name: name, architecture: architecture)
    }

    @Test("a line of Raspberry Pi OS is taken as it stands")
    func line() {
        let text = """
            # a comment
            deb http://raspbian.example.org/raspbian/ bookworm main contrib non-free rpi
            deb-src http://raspbian.example.org/raspbian/ bookworm main
            """
        #expect(
            parse(text) == [
                PackageSource(
                    uri: "http://raspbian.example.org/raspbian/", suite: "bookworm",
                    components: ["main", "contrib", "non-free", "rpi"])
            ])
    }

    @Test("keys and architectures of a line count, trust without keys does not")
    func options() {
        #expect(
            parse(
                "deb [ arch=armhf,arm64 signed-by=/k/a.gpg,/k/b.gpg trusted=yes ] https://x.example.org/ b main"
            )
                == [
                    PackageSource(
                        uri: "https://x.example.org/", suite: "b", components: ["main"],
                        signedBy: ["/k/a.gpg", "/k/b.gpg"])
                ])
        #expect(parse("deb [arch=amd64] https://x.example.org/ b main") == [])
    }

    @Test("discs and folders of the node are nothing that this machine could ask")
    func local() {
        #expect(parse("deb cdrom:[Debian]/ bookworm main\ndeb file:/srv/debs ./\n") == [])
    }

    @Test("a stanza is one source for each address and suite; one that is disabled is none")
    func stanzas() {
        let text = """
            Types: deb deb-src
            URIs: http://deb.example.org/debian
            Suites: trixie trixie-updates
            Components: main
            Signed-By: /usr/share/keyrings/debian-archive-keyring.pgp

            Types: deb
            URIs: http://archive.example.org/debian
            Suites: trixie
            Components: main
            Enabled: no
            """
        let sources = parse(text, "debian.sources")
        #expect(sources.map(\.suite) == ["trixie", "trixie-updates"])
        #expect(sources.allSatisfy { $0.signedBy == ["/usr/share/keyrings/debian-archive-keyring.pgp"] })
    }

    @Test("pidep's own folder of keys comes before the system's, whatever clothes the keyring wears")
    func keyrings() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "keys-\(UUID().uuidString)"
        ).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for path in ["own/other.gpg", "system/other.pgp", "system/debian-archive-keyring.gpg"] {
            let file = "\(folder)/\(path)"
            try FileManager.default.createDirectory(
                atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            #expect(FileManager.default.createFile(atPath: file, contents: nil))
        }
        let keyrings = Keyrings(own: "\(folder)/own", system: "\(folder)/system")
        func files(_ signedBy: [String]) -> [String] {
            keyrings.files(
                for: PackageSource(uri: "http://x", suite: "b", components: [], signedBy: signedBy))
        }
        #expect(files(["/etc/apt/keyrings/other.asc"]) == ["\(folder)/own/other.gpg"])
        #expect(files([]) == ["\(folder)/system/debian-archive-keyring.gpg"])
        #expect(files(["-----BEGIN", "PGP"]) == [])
    }

    @Test("a package that is unknown to apt's summary still counts; its size on disk is read in apt's units")
    func summary() {
        #expect(
            AptAnswer("After this operation, 20.8 MB of additional disk space will be used.").installedSize
                == 20_800_000)
        #expect(
            AptAnswer("After this operation, 1,234 kB of additional disk space will be used.").installedSize
                == 1_234_000)
        #expect(AptAnswer("After this operation, 5 MB disk space will be freed.").installedSize == 0)
    }

    @Test("a node's versions are those of all packages that are there, whole or not")
    func versions() {
        let status =
            TestArchive.installed("a", "1") + TestArchive.installed("b", "2", "deinstall ok config-files")
            + TestArchive.installed("c", "1:3-1", "install ok half-configured")
        #expect(AptAnswer.versions(status) == ["a": "1", "c": "1:3-1"])
    }
}
