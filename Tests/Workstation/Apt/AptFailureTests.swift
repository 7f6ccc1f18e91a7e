import Testing

@testable import Apt

@Suite struct AptFailureTests {
    enum Kind { case midSync, network, signature, diskFull, unknown, other }

    private func kind(_ failure: AptFailure) -> Kind {
        switch failure {
        case .midSync: .midSync
        case .network: .network
        case .signature: .signature
        case .diskFull: .diskFull
        case .unknownPackages: .unknown
        case .other: .other
        }
    }

    // Lines as apt 2.6 prints them, hosts replaced by documentation names.
    @Test(
        "apt's words are understood",
        arguments: [
            (
                """
                Err:6 http://deb.example.org/debian-security bookworm-security/main armhf Packages
                  File has unexpected size (334084 != 349884). Mirror sync in progress? [IP: 192.0.2.80 80]
                E: Failed to fetch http://deb.example.org/Packages.xz  File has unexpected size (334084 != 349884).
                E: Some index files failed to download. They have been ignored, or old ones used instead.
                """, Kind.midSync
            ),
            ("E: Failed to fetch file:/r/Packages.gz  Hash Sum mismatch", .midSync),
            (
                "W: Failed to fetch http://deb.example.org/InRelease  Temporary failure resolving 'deb.example.org'",
                .network
            ),
            (
                "E: Failed to fetch http://deb.example.org/x.deb  Could not connect to 192.0.2.1:80, connection timed out",
                .network
            ),
            (
                "Err:1 http://deb.example.org bookworm InRelease\n  Cannot initiate the connection to 192.0.2.1:80 (192.0.2.1). - connect (101: Network is unreachable)",
                .network
            ),
            (
                "W: GPG error: http://deb.example.org bookworm InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY 648ACFD622F3D138",
                .signature
            ),
            ("E: The repository 'http://deb.example.org bookworm InRelease' is not signed.", .signature),
            (
                "E: Release file for http://deb.example.org/InRelease is not valid yet (invalid for another 2d).",
                .signature
            ),
            ("E: Write error - write (28: No space left on device)", .diskFull),
            ("E: You don't have enough free space in /x/cache/archives/.", .diskFull),
            ("E: Unable to locate package libssl3", .unknown),
            ("E: The list of sources could not be read.", .other),
            ("", .other),
        ])
    func classified(_ output: String, _ expected: Kind) {
        #expect(kind(AptFailure(output)) == expected, "\(AptFailure(output))")
    }

    @Test("all packages that are missing are named at once")
    func packages() {
        let output = "E: Unable to locate package libssl3\nE: Unable to locate package libc6-dev\n"
        #expect(AptFailure(output) == .unknownPackages(["libssl3", "libc6-dev"]))
        #expect(
            AptFailure("E: Package 'libgcc-12-dev' has no installation candidate")
                == .unknownPackages(["libgcc-12-dev"]))
    }

    @Test("only a sync of the mirror is worth another try")
    func transient() {
        #expect(AptFailure("E: x  Hash Sum mismatch").isTransient)
        #expect(!AptFailure("E: Unable to locate package x").isTransient)
        #expect(!AptFailure("E: Temporary failure resolving 'deb.example.org'").isTransient)
    }

    @Test("each sentence says what to type in the end")
    func sentences() {
        let failures: [AptFailure] = [
            .midSync("Hash Sum mismatch"), .network("Could not connect"), .signature("NO_PUBKEY"),
            .diskFull("No space left on device"), .unknownPackages(["libssl3"]), .other("E"),
        ]
        for failure in failures {
            let sentence = failure.sentence(
                sources: "/etc/apt/sources.list", state: "/s", command: "pidep build --arch armv7")
            #expect(sentence.hasSuffix("run: pidep build --arch armv7"), "\(sentence)")
        }
    }
}
