import Digest

/// What is kept of a user's password, told apart by its form as PostgreSQL and PgBouncer do.
public enum StoredSecret: Equatable, Sendable {
    /// None: null, or empty. Nobody logs in by a password.
    case none
    /// The password itself.
    case plain([UInt8])
    /// `md5` and 32 digits: the digits.
    case md5([UInt8])
    /// `SCRAM-SHA-256$…`
    case scram(SCRAMSecret)
    /// It begins as a SCRAM secret does and is none. Taken for a password, whoever has read it could log in with it.
    case damaged

    /// Reads a value of pg_authid.rolpassword or of a file of users.
    public init(_ text: [UInt8]) {
        if text.isEmpty {
            self = .none
        } else if let digits = Self.md5Digits(text) {
            self = .md5(digits)
        } else if let secret = SCRAMSecret(text) {
            self = .scram(secret)
        } else if SCRAMSecret.isClaimed(by: text) {
            self = .damaged
        } else {
            self = .plain(text)
        }
    }

    /// Its kind, for a person; the secret stays untold.
    public var kind: Kind {
        switch self {
        case .none: .none
        case .plain: .plain
        case .md5: .md5
        case .scram: .scram
        case .damaged: .damaged
        }
    }

    /// The kinds of secrets.
    public enum Kind: Equatable, Sendable, CaseIterable {
        case none
        case plain
        case md5
        case scram
        case damaged

        /// As it stands in a sentence.
        public var phrase: String {
            switch self {
            case .none: "no password"
            case .plain: "a password in clear text"
            case .md5: "an MD5 secret"
            case .scram: "a SCRAM secret"
            case .damaged: "a SCRAM secret that cannot be read"
            }
        }
    }

    /// Whether the password is the right one.
    public func fits(password: [UInt8], user: [UInt8]) -> Bool {
        switch self {
        case .none, .damaged: false
        case .plain(let right): isSameSecret(password, right)
        case .md5(let digits): isSameSecret(MD5Password.digits(password: password, user: user), digits)
        case .scram(let secret): secret.fits(password: password)
        }
    }

    /// Whether the answer to an MD5 salt is the right one.
    public func fits(md5Answer answer: [UInt8], salt: [UInt8], user: [UInt8]) -> Bool {
        switch self {
        case .none, .damaged, .scram: false
        case .plain(let password):
            MD5Password.isRight(
                answer, digits: MD5Password.digits(password: password, user: user), salt: salt)
        case .md5(let digits): MD5Password.isRight(answer, digits: digits, salt: salt)
        }
    }

    private static func md5Digits(_ text: [UInt8]) -> [UInt8]? {
        guard text.count == 3 + MD5Password.digitCount, text.starts(with: "md5".utf8) else { return nil }
        for byte in text.dropFirst(3) {
            let isDigit = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
            guard isDigit || byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f") else { return nil }
        }
        return Array(text.dropFirst(3))
    }
}
