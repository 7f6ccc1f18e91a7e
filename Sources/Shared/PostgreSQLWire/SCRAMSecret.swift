import Digest

/// What a server keeps of a password (RFC 5803; PostgreSQL's pg_authid.rolpassword):
/// `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`. It proves a client, and does not open any server.
public struct SCRAMSecret: Equatable, Sendable {
    /// PostgreSQL's own number (`scram_iterations`).
    public static let defaultIterations = 4096
    /// Bytes of a salt that PostgreSQL makes.
    public static let saltSize = 16
    /// Bytes of a key.
    public static let keySize = 32

    /// How often the password was hashed.
    public var iterations: Int
    /// Made for this user.
    public var salt: [UInt8]
    /// The digest of the key that a client proves to have.
    public var storedKey: [UInt8]
    /// What the server proves to have.
    public var serverKey: [UInt8]

    /// Of a password. `salt`: 16 unpredictable bytes.
    public init(password: [UInt8], salt: [UInt8], iterations: Int = defaultIterations) {
        let keys = SCRAMKeys(password: password, salt: salt, iterations: iterations)
        self.iterations = iterations
        self.salt = salt
        storedKey = SHA256.bytes(of: keys.clientKey)
        serverKey = keys.serverKey
    }

    /// As it stands in pg_authid or in a file of users; nil for anything else.
    public init?(_ text: some Collection<UInt8>) {
        let parts = text.split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false)
        guard parts.count == 3, Self.isScheme(parts[0]) else { return nil }
        let head = parts[1].split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        let keys = parts[2].split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard head.count == 2, keys.count == 2, let iterations = Self.number(head[0]),
            let salt = Base64.decode(head[1]), !salt.isEmpty,
            let stored = Base64.decode(keys[0]), stored.count == Self.keySize,
            let server = Base64.decode(keys[1]), server.count == Self.keySize
        else { return nil }
        self.iterations = iterations
        self.salt = salt
        storedKey = stored
        serverKey = server
    }

    /// For a user who does not exist: always the same for a name, so that nobody learns by asking who exists (RFC 5802, section 9).
    /// `key`: unpredictable bytes, the same for as long as the pool runs, and on all nodes.
    public init(mockFor user: [UInt8], key: [UInt8], iterations: Int = defaultIterations) {
        self.iterations = iterations
        salt = Array(HMACSHA256(key: key).code(of: user).prefix(Self.saltSize))
        storedKey = [UInt8](repeating: 0, count: Self.keySize)
        serverKey = [UInt8](repeating: 0, count: Self.keySize)
    }

    /// As PostgreSQL writes it.
    public var text: String {
        func encoded(_ bytes: [UInt8]) -> String { String(decoding: Base64.encode(bytes), as: UTF8.self) }
        return "SCRAM-SHA-256$\(iterations):\(encoded(salt))$\(encoded(storedKey)):\(encoded(serverKey))"
    }

    /// Whether it was made of this password. Takes as long as the iterations do; never more than
    /// `SCRAMClient.iterationLimit` of them.
    public func fits(password: [UInt8]) -> Bool {
        guard iterations <= SCRAMClient.iterationLimit else { return false }
        let other = SCRAMSecret(password: password, salt: salt, iterations: iterations)
        return isSameSecret(other.storedKey, storedKey) && isSameSecret(other.serverKey, serverKey)
    }

    /// Whether a text claims to be one.
    static func isClaimed(by text: some Collection<UInt8>) -> Bool {
        isScheme(text.prefix { $0 != UInt8(ascii: "$") }) && text.contains(UInt8(ascii: "$"))
    }

    private static func isScheme(_ text: some Collection<UInt8>) -> Bool {
        let scheme: StaticString = "SCRAM-SHA-256"
        return scheme.withUTF8Buffer { $0.elementsEqual(text) }
    }

    /// 1 to 2^31 - 1, digits alone.
    static func number(_ digits: some Collection<UInt8>) -> Int? {
        guard !digits.isEmpty, digits.count <= 10 else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        guard value > 0, value <= Int64(Int32.max) else { return nil }
        return Int(value)
    }
}

/// What one can log in with instead of the password: where the server's secret has the same salt and iterations. A client that
/// proves itself by SCRAM tells them to the server.
public struct SCRAMKeys: Equatable, Sendable {
    /// Proves the client.
    public var clientKey: [UInt8]
    /// Checks the server's proof.
    public var serverKey: [UInt8]
    /// They are good for a secret with this salt
    public var salt: [UInt8]
    /// and so many iterations.
    public var iterations: Int

    /// Keys with all their parts.
    public init(clientKey: [UInt8], serverKey: [UInt8], salt: [UInt8], iterations: Int) {
        self.clientKey = clientKey
        self.serverKey = serverKey
        self.salt = salt
        self.iterations = iterations
    }

    /// Of a password: as slow as the iterations make it.
    public init(password: [UInt8], salt: [UInt8], iterations: Int) {
        let salted = HMACSHA256(key: SASLprep.prepare(password)).derive(salt: salt, iterations: iterations)
        let keys = HMACSHA256(key: salted)
        self.init(
            clientKey: keys.code(of: Array("Client Key".utf8)),
            serverKey: keys.code(of: Array("Server Key".utf8)), salt: salt, iterations: iterations)
    }
}
