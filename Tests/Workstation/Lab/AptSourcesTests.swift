import Testing

@testable import Lab

@Suite struct AptSourcesTests {
    @Test(
        "one-line sources: Debian's own suites are taken, everything else is left",
        arguments: [
            (
                "deb http://deb.example/debian bookworm main contrib",
                ["deb http://deb.example/debian bookworm main"]
            ),
            (
                "deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://a.example/d "
                    + "bookworm-updates main",
                [
                    "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://a.example/d "
                        + "bookworm-updates main"
                ]
            ),
            (
                "deb http://a.example/d bookworm-security main # fast",
                ["deb http://a.example/d bookworm-security main"]
            ),
            ("deb-src http://a.example/d bookworm main", []),
            ("# deb http://a.example/d bookworm main", []),
            ("deb http://a.example/d trixie main", []),
            ("deb http://a.example/d bookworm-backports main", []),
            ("deb [signed-by=/etc/apt/keyrings/vendor.asc] http://v.example/d bookworm main", []),
            ("deb http://v.example/d bookworm stable", []),
            ("deb cdrom:[Debian]/ bookworm main", []),
            ("deb [arch=amd64 http://a.example/d bookworm main", []),
            ("deb http://a.example/d", []),
            ("", []),
        ])
    func oneLine(line: String, expected: [String]) {
        #expect(AptSources.lines(line, name: "sources.list", suite: "bookworm") == expected)
    }

    @Test("a deb822 stanza gives a line for each of its URIs and suites")
    func stanza() {
        let text = """
            Types: deb deb-src
            # a comment
            URIs: http://a.example/debian http://b.example/debian
            Suites: bookworm
             bookworm-updates bookworm-backports
            Components: main non-free-firmware
            Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
            """
        let key = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
        #expect(
            AptSources.lines(text, name: "debian.sources", suite: "bookworm") == [
                "deb \(key) http://a.example/debian bookworm main",
                "deb \(key) http://a.example/debian bookworm-updates main",
                "deb \(key) http://b.example/debian bookworm main",
                "deb \(key) http://b.example/debian bookworm-updates main",
            ])
    }

    @Test(
        "a deb822 stanza that is switched off, of a third party or of sources gives none",
        arguments: [
            "Types: deb\nURIs: http://a.example/d\nSuites: bookworm\nComponents: main\nEnabled: no",
            "Types: deb\nURIs: http://a.example/d\nSuites: bookworm\nComponents: main\nSigned-By: /etc/vendor.gpg",
            "Types: deb-src\nURIs: http://a.example/d\nSuites: bookworm\nComponents: main",
            "Types: deb\nURIs: http://a.example/d\nSuites: nodistro\nComponents: main",
        ])
    func left(text: String) {
        #expect(AptSources.lines(text, name: "debian.sources", suite: "bookworm") == [])
    }

    @Test(
        "the suite is the machine's own where it is Debian, else Debian 12's",
        arguments: [
            ("ID=debian\nVERSION_CODENAME=trixie\n", "trixie"),
            ("ID=\"debian\"\nVERSION_CODENAME=\"bookworm\"\n", "bookworm"),
            ("ID=ubuntu\nVERSION_CODENAME=noble\n", "bookworm"),
            ("", "bookworm"),
        ])
    func suite(release: String, expected: String) {
        #expect(AptSources.suite(osRelease: release) == expected)
    }
}
