import PostgreSQLWire

/// How a client proves who it is: what it says goes in, what it is told comes out, and in the end it is accepted or refused.
///
/// Like PgBouncer it decides by the method and by the kind of the user's secret; like PostgreSQL it asks users who do not exist
/// as it asks the others. Where a secret must first be fetched from the database (`auth_query`), it asks for that.
struct ClientAuthentication: Sendable {
    /// `auth_type`, or what a line of the HBA file says. `any` is `trust` with the forced user's secret.
    enum Method: Equatable, Sendable {
        case trust
        /// md5; SCRAM-SHA-256 where the user's secret is one of SCRAM.
        case md5
        case scram
        /// The password in clear text.
        case plain
        case cert
        case peer
        case reject
    }

    /// What is known of the client before it says anything.
    struct Client: Equatable, Sendable {
        /// The role that it wants to be.
        var user: [UInt8]
        /// Whether it speaks TLS.
        var isEncrypted = false
        /// The names in its certificate (common name and DNS names), if it has shown one that is valid.
        var certificateNames: [[UInt8]]?
        /// The account that it runs as, on a Unix socket.
        var account: [UInt8]?
        /// Over TLS the digest of our certificate, for channel binding; nil: it is not offered.
        var endPoint: [UInt8]?

        var name: String { String(decoding: user, as: UTF8.self) }
    }

    /// What is known of the user's secret.
    enum Lookup: Equatable, Sendable {
        /// From `auth_file`, or an answer of `auth_query`.
        case found(StoredSecret)
        /// There is no such user.
        case unknown
        /// It must be asked for (`auth_query`).
        case elsewhere
    }

    enum Event: Equatable, Sendable {
        /// The body of a message of type `p`.
        case message([UInt8])
        /// What `auth_query` gave. A failure of the query is not for here.
        case secret(Lookup)
    }

    enum Progress: Equatable, Sendable {
        /// The client's next message is needed.
        case waits
        /// The user's secret is needed: `.secret` must follow.
        case asksForSecret
        /// The client is who it says. AuthenticationOk is still to be written.
        case accepted(ServerCredentials)
        /// The client must be told, and the connection closed.
        case refused(Refusal)
    }

    /// What does not depend on the client.
    struct Settings: Equatable, Sendable {
        var method: Method
        /// Unpredictable bytes, the same on all nodes and for a long time: of it come salts for users who do not exist and for passwords
        /// in clear text, so that both look alike.
        var mockKey: [UInt8]
        /// `scram_iterations`.
        var iterations = SCRAMSecret.defaultIterations
        /// What method md5 asks of users who do not exist: as what most secrets are.
        var unknownUsersExchange = SecretUse.Exchange.scram
    }

    private enum State {
        case new
        case waitsForSecret
        case waitsForPassword(StoredSecret?)
        case waitsForMD5(StoredSecret?, salt: [UInt8])
        case waitsForSASL(StoredSecret?, SCRAMServer)
        case waitsForProof(StoredSecret?, SCRAMServer)
        case done
    }

    private let settings: Settings
    private let client: Client
    private let entropy: [UInt8]
    private var state = State.new
    /// A SCRAM secret that was made of a password in clear text: slow to make, so worth keeping for the user's next login.
    private(set) var madeSecret: SCRAMSecret?

    /// `entropy`: 22 or more unpredictable bytes. `made`: what `madeSecret` was at this user's last login; it is used when the salt
    /// and iterations are still right, and must be forgotten when the password changes.
    init(_ settings: Settings, client: Client, entropy: [UInt8], made: SCRAMSecret? = nil) {
        self.settings = settings
        self.client = client
        self.entropy = entropy
        madeSecret = made
    }

    /// Begins. `output` gets what the client must be told.
    mutating func start(_ lookup: Lookup, to output: inout [UInt8]) -> Progress {
        guard case .new = state else { return end(.violation(client.name, "client re-sent startup pkt")) }
        if let refusal = refusalBeforeSecret() { return end(refusal) }
        return take(lookup, to: &output)
    }

    /// Goes on.
    mutating func handle(_ event: Event, to output: inout [UInt8]) -> Progress {
        switch (state, event) {
        case (.waitsForSecret, .secret(.elsewhere)): return end(noSecret())
        case (.waitsForSecret, .secret(let lookup)): return take(lookup, to: &output)
        case (.waitsForPassword(let secret), .message(let body)): return checkPassword(body, secret)
        case (.waitsForMD5(let secret, let salt), .message(let body)):
            return checkMD5(body, secret, salt: salt)
        case (.waitsForSASL(let secret, let server), .message(let body)):
            return beginSASL(body, secret, server, to: &output)
        case (.waitsForProof(let secret, let server), .message(let body)):
            return finishSASL(body, secret, server, to: &output)
        case (.new, _), (.waitsForSecret, .message):
            return end(.violation(client.name, "client password pkt before startup packet"))
        case (.done, _), (_, .secret):
            return end(.violation(client.name, "bad packet", log: "something came that nobody asked for"))
        }
    }

    // MARK: before a password

    /// What can be said without the user's secret: so nobody makes us ask the database for nothing.
    private func refusalBeforeSecret() -> Refusal? {
        switch settings.method {
        case .trust, .md5, .scram, .plain: return nil
        case .reject:
            return .notAuthorized(client.name, "login rejected", log: "the HBA file rejects it")
        case .cert:
            let reason: String
            if !client.isEncrypted {
                reason = "auth type cert needs TLS, and the client speaks none"
            } else if let names = client.certificateNames {
                if names.contains(client.user) { return nil }
                reason = "the client's certificate is for another name"
            } else {
                reason = "the client has shown no certificate"
            }
            return .notAuthorized(client.name, "certificate authentication failed", log: reason)
        case .peer:
            if let account = client.account, account == client.user { return nil }
            return .notAuthorized(
                client.name, "unix socket login rejected",
                log: client.account == nil
                    ? "auth type peer is for Unix sockets" : "the client runs as another account")
        }
    }

    private mutating func take(_ lookup: Lookup, to output: inout [UInt8]) -> Progress {
        let secret: StoredSecret?
        switch lookup {
        case .elsewhere:
            state = .waitsForSecret
            return .asksForSecret
        case .found(let found): secret = found
        case .unknown: secret = nil
        }
        switch settings.method {
        case .reject, .cert, .peer, .trust:
            guard let secret else { return end(unknownUser()) }
            return accept(ServerCredentials(secret))
        case .plain:
            BackendWriter.authenticationCleartextPassword(to: &output)
            state = .waitsForPassword(secret)
        case .md5 where exchange(of: secret) == .md5:
            let salt = Array(entropy.prefix(MD5Password.saltSize))
            BackendWriter.authenticationMD5Password(salt: salt, to: &output)
            state = .waitsForMD5(secret, salt: salt)
        case .md5, .scram:
            BackendWriter.authenticationSASL(
                mechanisms: SCRAMServer.mechanisms(overTLS: client.endPoint != nil), to: &output)
            state = .waitsForSASL(secret, server(secret))
        }
        return .waits
    }

    private func exchange(of secret: StoredSecret?) -> SecretUse.Exchange {
        guard let secret else { return settings.unknownUsersExchange == .md5 ? .md5 : .scram }
        return secret.kind == .scram ? .scram : .md5
    }

    private mutating func server(_ secret: StoredSecret?) -> SCRAMServer {
        let nonce = Array(entropy.dropFirst(MD5Password.saltSize))
        let mock = SCRAMSecret(
            mockFor: client.user, key: settings.mockKey, iterations: settings.iterations)
        switch secret {
        case .scram(let secret)?:
            return SCRAMServer(secret: secret, entropy: nonce, endPoint: client.endPoint)
        case .plain(let password)?:
            if madeSecret?.salt != mock.salt || madeSecret?.iterations != mock.iterations {
                madeSecret = SCRAMSecret(
                    password: password, salt: mock.salt, iterations: settings.iterations)
            }
            return SCRAMServer(secret: madeSecret ?? mock, entropy: nonce, endPoint: client.endPoint)
        case nil, .some(.none), .md5?, .damaged?:
            return SCRAMServer(secret: mock, isMock: true, entropy: nonce, endPoint: client.endPoint)
        }
    }

    // MARK: passwords

    private mutating func checkPassword(_ body: [UInt8], _ secret: StoredSecret?) -> Progress {
        guard let password = Self.password(body) else { return end(.violation(client.name, "bad packet")) }
        guard !password.isEmpty else { return end(emptyPassword()) }
        guard let secret, secret.fits(password: password, user: client.user) else {
            return end(failure(secret, .plain))
        }
        return accept(.password(password))
    }

    private mutating func checkMD5(_ body: [UInt8], _ secret: StoredSecret?, salt: [UInt8]) -> Progress {
        guard let answer = Self.password(body) else { return end(.violation(client.name, "bad packet")) }
        guard !answer.isEmpty else { return end(emptyPassword()) }
        guard let secret, secret.fits(md5Answer: answer, salt: salt, user: client.user) else {
            return end(failure(secret, .md5))
        }
        return accept(ServerCredentials(secret))
    }

    private mutating func beginSASL(
        _ body: [UInt8], _ secret: StoredSecret?, _ server: SCRAMServer, to output: inout [UInt8]
    ) -> Progress {
        guard let response = SASLInitialResponse(body) else {
            return end(.violation(client.name, "bad packet", log: "its first SASL message is malformed"))
        }
        let isBound = response.isMechanism(SCRAMServer.boundMechanism)
        guard response.isMechanism(SCRAMServer.mechanism) || isBound && client.endPoint != nil else {
            return end(
                .violation(client.name, "client selected an invalid SASL authentication mechanism"))
        }
        var server = server
        do throws(SCRAMFailure) {
            let challenge = try server.challenge(response.data, isBound: isBound)
            BackendWriter.authenticationSASLContinue(challenge, to: &output)
        } catch { return end(failure(secret, error)) }
        state = .waitsForProof(secret, server)
        return .waits
    }

    private mutating func finishSASL(
        _ body: [UInt8], _ secret: StoredSecret?, _ server: SCRAMServer, to output: inout [UInt8]
    ) -> Progress {
        var server = server
        do throws(SCRAMFailure) {
            let proof = try server.finish(body)
            BackendWriter.authenticationSASLFinal(proof, to: &output)
        } catch { return end(failure(secret, error)) }
        guard let keys = server.keys, let secret else { return end(failure(nil, .scram)) }
        if case .scram = secret { return accept(.scramKeys(keys)) }
        return accept(ServerCredentials(secret))
    }

    /// A message of type `p` that is not SASL: a text to its only zero byte.
    private static func password(_ body: [UInt8]) -> [UInt8]? {
        guard body.last == 0, body.firstIndex(of: 0) == body.count - 1 else { return nil }
        return Array(body.dropLast())
    }

    // MARK: ends

    private mutating func accept(_ credentials: ServerCredentials) -> Progress {
        state = .done
        return .accepted(credentials)
    }

    private mutating func end(_ refusal: Refusal) -> Progress {
        state = .done
        return .refused(refusal)
    }

    private func emptyPassword() -> Refusal {
        Refusal(
            code: "28P01", text: "empty password returned by client",
            log: "user \"\(client.name)\" did not get in: the client sent an empty password")
    }

    private func unknownUser() -> Refusal {
        let text =
            switch settings.method {
            case .cert: "certificate authentication failed"
            case .peer: "unix socket login rejected"
            default: "\"trust\" authentication failed"
            }
        return .notAuthorized(client.name, text, log: Self.unknown)
    }

    private func noSecret() -> Refusal {
        .notAuthorized(client.name, "no such user", log: "auth_query gave no answer to whether it exists")
    }

    private static let unknown =
        "no such user: it is not in auth_file, and auth_query (if auth_user is set) gave no row for it"

    private func failure(_ secret: StoredSecret?, _ exchange: SecretUse.Exchange) -> Refusal {
        let log: String
        if let secret {
            let obstacle = SecretUse.obstacle(toCheck: exchange, with: secret.kind, user: client.name)
            log = obstacle ?? "wrong password (\(secret.kind.phrase) is known)"
        } else {
            log = Self.unknown
        }
        return .wrongPassword(client.name, bySASL: exchange == .scram, log: log)
    }

    private func failure(_ secret: StoredSecret?, _ failure: SCRAMFailure) -> Refusal {
        guard case .wrongProof = failure else {
            return Refusal(
                code: failure.code, text: "SASL authentication failed",
                log: "user \"\(client.name)\" did not get in: \(failure.sentence)")
        }
        return self.failure(secret, .scram)
    }
}
