import PostgreSQLWire

/// What the pool can log in to a server with, once a client is in.
enum ServerCredentials: Equatable, Sendable {
    /// Nothing: good for servers that trust the pool.
    case none
    /// The password, from a file or as the client sent it.
    case password([UInt8])
    /// The digits of an MD5 secret.
    case md5([UInt8])
    /// Keys that the client proved to have.
    case scramKeys(SCRAMKeys)
    /// A SCRAM secret is known, and no key to it.
    case scramSecret

    /// Of what is known of a user who has not proven anything: after trust, cert and peer, and for `auth_user` and `user=`.
    init(_ secret: StoredSecret) {
        switch secret {
        case .none, .damaged: self = .none
        case .plain(let password): self = .password(password)
        case .md5(let digits): self = .md5(digits)
        case .scram: self = .scramSecret
        }
    }

    /// What it is good for.
    var means: SecretUse.Means {
        switch self {
        case .none: .nothing
        case .password: .password
        case .md5: .md5
        case .scramKeys: .scramKeys
        case .scramSecret: .scramSecret
        }
    }
}
