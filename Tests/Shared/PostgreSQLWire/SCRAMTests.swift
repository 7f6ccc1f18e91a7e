import TestSupport
import Testing

@testable import PostgreSQLWire

@Suite struct SCRAMTests {
    private static let entropy = [UInt8](repeating: 7, count: 18)
    private static let salt = [UInt8](1...16)
    private static let secret = SCRAMSecret(password: Array("pencil".utf8), salt: salt, iterations: 5)

    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// A whole exchange; what the server learned.
    private static func exchange(
        _ credentials: SCRAMClient.Credentials, _ secret: SCRAMSecret = secret,
        binding: SCRAMClient.ChannelBinding = .none, endPoint: [UInt8]? = nil
    ) throws -> SCRAMServer {
        var client = SCRAMClient(credentials, entropy: entropy, binding: binding)
        var server = SCRAMServer(secret: secret, entropy: entropy.reversed(), endPoint: endPoint)
        let isBound = client.mechanism.description == SCRAMServer.boundMechanism.description
        let challenge = try server.challenge(client.first, isBound: isBound)
        try client.finish(try server.finish(try client.answer(challenge)))
        #expect(client.isDone)
        return server
    }

    @Test("RFC 7677's example")
    func example() throws {
        let salt = try #require(Base64.decode(Self.bytes("W22ZaJ0SNY7soEsUEjb6gQ==")))
        let secret = SCRAMSecret(password: Self.bytes("pencil"), salt: salt, iterations: 4096)
        var server = SCRAMServer(secret: secret, nonce: Self.bytes("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"))
        let nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
        let challenge = try server.challenge(
            Self.bytes("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"), isBound: false)
        #expect(challenge == Self.bytes("r=\(nonce),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"))
        let final = try server.finish(
            Self.bytes("c=biws,r=\(nonce),p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="))
        #expect(final == Self.bytes("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="))
    }

    @Test("a password opens, and gives the server the keys that open the next one")
    func passThrough() throws {
        let keys = try #require(try Self.exchange(.password(Self.bytes("pencil"))).keys)
        #expect(keys == SCRAMKeys(password: Self.bytes("pencil"), salt: Self.salt, iterations: 5))
        #expect(try Self.exchange(.keys(keys)).keys == keys)
    }

    @Test("keys are for one secret: with another salt the client says so instead of trying")
    func otherSecret() throws {
        let keys = try #require(try Self.exchange(.password(Self.bytes("pencil"))).keys)
        let other = SCRAMSecret(password: Self.bytes("pencil"), salt: Self.salt.reversed(), iterations: 5)
        #expect(throws: WireViolation.otherSecret) { try Self.exchange(.keys(keys), other) }
    }

    @Test("a wrong password does not open")
    func wrongPassword() {
        #expect(throws: SCRAMFailure.wrongProof) { try Self.exchange(.password(Self.bytes("Pencil"))) }
    }

    @Test("a user who does not exist is asked as others are, always with the same salt, and never gets in")
    func mock() throws {
        let key = [UInt8](repeating: 3, count: 32)
        let mock = SCRAMSecret(mockFor: Self.bytes("nobody"), key: key)
        #expect(mock == SCRAMSecret(mockFor: Self.bytes("nobody"), key: key))
        #expect(mock.salt.count == 16 && mock.iterations == 4096)
        #expect(mock.salt != SCRAMSecret(mockFor: Self.bytes("other"), key: key).salt)
        // Even if the proof were right.
        var server = SCRAMServer(secret: Self.secret, isMock: true, entropy: Self.entropy)
        var client = SCRAMClient(.password(Self.bytes("pencil")), entropy: Self.entropy)
        let answer = try client.answer(try server.challenge(client.first, isBound: false))
        #expect(throws: SCRAMFailure.wrongProof) { try server.finish(answer) }
    }

    @Test("the proof is tied to the certificate that the client saw")
    func binding() throws {
        let password = SCRAMClient.Credentials.password(Self.bytes("pencil"))
        let endPoint = [UInt8](repeating: 9, count: 32)
        _ = try Self.exchange(password, binding: .endPoint(endPoint), endPoint: endPoint)
        _ = try Self.exchange(password, binding: .none, endPoint: endPoint)
        _ = try Self.exchange(password, binding: .notOffered)
        #expect(throws: SCRAMFailure.refused("SCRAM channel binding check failed")) {
            try Self.exchange(password, binding: .endPoint(Self.salt), endPoint: endPoint)
        }
    }

    @Test("a client from whom somebody hid that channel binding is offered is told")
    func downgrade() {
        #expect(throws: SCRAMFailure.self) {
            try Self.exchange(
                .password(Self.bytes("pencil")), binding: .notOffered, endPoint: [UInt8](1...32))
        }
    }

    @Test(
        "first messages that RFC 5802 does not allow",
        arguments: [
            "", "n", "n,", "n,,", "x,,n=,r=abc", "n,a=ada,n=,r=abc", "n,,r=abc", "n,,n=,r=",
            "n,,n=,r=a\u{7F}b", "n,,n=,r= ", "n,,m=x,n=,r=abc", "n,,n=,r=abc,", "n,,n=,r=abc,x",
            "n,,n=,r=a\0b", "p=tls-unique,,n=,r=abc", "p=tls-server-end-point,,n=,r=abc",
        ])
    func wrongFirst(text: String) {
        var server = SCRAMServer(secret: Self.secret, entropy: Self.entropy)
        #expect(throws: SCRAMFailure.self) { try server.challenge(Self.bytes(text), isBound: false) }
    }

    @Test("further attributes are skipped")
    func extensions() throws {
        var server = SCRAMServer(secret: Self.secret, entropy: Self.entropy)
        _ = try server.challenge(Self.bytes("n,,n=,r=abc,x=1,Y=2"), isBound: false)
    }

    @Test(
        "last messages that RFC 5802 does not allow",
        arguments: [
            "", "c=biws", "c=biws,", "c=eSws,r=NONCE,p=PROOF", "c=biws,r=other,p=PROOF", "c=biws,r=NONCE",
            "c=biws,r=NONCE,p=", "c=biws,r=NONCE,p=AAAA", "c=biws,r=NONCE,p=PROOF,x=1",
            "c=biws,r=NONCE,p=PROOF,",
            "r=NONCE,c=biws,p=PROOF", "c=biws,r=NONCEx,p=PROOF", "c=biws,r=NONCE,x=1",
        ])
    func wrongLast(text: String) throws {
        var server = SCRAMServer(secret: Self.secret, nonce: Self.bytes("xyz"))
        _ = try server.challenge(Self.bytes("n,,n=,r=abc"), isBound: false)
        let proof = String(repeating: "A", count: 43) + "="
        let whole = text.replacing("NONCE", with: "abcxyz").replacing("PROOF", with: proof)
        #expect {
            try server.finish(Self.bytes(whole))
        } throws: { error in
            (error as? SCRAMFailure).map { $0 != .wrongProof } ?? false
        }
        #expect(throws: SCRAMFailure.self) { try server.finish(Self.bytes(whole)) }
    }

    @Test("CVE-2026-6664: a message that is longer than any may be is refused, whatever it says")
    func longMessage() {
        var server = SCRAMServer(secret: Self.secret, entropy: Self.entropy)
        let long = Self.bytes("n,,n=,r=" + String(repeating: "a", count: 1017))
        #expect(throws: SCRAMFailure.malformed("it is too long")) {
            try server.challenge(long, isBound: false)
        }
    }

    @Test("CVE-2026-6665: a server's nonce may be as long as the message limit of the session")
    func longNonce() throws {
        var client = SCRAMClient(.password(Self.bytes("pencil")), nonce: Self.bytes("abc"))
        let nonce = "abc" + String(repeating: "z", count: 100_000)
        let answer = try client.answer(Self.bytes("r=\(nonce),s=AAAA,i=1"))
        #expect(answer.starts(with: Self.bytes("c=biws,r=\(nonce),p=")))
    }

    @Test("exchanges that are changed at random never crash, and never let anybody in")
    func fuzz() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix64(seed: seed)
        let wrong = SCRAMClient.Credentials.password(Self.bytes("wrong"))
        for round in 0..<5000 {
            var client = SCRAMClient(wrong, entropy: Self.entropy)
            var server = SCRAMServer(secret: Self.secret, entropy: Self.entropy)
            let first = round % 2 == 0 ? random.changed(client.first) : client.first
            guard let challenge = try? server.challenge(first, isBound: false),
                let answer = try? client.answer(round % 3 == 0 ? random.changed(challenge) : challenge)
            else { continue }
            let proven = try? server.finish(random.changed(answer))
            #expect(proven == nil && server.keys == nil, "seed \(seed)")
            try? client.finish(random.changed(Self.bytes("v=AAAA")))
            #expect(!client.isDone, "seed \(seed)")
        }
    }
}
