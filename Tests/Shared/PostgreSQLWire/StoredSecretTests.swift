import TestSupport
import Testing

@testable import PostgreSQLWire

@Suite struct StoredSecretTests {
    /// Of `secret`.
    private static let scram = "SCRAM-SHA-256$4096:AQIDBAUGBwgJCgsMDQ4PEA==$" + keys
    private static let keys: String = {
        let text = SCRAMSecret(password: bytes("secret"), salt: [UInt8](1...16)).text
        return String(text.split(separator: "$")[2])
    }()

    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test("a SCRAM secret is read and written without a change")
    func roundTrip() throws {
        let secret = try #require(SCRAMSecret(Self.bytes(Self.scram)))
        #expect(secret.text == Self.scram)
        #expect(secret.iterations == 4096 && secret.salt == [UInt8](1...16))
        #expect(secret.fits(password: Self.bytes("secret")))
        #expect(!secret.fits(password: Self.bytes("Secret")))
    }

    @Test(
        "what begins as a SCRAM secret and is none is never taken for a password",
        arguments: [
            "SCRAM-SHA-256$", "SCRAM-SHA-256$4096:AAAA$x:y", "SCRAM-SHA-256$0:AQID$" + keys,
            "SCRAM-SHA-256$-1:AQID$" + keys, "SCRAM-SHA-256$4096:$" + keys, "SCRAM-SHA-256$4096:AQI$" + keys,
            "SCRAM-SHA-256$99999999999:AQID$" + keys, "SCRAM-SHA-256$4096:AQID$" + keys + "$",
            "SCRAM-SHA-256$2147483648:AQID$" + keys, "SCRAM-SHA-256$4096:AQID$AAAA:AAAA",
        ])
    func damaged(text: String) {
        let secret = StoredSecret(Self.bytes(text))
        #expect(secret == .damaged)
        #expect(!secret.fits(password: Self.bytes(text), user: Self.bytes("ada")))
    }

    @Test(
        "kinds are told apart by form",
        arguments: [
            ("", .none), ("secret", .plain), ("md5", .plain), ("md52953f29bc314bd0a7ea7ddf6ccc1555f", .md5),
            ("md52953F29BC314BD0A7EA7DDF6CCC1555F", .plain), ("md52953f29bc314bd0a7ea7ddf6ccc1555", .plain),
            ("SCRAM-SHA-256", .plain), ("SCRAM-SHA-1$4096:a$b:c", .plain),
            (scram, .scram),
        ] as [(String, StoredSecret.Kind)])
    func kinds(text: String, kind: StoredSecret.Kind) {
        #expect(StoredSecret(Self.bytes(text)).kind == kind)
    }

    @Test(
        "a password fits each kind that was made of it",
        arguments: ["secret", "md52953f29bc314bd0a7ea7ddf6ccc1555f", scram])
    func passwords(text: String) {
        let secret = StoredSecret(Self.bytes(text))
        #expect(secret.fits(password: Self.bytes("secret"), user: Self.bytes("ada")))
        #expect(!secret.fits(password: Self.bytes("secrets"), user: Self.bytes("ada")))
        #expect(!secret.fits(password: [], user: Self.bytes("ada")))
    }

    @Test("an answer to an MD5 salt fits the password and its MD5 secret, for this user and salt only")
    func md5() {
        let salt: [UInt8] = [1, 2, 3, 4]
        let digits = MD5Password.digits(password: Self.bytes("secret"), user: Self.bytes("ada"))
        let answer = MD5Password.answer(digits: digits, salt: salt)
        for text in ["secret", "md52953f29bc314bd0a7ea7ddf6ccc1555f"] {
            let secret = StoredSecret(Self.bytes(text))
            #expect(secret.fits(md5Answer: answer, salt: salt, user: Self.bytes("ada")))
            #expect(!secret.fits(md5Answer: answer, salt: [1, 2, 3, 5], user: Self.bytes("ada")))
            #expect(!secret.fits(md5Answer: Array(answer.dropLast()), salt: salt, user: Self.bytes("ada")))
        }
        #expect(
            !StoredSecret(Self.bytes("secret")).fits(md5Answer: answer, salt: salt, user: Self.bytes("bob")))
    }

    @Test("nobody logs in with an empty password to a user who has none")
    func none() {
        #expect(!StoredSecret([]).fits(password: [], user: []))
    }

    @Test(
        "passwords are prepared as SASLprep does, as far as it goes here",
        arguments: [
            ("secret", "secret"), ("a\u{7}b", "a\u{7}b"), ("gr\u{FC}n", "gr\u{FC}n"),
            ("a\u{A0}b", "a b"), ("a\u{AD}b", "ab"), ("\u{3000}\u{200B}", " "),
            ("\u{E4}\u{7}", "\u{E4}\u{7}"), ("\u{AD}", "\u{AD}"),
        ])
    func preparation(password: String, prepared: String) {
        #expect(SASLprep.prepare(Self.bytes(password)) == Self.bytes(prepared))
    }

    @Test("a password that is not UTF-8 stays as it is")
    func notUTF8() { #expect(SASLprep.prepare([0xC3, 0x28, 0xC2, 0xA0]) == [0xC3, 0x28, 0xC2, 0xA0]) }

    @Test("whatever cannot be done with a secret has a sentence that says what to do, and no secret")
    func obstacles() {
        for exchange in SecretUse.Exchange.allCases {
            for kind in StoredSecret.Kind.allCases {
                guard let text = SecretUse.obstacle(toCheck: exchange, with: kind, user: "ada") else {
                    continue
                }
                #expect(text.contains("\"ada\"") && text.contains(":"), "\(exchange) \(kind)")
            }
            for means in SecretUse.Means.allCases {
                for isForced in [false, true] {
                    let text = SecretUse.obstacle(
                        toLogIn: exchange, with: means, user: "ada", isForced: isForced)
                    #expect((text == nil) == (means == .password || Self.opens(exchange, means)))
                    if let text { #expect(text.contains("\"ada\"")) }
                }
            }
        }
        let forced = SecretUse.obstacle(toLogIn: .scram, with: .scramSecret, user: "ada", isForced: true)
        #expect(forced?.contains("password=") == true)
    }

    private static func opens(_ exchange: SecretUse.Exchange, _ means: SecretUse.Means) -> Bool {
        exchange == .md5 && means == .md5 || exchange == .scram && means == .scramKeys
    }

    @Test("secrets that are changed at random never crash it")
    func fuzz() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix64(seed: seed)
        for _ in 0..<5000 {
            var bytes = Self.bytes(Self.scram)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
            }
            if case .scram(let secret) = StoredSecret(bytes) {
                #expect(secret.storedKey.count == 32 && secret.iterations > 0, "seed \(seed)")
            }
        }
    }
}
