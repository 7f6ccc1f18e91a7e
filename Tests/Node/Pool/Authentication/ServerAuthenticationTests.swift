import PostgreSQLWire
import Testing

@testable import Pool

@Suite struct ServerAuthenticationTests {
    private typealias Client = ClientAuthenticationTests

    private static func authentication(
        _ credentials: ServerCredentials, isForced: Bool = false, sendsClearPassword: Bool = false
    ) -> ServerAuthentication {
        ServerAuthentication(
            user: Client.user, credentials: credentials, isForced: isForced,
            sendsClearPassword: sendsClearPassword, entropy: Client.entropy)
    }

    /// Logs in to a server that asks by a method and has a secret; what came of it on both sides.
    private static func login(
        _ authentication: inout ServerAuthentication, method: ClientAuthentication.Method,
        secret: StoredSecret
    ) throws -> (ServerAuthentication.Progress, ClientAuthentication.Progress) {
        var server = Client.authentication(method)
        var asked: [UInt8] = []
        var there = server.start(.found(secret), to: &asked)
        while true {
            var answer: [UInt8] = []
            if case .accepted = there { BackendWriter.authenticationOk(to: &asked) }
            var here = ServerAuthentication.Progress.waits
            for message in try Client.messages(asked) {
                here = authentication.handle(message.body, to: &answer)
            }
            guard here == .waits, there == .waits else { return (here, there) }
            asked = []
            let message = try #require(try Client.messages(answer).first)
            there = server.handle(.message(message.body), to: &asked)
        }
    }

    @Test("keys that a client proves open the server that has the same secret")
    func passThrough() throws {
        var client = Client.authentication(.scram)
        guard case .accepted(let credentials) = try Client.login(&client, .found(.scram(Client.scram))).0
        else {
            Issue.record("the client did not get in")
            return
        }
        var authentication = Self.authentication(credentials)
        let progress = try Self.login(&authentication, method: .scram, secret: .scram(Client.scram))
        #expect(progress.0 == .accepted)
    }

    @Test("keys of another secret than the server's are not tried, and the log says which is which")
    func otherSecret() throws {
        let other = SCRAMSecret(password: Client.password, salt: [UInt8](2...17), iterations: 3)
        var authentication = Self.authentication(.scramKeys(Client.keys))
        let progress = try Self.login(&authentication, method: .scram, secret: .scram(other))
        guard case .failed("08006", let sentence) = progress.0 else {
            Issue.record("\(progress.0)")
            return
        }
        #expect(sentence.contains("salt"))
    }

    @Test("a password opens every server, and its SCRAM keys are kept for the next one")
    func password() throws {
        for (method, secret) in [
            (.plain, .plain(Client.password)), (.md5, .md5(Client.digits)), (.scram, .scram(Client.scram)),
        ] as [(ClientAuthentication.Method, StoredSecret)] {
            var authentication = Self.authentication(.password(Client.password), sendsClearPassword: true)
            #expect(try Self.login(&authentication, method: method, secret: secret).0 == .accepted)
            #expect((authentication.keys == nil) == (method != .scram))
        }
        // What is kept counts as long as salt and iterations are the same.
        var wrong = Client.keys
        wrong.clientKey[0] ^= 1
        var authentication = ServerAuthentication(
            user: Client.user, credentials: .password(Client.password), keys: wrong,
            sendsClearPassword: false,
            entropy: Client.entropy)
        let progress = try Self.login(&authentication, method: .scram, secret: .scram(Client.scram))
        guard case .refused = progress.1 else {
            Issue.record("\(progress)")
            return
        }
    }

    @Test(
        "what cannot open a server is not tried, and the log says what is missing",
        arguments: [
            (.none, .scram, false, "none is known"), (.scramSecret, .scram, false, "did not log in by scram"),
            (.scramSecret, .scram, true, "password="),
            (.md5(Client.digits), .scram, false, "only an MD5 secret"),
            (.scramSecret, .md5, false, "not the server's"),
            (.md5(Client.digits), .plain, false, "only a secret made of it"),
            (.password(Client.password), .plain, false, "server_tls_sslmode"),
        ] as [(ServerCredentials, ClientAuthentication.Method, Bool, String)])
    func obstacles(
        credentials: ServerCredentials, method: ClientAuthentication.Method, isForced: Bool, part: String
    ) throws {
        let secret: StoredSecret = method == .scram ? .scram(Client.scram) : .md5(Client.digits)
        var authentication = Self.authentication(credentials, isForced: isForced)
        let progress = try Self.login(&authentication, method: method, secret: secret)
        guard case .failed("28000", let sentence) = progress.0 else {
            Issue.record("\(progress.0)")
            return
        }
        #expect(sentence.contains(part) && sentence.contains("\"ada\""), "\(sentence)")
    }

    @Test("a server that skips its proof, or says what nobody understands, is not believed")
    func lies() throws {
        var authentication = Self.authentication(.password(Client.password))
        var output: [UInt8] = []
        let offer: [UInt8] = [0, 0, 0, 10] + Array("SCRAM-SHA-256\0\0".utf8)
        #expect(authentication.handle(offer, to: &output) == .waits)
        guard case .failed = authentication.handle([0, 0, 0, 0], to: &output) else {
            Issue.record("believed")
            return
        }
        for body in [[], [0, 0, 0], [0, 0, 0, 7], [0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0, 5, 1]] as [[UInt8]] {
            var authentication = Self.authentication(.password(Client.password))
            guard case .failed = authentication.handle(body, to: &output) else {
                Issue.record("\(body)")
                return
            }
        }
    }
}
