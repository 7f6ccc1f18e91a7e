import Testing

@testable import SSH

@Suite struct KnownHostsTests {
    func key(_ host: String, _ base64: String = "AAAA", type: String = "ssh-ed25519") -> HostKey {
        HostKey(host: host, type: type, base64: base64, fingerprint: "")
    }

    @Test(
        "which lines speak about a host",
        arguments: [
            ("node1 ssh-ed25519 AAAA", "node1", true),
            ("node1,192.0.2.1 ssh-ed25519 AAAA comment", "192.0.2.1", true),
            ("NODE1 ssh-ed25519 AAAA", "node1", true),
            ("192.0.2.* ssh-ed25519 AAAA", "192.0.2.77", true),
            ("node? ssh-ed25519 AAAA", "node12", false),
            ("*,!node1 ssh-ed25519 AAAA", "node1", false),
            ("*,!node1 ssh-ed25519 AAAA", "node2", true),
            ("[node1]:2222 ssh-ed25519 AAAA", "[node1]:2222", true),
            ("[node1]:2222 ssh-ed25519 AAAA", "node1", false),
            ("# node1 ssh-ed25519 AAAA", "node1", false),
            ("@cert-authority node1 ssh-ed25519 AAAA", "node1", false),
            ("node1 ssh-ed25519", "node1", false),
            ("|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|nothing ssh-ed25519 AAAA", "node1", false),
        ])
    func lines(line: String, host: String, known: Bool) {
        #expect((KnownHosts(text: line, file: "k").check(key(host)) == .known) == known)
    }

    @Test("another key, also one of another type, is a change, named by its line")
    func changed() {
        let known = KnownHosts(text: "\nnode1 ssh-ed25519 AAAA\n", file: "k")
        for other in [key("node1", "BBBB"), key("node1", "CCCC", type: "ssh-rsa")] {
            guard case .changed(let entry) = known.check(other) else {
                Issue.record("\(known.check(other))")
                continue
            }
            #expect(entry.line == 2)
        }
    }

    @Test("of several keys on file any may be shown")
    func several() {
        let known = KnownHosts(text: "node1 ssh-rsa RRRR\nnode1 ssh-ed25519 AAAA", file: "k")
        #expect(known.check(key("node1")) == .known)
        #expect(known.types(for: "node1") == ["ssh-rsa", "ssh-ed25519"])
    }

    @Test("a revoked key is refused even where another line knows it")
    func revoked() {
        let known = KnownHosts(text: "node1 ssh-ed25519 AAAA\n@revoked * ssh-ed25519 AAAA", file: "k")
        guard case .revoked(let entry) = known.check(key("node1")) else {
            Issue.record("not revoked")
            return
        }
        #expect(entry.line == 2)
    }

    @Test("HMAC-SHA1 gives the digest of RFC 2202's second case")
    func hmac() {
        let digest = KnownHosts.hmacSHA1(key: Array("Jefe".utf8), Array("what do ya want for nothing?".utf8))
        let text = digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        #expect(text == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")
    }
}
