import Digest

/// The client's side of SCRAM-SHA-256 (RFC 5802, RFC 7677) as PostgreSQL speaks it: the user's name stays empty, there is no
/// channel binding. A password that is not ASCII is used as it is, as PostgreSQL does when SASLprep fails; one that SASLprep
/// would change (no-break spaces, compatibility forms) does not work.
struct SCRAMClient: Sendable {
    /// A server that asks for more would keep a small node busy for seconds.
    static let iterationLimit = 1_000_000

    private enum Stage {
        case waitsForChallenge
        case waitsForProof(serverSignature: [UInt8])
        case done
    }

    private let password: [UInt8]
    /// Printable and without a comma.
    private let nonce: [UInt8]
    private var stage = Stage.waitsForChallenge

    /// `entropy`: at least 18 unpredictable bytes.
    init(password: [UInt8], entropy: [UInt8]) {
        self.password = password
        nonce = Base64.encode(entropy)
    }

    private var firstBare: [UInt8] { Array("n=,r=".utf8) + nonce }

    var first: [UInt8] { Array("n,,".utf8) + firstBare }

    /// Answers the server's first message.
    mutating func answer(_ challenge: [UInt8]) throws(WireViolation) -> [UInt8] {
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
        var iterations = 0
        for digit in countText {
            guard digit >= 0x30, digit <= 0x39, iterations <= Self.iterationLimit else {
                throw .scram("the number of iterations cannot be used")
            }
            iterations = iterations * 10 + Int(digit - 0x30)
        }
        guard iterations > 0, iterations <= Self.iterationLimit else {
            throw .scram("the number of iterations cannot be used")
        }
        let salted = HMACSHA256(key: password).derive(salt: salt, iterations: iterations)
        let keys = HMACSHA256(key: salted)
        let clientKey = keys.code(of: Array("Client Key".utf8))
        let withoutProof = Array("c=biws,r=".utf8) + serverNonce
        let comma = [UInt8(ascii: ",")]
        let transcript = firstBare + comma + challenge + comma + withoutProof
        var proof = HMACSHA256(key: SHA256.bytes(of: clientKey)).code(of: transcript)
        for index in proof.indices { proof[index] ^= clientKey[index] }
        let serverKey = keys.code(of: Array("Server Key".utf8))
        stage = .waitsForProof(serverSignature: HMACSHA256(key: serverKey).code(of: transcript))
        return withoutProof + Array(",p=".utf8) + Base64.encode(proof)
    }

    /// Checks the server's last message.
    mutating func finish(_ last: [UInt8]) throws(WireViolation) {
        guard case .waitsForProof(let expected) = stage,
            let text = value("v", last.prefix { $0 != UInt8(ascii: ",") }), Base64.decode(text) == expected
        else { throw .serverNotProven }
        stage = .done
    }

    /// Whether the server has proven that it knows the password.
    var isDone: Bool { if case .done = stage { true } else { false } }

    private func value(_ key: StaticString, _ field: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard field.count >= 2, field[field.startIndex] == key.utf8Start[0],
            field[field.startIndex + 1] == UInt8(ascii: "=")
        else { return nil }
        return field.dropFirst(2)
    }
}
