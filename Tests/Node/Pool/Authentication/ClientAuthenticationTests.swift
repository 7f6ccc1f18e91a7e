import PostgreSQLWire
import TestSupport
import Testing

@testable import Pool

@Suite struct ClientAuthenticationTests {
    typealias Method = ClientAuthentication.Method

    static let entropy = [UInt8](1...24)
    static let mockKey = [UInt8](repeating: 3, count: 32)
    static let password = Array("secret".utf8)
    static let user = Array("ada".utf8)
    static let scram = SCRAMSecret(password: password, salt: [UInt8](1...16), iterations: 3)
    static let digits = MD5Password.digits(password: password, user: user)

    static func authentication(
        _ method: Method, _ client: ClientAuthentication.Client = .init(user: user),
        made: SCRAMSecret? = nil, unknown: SecretUse.Exchange = .scram
    ) -> ClientAuthentication {
        ClientAuthentication(
            .init(
                method: method, mockKey: mockKey, iterations: 3, unknownUsersExchange: unknown),
            client: client, entropy: entropy, made: made)
    }

    /// The messages of some bytes: type and body.
    static func messages(_ bytes: [UInt8]) throws -> [(type: UInt8, body: [UInt8])] {
        var buffer = MessageBuffer(limit: 1 << 16)
        buffer.append(bytes)
        var messages: [(type: UInt8, body: [UInt8])] = []
        while let message = try buffer.next() { messages.append((message.type, Array(message.body))) }
        #expect(buffer.waiting == 0)
        return messages
    }

    /// A client with a password logs in; how it ends, and the types of what the server said (numbers of Authentication messages).
    static func login(
        _ authentication: inout ClientAuthentication, _ lookup: ClientAuthentication.Lookup,
        password: [UInt8] = password, endPoint: [UInt8]? = nil
    ) throws -> (ClientAuthentication.Progress, [UInt8]) {
        var client = Authenticator(
            user: user, credentials: .password(password), sendsClearPassword: true,
            entropy: entropy.reversed(), endPoint: endPoint)
        var said: [UInt8] = []
        var output: [UInt8] = []
        var progress = authentication.start(lookup, to: &output)
        while true {
            var answer: [UInt8] = []
            for message in try messages(output) {
                #expect(message.type == UInt8(ascii: "R"))
                said.append(message.body[3])
                try client.handle(Int32(message.body[3]), Array(message.body.dropFirst(4)), to: &answer)
            }
            guard progress == .waits else { return (progress, said) }
            output = []
            let message = try #require(try messages(answer).first)
            #expect(message.type == UInt8(ascii: "p"))
            progress = authentication.handle(.message(message.body), to: &output)
        }
    }

    static func refusal(_ progress: ClientAuthentication.Progress) -> Refusal? {
        if case .refused(let refusal) = progress { refusal } else { nil }
    }

    static let keys = SCRAMKeys(password: password, salt: [UInt8](1...16), iterations: 3)

    @Test(
        "the right password opens with every secret that can check it, and leaves what opens the server",
        arguments: [
            (.plain, .plain(password), [3], .password(password)),
            (.plain, .md5(digits), [3], .password(password)),
            (.plain, .scram(scram), [3], .password(password)),
            (.md5, .plain(password), [5], .password(password)),
            (.md5, .md5(digits), [5], .md5(digits)),
            (.md5, .scram(scram), [10, 11, 12], .scramKeys(keys)),
            (.scram, .plain(password), [10, 11, 12], .password(password)),
            (.scram, .scram(scram), [10, 11, 12], .scramKeys(keys)),
        ] as [(Method, StoredSecret, [UInt8], ServerCredentials)])
    func rightPassword(
        method: Method, secret: StoredSecret, asked: [UInt8], credentials: ServerCredentials
    ) throws {
        var authentication = Self.authentication(method)
        let (progress, said) = try Self.login(&authentication, .found(secret))
        #expect(progress == .accepted(credentials))
        #expect(said == asked)
    }

    @Test(
        "a wrong password, and a user who does not exist, get the same words",
        arguments: [.plain, .md5, .scram] as [Method],
        [.found(.plain(password)), .found(.scram(scram)), .found(.md5(digits)), .found(.none), .unknown]
            as [ClientAuthentication.Lookup])
    func wrongPassword(method: Method, lookup: ClientAuthentication.Lookup) throws {
        var authentication = Self.authentication(method)
        let (progress, said) = try Self.login(&authentication, lookup, password: Array("wrong".utf8))
        let refusal = try #require(Self.refusal(progress))
        #expect(refusal.code == "28P01")
        #expect(
            refusal.text
                == (said.first == 10 ? "SASL authentication failed" : "password authentication failed"))
        #expect(refusal.log.contains("\"ada\"") && !refusal.log.contains("secret\""))
    }

    @Test("of a user who does not exist a client sees what it sees of one with a password in clear text")
    func mock() throws {
        var known = Self.authentication(.scram)
        var unknown = Self.authentication(.scram)
        var outputs: [[UInt8]] = [[], []]
        _ = known.start(.found(.plain(Self.password)), to: &outputs[0])
        _ = unknown.start(.unknown, to: &outputs[1])
        let first = ClientAuthentication.Event.message(
            Array("SCRAM-SHA-256\0\0\0\0\u{B}n,,n=,r=abc".utf8))
        _ = known.handle(first, to: &outputs[0])
        _ = unknown.handle(first, to: &outputs[1])
        #expect(outputs[0] == outputs[1])
        #expect(outputs[0].count > 60)
    }

    @Test("what method md5 asks of users who do not exist is set")
    func unknownExchange() {
        var output: [UInt8] = []
        var authentication = Self.authentication(.md5, unknown: .md5)
        _ = authentication.start(.unknown, to: &output)
        #expect(output[8] == 5)
    }

    @Test("a SCRAM secret of a password in clear text is made once")
    func madeSecret() throws {
        var first = Self.authentication(.scram)
        _ = try Self.login(&first, .found(.plain(Self.password)))
        let made = try #require(first.madeSecret)
        var second = Self.authentication(.scram, made: made)
        let (progress, _) = try Self.login(&second, .found(.plain(Self.password)))
        #expect(progress == .accepted(.password(Self.password)))
        // It is what counts: another one does not open.
        var changed = made
        changed.storedKey[0] ^= 1
        var third = Self.authentication(.scram, made: changed)
        let (failed, _) = try Self.login(&third, .found(.plain(Self.password)))
        #expect(Self.refusal(failed)?.code == "28P01")
    }

    @Test("a secret that is elsewhere is asked for, and its answer goes on")
    func authQuery() {
        var authentication = Self.authentication(.trust)
        var output: [UInt8] = []
        #expect(authentication.start(.elsewhere, to: &output) == .asksForSecret)
        #expect(
            authentication.handle(.secret(.found(.md5(Self.digits))), to: &output)
                == .accepted(.md5(Self.digits)))
        #expect(output.isEmpty)
    }

    @Test("an answer of auth_query that is null (VALID UNTIL has passed, CVE-2025-2291) opens nothing")
    func expired() throws {
        var authentication = Self.authentication(.md5)
        var output: [UInt8] = []
        _ = authentication.start(.elsewhere, to: &output)
        #expect(authentication.handle(.secret(.found(StoredSecret([]))), to: &output) == .waits)
        let digits = MD5Password.digits(password: [], user: Self.user)
        let answer = MD5Password.answer(digits: digits, salt: Array(Self.entropy.prefix(4))) + [0]
        let refusal = try #require(
            Self.refusal(authentication.handle(.message(answer), to: &output)))
        #expect(refusal.code == "28P01" && refusal.log.contains("VALID UNTIL"))
    }

    @Test("trust lets in who is known, with what its secret is good for")
    func trust() {
        var output: [UInt8] = []
        var known = Self.authentication(.trust)
        #expect(known.start(.found(.scram(Self.scram)), to: &output) == .accepted(.scramSecret))
        var unknown = Self.authentication(.trust)
        let refusal = Self.refusal(unknown.start(.unknown, to: &output))
        #expect(refusal?.code == "28000" && refusal?.text == "\"trust\" authentication failed")
    }

    @Test(
        "certificates and accounts must have the role's name, before anybody asks for its secret",
        arguments: [
            (.cert, .init(user: user, isEncrypted: true, certificateNames: [user]), true),
            (.cert, .init(user: user, isEncrypted: true, certificateNames: [[1], user]), true),
            (.cert, .init(user: user, isEncrypted: true, certificateNames: [[1]]), false),
            (.cert, .init(user: user, isEncrypted: true), false),
            (.cert, .init(user: user, certificateNames: [user]), false),
            (.peer, .init(user: user, account: user), true),
            (.peer, .init(user: user, account: [1]), false), (.peer, .init(user: user), false),
            (.reject, .init(user: user), false),
        ] as [(Method, ClientAuthentication.Client, Bool)])
    func names(method: Method, client: ClientAuthentication.Client, isFine: Bool) {
        var output: [UInt8] = []
        var authentication = Self.authentication(method, client)
        let progress = authentication.start(.elsewhere, to: &output)
        if isFine {
            #expect(progress == .asksForSecret)
        } else {
            #expect(Self.refusal(progress)?.code == "28000")
        }
    }

    @Test("over TLS the proof is tied to the certificate")
    func channelBinding() throws {
        let endPoint = [UInt8](1...32)
        var right = Self.authentication(.scram, .init(user: Self.user, isEncrypted: true, endPoint: endPoint))
        #expect(
            try Self.login(&right, .found(.scram(Self.scram)), endPoint: endPoint).0
                == .accepted(.scramKeys(Self.keys)))
        var wrong = Self.authentication(.scram, .init(user: Self.user, isEncrypted: true, endPoint: endPoint))
        let (progress, _) = try Self.login(
            &wrong, .found(.scram(Self.scram)), endPoint: endPoint.reversed())
        #expect(Self.refusal(progress)?.text == "SASL authentication failed")
    }

    @Test(
        "CVE-2026-6664: a first SASL message whose length lies is refused",
        arguments: [
            [0, 0, 0, 12], [0, 0, 0, 10], [0xFF, 0xFF, 0xFF, 0xFF], [0x7F, 0xFF, 0xFF, 0xFF], [0, 0, 0],
            [0xFF, 0xFF, 0xFF, 0xFE], [],
        ] as [[UInt8]])
    func lyingLength(length: [UInt8]) {
        var output: [UInt8] = []
        var authentication = Self.authentication(.scram)
        _ = authentication.start(.found(.scram(Self.scram)), to: &output)
        let body =
            Array("SCRAM-SHA-256\0".utf8) + length + (length.count < 4 ? [] : Array("n,,n=,r=abc".utf8))
        #expect(Self.refusal(authentication.handle(.message(body), to: &output))?.code == "08P01")
    }

    @Test("after the end, and before the secret, nothing that comes lets anybody in")
    func outOfTurn() {
        var output: [UInt8] = []
        var waiting = Self.authentication(.trust)
        _ = waiting.start(.elsewhere, to: &output)
        #expect(Self.refusal(waiting.handle(.message([0]), to: &output))?.code == "08P01")
        #expect(
            Self.refusal(waiting.handle(.secret(.found(.plain([1]))), to: &output))?.code == "08P01")
        var asked = Self.authentication(.plain)
        _ = asked.start(.found(.plain(Self.password)), to: &output)
        #expect(Self.refusal(asked.handle(.secret(.found(.plain([1]))), to: &output))?.code == "08P01")
    }

    @Test("an empty password is refused by name, as PostgreSQL does")
    func emptyPassword() {
        var output: [UInt8] = []
        var authentication = Self.authentication(.plain)
        _ = authentication.start(.found(.plain(Self.password)), to: &output)
        #expect(
            Self.refusal(authentication.handle(.message([0]), to: &output))?.text
                == "empty password returned by client")
    }

    @Test("messages that are changed at random never crash it, and never let anybody in")
    func fuzz() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix64(seed: seed)
        let first = Array("SCRAM-SHA-256\0\0\0\0\u{B}n,,n=,r=abc".utf8)
        let last = Array("c=biws,r=abcBQYHCAkKCwwNDg8QERITFBUWFxg=,p=".utf8) + Base64.encode([UInt8](1...32))
        for round in 0..<3000 {
            let method: Method = [.scram, .md5, .plain][round % 3]
            let secret: StoredSecret = round % 2 == 0 ? .scram(Self.scram) : .md5(Self.digits)
            var authentication = Self.authentication(method)
            var output: [UInt8] = []
            var progress = authentication.start(.found(secret), to: &output)
            for message in [
                round % 5 == 0 ? first : random.changed(first), random.changed(last), random.changed(last),
            ] {
                progress = authentication.handle(.message(message), to: &output)
                if case .accepted = progress { Issue.record("seed \(seed) round \(round)") }
            }
            #expect(Self.refusal(progress) != nil)
        }
    }
}
