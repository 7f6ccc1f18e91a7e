import PostgreSQLWire

/// How the pool proves to a server who it is: what the server asks goes in, the answer comes out.
struct ServerAuthentication: Sendable {
    enum Progress: Equatable, Sendable {
        /// The server's next message is needed.
        case waits
        /// The server has let us in.
        case accepted
        /// It will come to nothing: a sentence for the log, without a full stop.
        case failed(code: String, String)
    }

    private let credentials: ServerCredentials
    private let isForced: Bool
    private let sendsClearPassword: Bool
    private var authenticator: Authenticator

    /// `user`: as whom. `isForced`: `user=` of the database says so. `keys`: what `keys` was after the last login of this user.
    /// `sendsClearPassword`: the way to the server is a Unix socket or has TLS. `entropy`: 18 or more unpredictable bytes. `endPoint`: with
    /// TLS, the digest of the server's certificate.
    init(
        user: [UInt8], credentials: ServerCredentials, isForced: Bool = false, keys: SCRAMKeys? = nil,
        sendsClearPassword: Bool, entropy: [UInt8], endPoint: [UInt8]? = nil
    ) {
        self.credentials = credentials
        self.isForced = isForced
        self.sendsClearPassword = sendsClearPassword
        let answers: Authenticator.Credentials =
            switch credentials {
            case .none, .scramSecret: .none
            case .password(let password): .password(password, keys: keys)
            case .md5(let digits): .md5(digits)
            case .scramKeys(let keys): .keys(keys)
            }
        authenticator = Authenticator(
            user: user, credentials: answers, sendsClearPassword: sendsClearPassword, entropy: entropy,
            endPoint: endPoint)
    }

    /// What SCRAM made of the password, worth keeping for this user's next login: it saves thousands of hashes.
    var keys: SCRAMKeys? { authenticator.keys }

    /// Takes the body of an Authentication message (type `R`). `output` gets the answer.
    mutating func handle(_ body: [UInt8], to output: inout [UInt8]) -> Progress {
        guard body.count >= 4 else {
            return .failed(code: "08P01", "the server's message \"R\" is malformed")
        }
        var kind: UInt32 = 0
        for byte in body.prefix(4) { kind = kind << 8 | UInt32(byte) }
        if let sentence = obstacle(kind) { return .failed(code: "28000", sentence) }
        do throws(WireViolation) {
            try authenticator.handle(Int32(bitPattern: kind), Array(body.dropFirst(4)), to: &output)
        } catch { return .failed(code: "08006", error.sentence) }
        return authenticator.isAuthenticated ? .accepted : .waits
    }

    private func obstacle(_ kind: UInt32) -> String? {
        let exchange: SecretUse.Exchange
        switch kind {
        case 3: exchange = .plain
        case 5: exchange = .md5
        case 10: exchange = .scram
        default: return nil
        }
        let user = String(decoding: authenticator.user, as: UTF8.self)
        if let sentence = SecretUse.obstacle(
            toLogIn: exchange, with: credentials.means, user: user, isForced: isForced)
        {
            return sentence
        }
        guard exchange == .plain, !sendsClearPassword else { return nil }
        return "the server asks for the password of user \"\(user)\" in clear text, and the way to it is not "
            + "encrypted: let it ask for scram-sha-256, or set server_tls_sslmode"
    }
}
