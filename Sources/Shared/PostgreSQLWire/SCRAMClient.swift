import Digest

/// The client's side of SCRAM-SHA-256 and, over TLS, SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677) as PostgreSQL speaks it: the user's
/// name stays empty. What happens to a password that is not ASCII, `SASLprep` says.
public struct SCRAMClient: Sendable {
    /// A server that asks for more would keep a small node busy for seconds.
    public static let iterationLimit = 1_000_000

    /// What it proves to know.
    public enum Credentials: Equatable, Sendable {
        /// The password: any server's secret of it will do. `known`: keys that were made of it before.
        case password([UInt8], known: SCRAMKeys? = nil)
        /// Keys that a client proved to have: one secret only.
        case keys(SCRAMKeys)
    }

    /// Whether the proof is tied to the TLS connection.
    public enum ChannelBinding: Equatable, Sendable {
        /// There is no TLS, or binding is not wanted.
        case none
        /// It could be, and the server does not offer it.
        case notOffered
        /// To the digest of the server's certificate (`tls-server-end-point`, RFC 5929).
        case endPoint([UInt8])
    }

    private enum Stage {
        case waitsForChallenge
        case waitsForProof(serverSignature: [UInt8])
        case done
    }

    private let credentials: Credentials
    /// Printable and without a comma.
    private let nonce: [UInt8]
    private let binding: ChannelBinding
    private var stage = Stage.waitsForChallenge
    /// The keys of the password, once the server has said its salt: as slow to make as its iterations, so worth keeping.
    public private(set) var keys: SCRAMKeys?

    /// `entropy`: at least 18 unpredictable bytes.
    public init(_ credentials: Credentials, entropy: [UInt8], binding: ChannelBinding = .none) {
        self.init(credentials, nonce: Base64.encode(entropy), binding: binding)
    }

    /// A client whose nonce is given as it will be sent.
    init(_ credentials: Credentials, nonce: [UInt8], binding: ChannelBinding = .none) {
        self.credentials = credentials
        self.nonce = nonce
        self.binding = binding
    }

    private var header: [UInt8] {
        switch binding {
        case .none: Array("n,,".utf8)
        case .notOffered: Array("y,,".utf8)
        case .endPoint: Array("p=tls-server-end-point,,".utf8)
        }
    }

    private var firstBare: [UInt8] { Array("n=,r=".utf8) + nonce }

    /// The mechanism to choose.
    public var mechanism: StaticString {
        if case .endPoint = binding { SCRAMServer.boundMechanism } else { SCRAMServer.mechanism }
    }

    /// The first message.
    public var first: [UInt8] { header + firstBare }

    /// Answers the server's first message.
    public mutating func answer(_ challenge: [UInt8]) throws(WireViolation) -> [UInt8] {
        guard case .waitsForChallenge = stage else { throw .scram("a second challenge") }
        let fields = challenge.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard fields.count >= 3, let serverNonce = value("r", fields[0]),
            let saltText = value("s", fields[1]),
            let countText = value("i", fields[2])
        else { throw .scram("the server's challenge cannot be read") }
        guard serverNonce.count > nonce.count, serverNonce.starts(with: nonce) else {
            throw .scram("the server's nonce does not continue ours")
        }
        guard let salt = Base64.decode(saltText), !salt.isEmpty else {
            throw .scram("the salt cannot be read")
        }
        guard let iterations = SCRAMSecret.number(countText), iterations <= Self.iterationLimit else {
            throw .scram("the number of iterations cannot be used")
        }
        let keys = try keys(salt: salt, iterations: iterations)
        var data = header
        if case .endPoint(let endPoint) = binding { data += endPoint }
        let withoutProof = Array("c=".utf8) + Base64.encode(data) + Array(",r=".utf8) + serverNonce
        let comma = [UInt8(ascii: ",")]
        let transcript = firstBare + comma + challenge + comma + withoutProof
        var proof = HMACSHA256(key: SHA256.bytes(of: keys.clientKey)).code(of: transcript)
        for index in proof.indices { proof[index] ^= keys.clientKey[index] }
        stage = .waitsForProof(serverSignature: HMACSHA256(key: keys.serverKey).code(of: transcript))
        return withoutProof + Array(",p=".utf8) + Base64.encode(proof)
    }

    /// Checks the server's last message.
    public mutating func finish(_ last: [UInt8]) throws(WireViolation) {
        guard case .waitsForProof(let expected) = stage,
            let text = value("v", last.prefix { $0 != UInt8(ascii: ",") }),
            let proof = Base64.decode(text), isSameSecret(proof, expected)
        else { throw .serverNotProven }
        stage = .done
    }

    /// Whether the server has proven that it knows the password.
    public var isDone: Bool { if case .done = stage { true } else { false } }

    private mutating func keys(salt: [UInt8], iterations: Int) throws(WireViolation) -> SCRAMKeys {
        switch credentials {
        case .password(_, let known?) where known.salt == salt && known.iterations == iterations:
            keys = known
            return known
        case .password(let password, _):
            let made = SCRAMKeys(password: password, salt: salt, iterations: iterations)
            keys = made
            return made
        case .keys(let keys):
            guard keys.salt == salt, keys.iterations == iterations else { throw .otherSecret }
            guard keys.clientKey.count == SCRAMSecret.keySize, keys.serverKey.count == SCRAMSecret.keySize
            else { throw .scram("the keys are not 32 bytes long") }
            return keys
        }
    }

    private func value(_ key: StaticString, _ field: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard field.count >= 2, field[field.startIndex] == key.utf8Start[0],
            field[field.startIndex + 1] == UInt8(ascii: "=")
        else { return nil }
        return field.dropFirst(2)
    }
}
