import Testing

@testable import Apt

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
        let sources = parse(
            "deb cdrom:[Debian]/ bookworm main\ndeb file:/srv/debs ./\ndeb http://a.example.org/ b main\n")
        #expect(sources.map(\.isReachable) == [false, false, true])
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
}
