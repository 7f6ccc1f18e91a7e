import Digest

/// The server's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677) as PostgreSQL speaks it: the name in the
/// messages counts for nothing, the startup message has it.
public struct SCRAMServer: Sendable {
    /// The mechanism without channel binding.
    public static let mechanism: StaticString = "SCRAM-SHA-256"
    /// The one with it: offered, before the other, over TLS.
    public static let boundMechanism: StaticString = "SCRAM-SHA-256-PLUS"
    /// The longest message that is taken, in bytes (PG_MAX_SASL_MESSAGE_LENGTH).
    public static let messageLimit = 1024

    private enum Stage {
        case waitsForFirst
        case waitsForFinal(binding: [UInt8], nonce: [UInt8], transcript: [UInt8])
        case done
    }

    private let secret: SCRAMSecret
    private let isMock: Bool
    private let nonce: [UInt8]
    private let endPoint: [UInt8]?
    private var stage = Stage.waitsForFirst
    /// What the client has proven to have, after its last message was right.
    public private(set) var keys: SCRAMKeys?

    /// `isMock`: the user does not exist, and no proof will ever be right. `entropy`: at least 18 unpredictable bytes.
    /// `endPoint`: over TLS the digest of the server's certificate (`tls-server-end-point`, RFC 5929).
    public init(secret: SCRAMSecret, isMock: Bool = false, entropy: [UInt8], endPoint: [UInt8]? = nil) {
        self.secret = secret
        self.isMock = isMock
        nonce = Base64.encode(entropy)
        self.endPoint = endPoint
    }

    /// A server whose nonce is given as it will be sent: printable, no comma.
    init(secret: SCRAMSecret, nonce: [UInt8], endPoint: [UInt8]? = nil) {
        self.secret = secret
        isMock = false
        self.nonce = nonce
        self.endPoint = endPoint
    }

    /// What to offer.
    public static func mechanisms(overTLS: Bool) -> [StaticString] {
        overTLS ? [boundMechanism, mechanism] : [mechanism]
    }

    /// Answers the client's first message with a challenge. `isBound`: the client chose `boundMechanism`.
    public mutating func challenge(_ message: [UInt8], isBound: Bool) throws(SCRAMFailure) -> [UInt8] {
        guard case .waitsForFirst = stage else { throw .malformed("a second first message") }
        var reader = try SCRAMReader(message)
        let binding = try binding(&reader, isBound)
        let bareStart = reader.place
        if reader.isNext(UInt8(ascii: "m")) {
            throw .refused("the client requires a SCRAM extension that is unknown")
        }
        _ = try reader.value(of: UInt8(ascii: "n"))
        let clientNonce = try reader.value(of: UInt8(ascii: "r"))
        guard !clientNonce.isEmpty, clientNonce.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .malformed("the nonce is not printable")
        }
        while !reader.isAtEnd { _ = try reader.attribute() }
        let whole = Array(clientNonce) + nonce
        let answer = challenge(whole)
        let comma = UInt8(ascii: ",")
        stage = .waitsForFinal(
            binding: Base64.encode(binding), nonce: whole,
            transcript: Array(message[bareStart...]) + [comma] + answer + [comma])
        return answer
    }

    /// Checks the client's last message, and answers it with the server's own proof.
    public mutating func finish(_ message: [UInt8]) throws(SCRAMFailure) -> [UInt8] {
        guard case .waitsForFinal(let binding, let nonce, var transcript) = stage else {
            throw .malformed("a last message that nothing came before")
        }
        stage = .done
        var reader = try SCRAMReader(message)
        guard try reader.value(of: UInt8(ascii: "c")).elementsEqual(binding) else {
            throw .refused("SCRAM channel binding check failed")
        }
        guard try reader.value(of: UInt8(ascii: "r")).elementsEqual(nonce) else {
            throw .malformed("the nonce differs")
        }
        var end = reader.place
        var attribute = try reader.attribute()
        while attribute.name != UInt8(ascii: "p") {
            end = reader.place
            attribute = try reader.attribute()
        }
        guard reader.isAtEnd else { throw .malformed("garbage at the end of the last message") }
        guard let proof = Base64.decode(attribute.value), proof.count == SCRAMSecret.keySize else {
            throw .malformed("the proof cannot be read")
        }
        // Without the comma before the proof.
        transcript.append(contentsOf: message[..<(end - 1)])
        let signature = HMACSHA256(key: secret.storedKey).code(of: transcript)
        var clientKey = proof
        for index in clientKey.indices { clientKey[index] ^= signature[index] }
        guard isSameSecret(SHA256.bytes(of: clientKey), secret.storedKey), !isMock else {
            throw .wrongProof
        }
        keys = SCRAMKeys(
            clientKey: clientKey, serverKey: secret.serverKey, salt: secret.salt,
            iterations: secret.iterations)
        let answer = HMACSHA256(key: secret.serverKey).code(of: transcript)
        return Array("v=".utf8) + Base64.encode(answer)
    }

    private func challenge(_ nonce: [UInt8]) -> [UInt8] {
        var answer = Array("r=".utf8)
        answer += nonce
        answer += Array(",s=".utf8)
        answer += Base64.encode(secret.salt)
        answer += Array(",i=\(secret.iterations)".utf8)
        return answer
    }

    /// What the client's last message must bring as `c`: the header that it begins with, and the certificate's digest.
    private func binding(_ reader: inout SCRAMReader, _ isBound: Bool) throws(SCRAMFailure) -> [UInt8] {
        var data: [UInt8] = []
        switch reader.next {
        case UInt8(ascii: "n"):
            guard !isBound else { throw .refused("the client chose channel binding and then left it out") }
            try reader.flag(UInt8(ascii: "n"))
        case UInt8(ascii: "y"):
            guard !isBound else { throw .refused("the client chose channel binding and then left it out") }
            // Somebody between us took the offer away (RFC 5802, section 6).
            guard endPoint == nil else {
                throw .refused("the client supports SCRAM channel binding but thinks the server does not")
            }
            try reader.flag(UInt8(ascii: "y"))
        case UInt8(ascii: "p"):
            guard isBound, let endPoint else {
                throw .refused("the client requires SCRAM channel binding, which was not offered")
            }
            let type: StaticString = "tls-server-end-point"
            let value = try reader.value(of: UInt8(ascii: "p"))
            guard type.withUTF8Buffer({ $0.elementsEqual(value) }) else {
                throw .refused("the client requires a SCRAM channel binding type that is unknown")
            }
            data = endPoint
        default: throw .malformed("unexpected channel binding flag")
        }
        if reader.isNext(UInt8(ascii: "a")) { throw .refused("the client uses an authorization identity") }
        try reader.comma()
        return Array(reader.taken) + data
    }
}
