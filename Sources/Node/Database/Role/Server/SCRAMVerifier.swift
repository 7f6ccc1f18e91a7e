import CLinux
import Digest
import PostgreSQLWire

/// What PostgreSQL keeps of a password (pg_authid.rolpassword): `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey` (RFC 5803). Made
/// here, so that no password ever stands in a statement.
enum SCRAMVerifier {
    /// PostgreSQL's own number.
    static let iterations = 4096

    static func make(_ password: String) -> String {
        var salt = [UInt8](repeating: 0, count: 16)
        _ = cl_random(&salt, salt.count)
        return text(password, salt: salt, iterations: iterations)
    }

    /// Whether a verifier was made of this password.
    static func fits(_ verifier: String, _ password: String) -> Bool {
        let parts = verifier.utf8.split(separator: UInt8(ascii: "$"))
        guard parts.count == 3, parts[0].elementsEqual("SCRAM-SHA-256".utf8) else { return false }
        let head = parts[1].split(separator: UInt8(ascii: ":"))
        guard head.count == 2, let count = Int(String(decoding: head[0], as: UTF8.self)), count > 0,
            count <= 1_000_000,
            let salt = Base64.decode(Array(head[1])[...])
        else { return false }
        return text(password, salt: salt, iterations: count) == verifier
    }

    private static func text(_ password: String, salt: [UInt8], iterations: Int) -> String {
        let salted = HMACSHA256(key: Array(password.utf8)).derive(salt: salt, iterations: iterations)
        let keys = HMACSHA256(key: salted)
        let stored = SHA256.bytes(of: keys.code(of: Array("Client Key".utf8)))
        let server = keys.code(of: Array("Server Key".utf8))
        func encoded(_ bytes: [UInt8]) -> String { String(decoding: Base64.encode(bytes), as: UTF8.self) }
        return "SCRAM-SHA-256$\(iterations):\(encoded(salt))$\(encoded(stored)):\(encoded(server))"
    }
}
