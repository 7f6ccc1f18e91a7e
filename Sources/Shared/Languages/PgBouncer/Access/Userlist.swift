import Diagnostics

/// The file of `auth_file`: who may log in, and with what secret.
///
/// ```
/// "name" "secret"
/// ; a comment
/// ```
///
/// A double quote inside of quotes is written twice; what stands behind the secret and a blank is ignored, as PgBouncer does.
public struct Userlist: Sendable, Equatable {
    /// PgBouncer's longest name, in bytes.
    public static let nameLimit = 127
    /// PgBouncer's longest secret, in bytes.
    public static let secretLimit = 2047

    /// One user.
    public struct User: Sendable, Equatable {
        /// As the client gives it.
        public var name: String
        /// What is known of the password.
        public var secret: Secret
        /// Counted from 1.
        public var line: Int
    }

    /// What is known of a password.
    public enum Secret: Sendable, Equatable {
        /// Nothing: an empty secret lets nobody in by password.
        case none
        /// The password itself.
        case plain(String)
        /// `md5` and 32 hexadecimal digits: MD5 of password and name.
        case md5(String)
        /// PostgreSQL's form of a SCRAM secret (RFC 5803).
        case scram(ScramSecret)
    }

    /// `SCRAM-SHA-256$ITERATIONS:SALT$STORED:SERVER`, the last three in base64.
    public struct ScramSecret: Sendable, Equatable {
        /// How often the password was hashed.
        public var iterations: UInt32
        /// In base64.
        public var salt: String
        /// In base64, 32 bytes.
        public var storedKey: String
        /// In base64, 32 bytes.
        public var serverKey: String
    }

    /// In the file's order, each name once.
    public private(set) var users: [User] = []
    /// Where each name is in `users`: a login must not go through thousands.
    private var places: [String: Int] = [:]

    /// Nobody.
    public init() {}

    /// A user by name.
    public subscript(_ name: String) -> User? { places[name].map { users[$0] } }

    /// Reads the file's text; what cannot be read is told line by line and left out.
    public static func parse(_ text: String, file: String) -> (Userlist, [Diagnostic]) {
        var list = Userlist()
        var diagnostics: [Diagnostic] = []
        var line = 0
        for content in Array(text.utf8).split(separator: 10, omittingEmptySubsequences: false) {
            line += 1
            var rest = content
            while let first = rest.first, PoolNumbers.isBlank(first) { rest.removeFirst() }
            guard let first = rest.first, first != UInt8(ascii: ";") else { continue }
            func complain(_ problem: String, _ advice: String, _ severity: Diagnostic.Severity = .error) {
                diagnostics.append(
                    Diagnostic(severity, file: file, line: line, problem: problem, advice: advice))
            }
            guard let name = quoted(&rest), let secret = secret(&rest) else {
                // Never the line itself: it may hold a password.
                complain("this is no user and secret", "Write \"name\" \"secret\", each in double quotes")
                continue
            }
            guard !name.isEmpty, name.utf8.count <= nameLimit else {
                complain(
                    name.isEmpty
                        ? "the user has no name" : "the user's name has more than \(nameLimit) bytes",
                    "Write \"name\" \"secret\"")
                continue
            }
            guard secret.utf8.count <= secretLimit else {
                complain(
                    "the secret of \(name) has more than \(secretLimit) bytes",
                    "PgBouncer takes no longer ones")
                continue
            }
            let kind = Self.secret(secret)
            if case .plain = kind, secret.hasPrefix("SCRAM-SHA-256$") {
                complain(
                    "the secret of \(name) begins like one of SCRAM's and is none, so it counts as a password",
                    "Copy it again: SCRAM-SHA-256$ITERATIONS:SALT$STOREDKEY:SERVERKEY", .warning)
            }
            let user = User(name: name, secret: kind, line: line)
            guard let place = list.places[name] else {
                list.places[name] = list.users.count
                list.users.append(user)
                continue
            }
            complain(
                "the user \(name) stands in line \(list.users[place].line) already",
                "This line counts; remove the other", .warning)
            list.users[place] = user
        }
        return (list, diagnostics)
    }

    /// What kind of secret a text is, by PostgreSQL's rules.
    public static func secret(_ text: String) -> Secret {
        if text.isEmpty { return .none }
        if let secret = ScramSecret(text) { return .scram(secret) }
        let bytes = Array(text.utf8)
        if bytes.count == 35, bytes.starts(with: "md5".utf8), bytes.dropFirst(3).allSatisfy({ isHex($0) }) {
            return .md5(PoolNumbers.lowered(text))
        }
        return .plain(text)
    }

    private static func secret(_ rest: inout ArraySlice<UInt8>) -> String? {
        guard let first = rest.first, PoolNumbers.isBlank(first) else { return nil }
        while let first = rest.first, PoolNumbers.isBlank(first) { rest.removeFirst() }
        guard let secret = quoted(&rest) else { return nil }
        // PgBouncer ignores whatever follows: of "a"b" it would take a.
        if let next = rest.first, !PoolNumbers.isBlank(next) { return nil }
        return secret
    }

    /// What stands in double quotes next.
    private static func quoted(_ rest: inout ArraySlice<UInt8>) -> String? {
        guard rest.popFirst() == UInt8(ascii: "\"") else { return nil }
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == 0 { return nil }
            if byte == UInt8(ascii: "\"") {
                guard rest.first == UInt8(ascii: "\"") else { return String(decoding: bytes, as: UTF8.self) }
                rest.removeFirst()
            }
            bytes.append(byte)
        }
        return nil
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        (byte >= 48 && byte <= 57) || (byte >= 97 && byte <= 102) || (byte >= 65 && byte <= 70)
    }
}

extension Userlist.ScramSecret {
    /// Most iterations that a secret may ask for: a login must not take minutes.
    static let iterationLimit = 10_000_000

    /// PostgreSQL's text; nil where it is none.
    public init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false).map {
            Array($0)
        }
        guard parts.count == 3, String(decoding: parts[0], as: UTF8.self) == "SCRAM-SHA-256",
            let colon = parts[1].firstIndex(of: UInt8(ascii: ":")),
            let second = parts[2].firstIndex(of: UInt8(ascii: ":")),
            let count = PoolNumbers.integer(
                String(decoding: parts[1][..<colon], as: UTF8.self), 1...Self.iterationLimit)
        else { return nil }
        let salt = parts[1][(colon + 1)...]
        let stored = parts[2][..<second]
        let server = parts[2][(second + 1)...]
        guard let saltBytes = Self.base64Length(salt), saltBytes > 0, Self.base64Length(stored) == 32,
            Self.base64Length(server) == 32
        else { return nil }
        iterations = UInt32(count)
        self.salt = String(decoding: salt, as: UTF8.self)
        storedKey = String(decoding: stored, as: UTF8.self)
        serverKey = String(decoding: server, as: UTF8.self)
    }

    /// How many bytes a base64 text with its padding stands for; nil where it is none.
    private static func base64Length(_ text: ArraySlice<UInt8>) -> Int? {
        guard text.count % 4 == 0 else { return nil }
        var digits = text
        while digits.last == UInt8(ascii: "="), text.count - digits.count < 2 { digits.removeLast() }
        for byte in digits {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                continue
            default: return nil
            }
        }
        return text.count / 4 * 3 - (text.count - digits.count)
    }
}
