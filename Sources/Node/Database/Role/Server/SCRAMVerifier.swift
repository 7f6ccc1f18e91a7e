import CLinux
import PostgreSQLWire

/// What PostgreSQL keeps of a password (pg_authid.rolpassword). Made here, so that no password ever stands in a statement.
enum SCRAMVerifier {
    static func make(_ password: String) -> String {
        var salt = [UInt8](repeating: 0, count: SCRAMSecret.saltSize)
        _ = cl_random(&salt, salt.count)
        return SCRAMSecret(password: Array(password.utf8), salt: salt).text
    }

    /// Whether a verifier was made of this password.
    static func fits(_ verifier: String, _ password: String) -> Bool {
        SCRAMSecret(Array(verifier.utf8))?.fits(password: Array(password.utf8)) ?? false
    }
}
