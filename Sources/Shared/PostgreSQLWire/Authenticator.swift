/// Answers what a server asks of who wants to log in: trust, password, md5, SCRAM-SHA-256, and over TLS its twin with channel
/// binding. Authentication messages in, messages out.
public struct Authenticator: Sendable {
    /// What one has to answer with.
    public enum Credentials: Equatable, Sendable {
        /// Nothing: good for servers that trust.
        case none
        /// The password; `keys`: what SCRAM made of it the last time, which saves the iterations while salt and number stay.
        case password([UInt8], keys: SCRAMKeys? = nil)
        /// The digits of an MD5 secret: good for md5.
        case md5([UInt8])
        /// Keys that a client proved to have: good for SCRAM, with one secret.
        case keys(SCRAMKeys)
    }

    /// The role's name.
    public let user: [UInt8]
    private let credentials: Credentials
    private let sendsClearPassword: Bool
    private let entropy: [UInt8]
    private let endPoint: [UInt8]?
    private var scram: SCRAMClient?
    /// Whether the server has let us in.
    public private(set) var isAuthenticated = false

    /// `sendsClearPassword`: only over TLS or a Unix socket. `entropy`: 18 or more unpredictable bytes. `endPoint`: over TLS, the
    /// digest of the server's certificate (`tls-server-end-point`).
    public init(
        user: [UInt8], credentials: Credentials, sendsClearPassword: Bool = false, entropy: [UInt8],
        endPoint: [UInt8]? = nil
    ) {
        self.user = user
        self.credentials = credentials
        self.sendsClearPassword = sendsClearPassword
        self.entropy = entropy
        self.endPoint = endPoint
    }

    /// What SCRAM made of the password, worth keeping for the next login of this user.
    public var keys: SCRAMKeys? { scram?.keys }

    /// Takes an Authentication message: its number, and what follows it. `output` gets the answer.
    public mutating func handle(_ kind: Int32, _ data: [UInt8], to output: inout [UInt8])
        throws(WireViolation)
    {
        let type = UInt8(ascii: "R")
        guard !isAuthenticated else { throw .unexpected(type) }
        switch kind {
        case 0:
            // A server that skips its last message has not proven anything.
            if let scram, !scram.isDone { throw .serverNotProven }
            isAuthenticated = true
        case 3:
            guard sendsClearPassword else { throw .unknownAuthentication("a password in clear text") }
            guard case .password(let password, _) = credentials else { throw .passwordNeeded }
            output += FrontendMessage.password(password)
        case 5:
            guard data.count == MD5Password.saltSize else { throw .malformed(type) }
            output += FrontendMessage.password(MD5Password.answer(digits: try md5Digits(), salt: data))
        case 10:
            guard scram == nil else { throw .unexpected(type) }
            let client = try begin(data)
            output += FrontendMessage.saslInitial(client.mechanism, client.first)
            scram = client
        case 11:
            guard var client = scram else { throw .unexpected(type) }
            output += FrontendMessage.saslResponse(try client.answer(data))
            scram = client
        case 12:
            guard var client = scram else { throw .unexpected(type) }
            try client.finish(data)
            scram = client
        default: throw .unknownAuthentication("method \(kind)")
        }
    }

    private func md5Digits() throws(WireViolation) -> [UInt8] {
        switch credentials {
        case .password(let password, _): return MD5Password.digits(password: password, user: user)
        case .md5(let digits): return digits
        case .none, .keys: throw .passwordNeeded
        }
    }

    private func begin(_ data: [UInt8]) throws(WireViolation) -> SCRAMClient {
        let mechanisms = data.split(separator: 0)
        func offers(_ name: StaticString) -> Bool {
            mechanisms.contains { mechanism in name.withUTF8Buffer { $0.elementsEqual(mechanism) } }
        }
        let offersBinding = endPoint != nil && offers(SCRAMServer.boundMechanism)
        guard offersBinding || offers(SCRAMServer.mechanism) else {
            throw .unknownAuthentication(
                mechanisms.first.map { String(decoding: $0, as: UTF8.self) } ?? "SASL")
        }
        let binding: SCRAMClient.ChannelBinding =
            if let endPoint { offersBinding ? .endPoint(endPoint) : .notOffered } else { .none }
        switch credentials {
        case .password(let password, let keys):
            return SCRAMClient(.password(password, known: keys), entropy: entropy, binding: binding)
        case .keys(let keys): return SCRAMClient(.keys(keys), entropy: entropy, binding: binding)
        case .none, .md5: throw .passwordNeeded
        }
    }
}
