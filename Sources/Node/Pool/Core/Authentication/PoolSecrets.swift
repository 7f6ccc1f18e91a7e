import Digest
import Languages
import PostgreSQLWire

/// What `auth_file`, `auth_hba_file` and `auth_ident_file` say.
public struct PoolSecrets: Sendable {
    private var users: [String: StoredSecret] = [:]
    /// Rules of `auth_type = hba`.
    public var rules: HBARules
    /// Maps that rules name.
    public var maps: IdentMaps
    /// Of it come salts for users who do not exist: the same on all nodes that have the same file.
    let mockKey: [UInt8]

    /// Of files that have been read; `entropy` where there is no file of users: 32 unpredictable bytes.
    public init(
        _ list: Userlist = Userlist(), rules: HBARules = HBARules(), maps: IdentMaps = IdentMaps(),
        entropy: [UInt8]
    ) {
        self.rules = rules
        self.maps = maps
        var digest = SHA256()
        if list.users.isEmpty { entropy.withUnsafeBytes { digest.update($0) } }
        for user in list.users {
            let text = Self.text(user.secret)
            users[user.name] = StoredSecret(Array(text.utf8))
            Array("\(user.name) \(text) ".utf8).withUnsafeBytes { digest.update($0) }
        }
        mockKey = digest.finishBytes()
    }

    subscript(user: String) -> StoredSecret? { users[user] }

    private static func text(_ secret: Userlist.Secret) -> String {
        switch secret {
        case .none: ""
        case .plain(let password): password
        case .md5(let digits): digits
        case .scram(let secret):
            "SCRAM-SHA-256$\(secret.iterations):\(secret.salt)$\(secret.storedKey):\(secret.serverKey)"
        }
    }
}
