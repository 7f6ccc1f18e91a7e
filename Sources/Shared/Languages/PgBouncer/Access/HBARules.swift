import Diagnostics

/// The file of `auth_hba_file`: how clients log in, by where they come from. PostgreSQL's pg_hba.conf, as far as PgBouncer
/// has it: the first rule that fits counts, and where none does the client is refused.
public struct HBARules: Sendable, Equatable {
    /// Bytes that a file of names may have, and files inside one another.
    static let depthLimit = 10

    /// A rule's first word.
    public enum Kind: String, CaseIterable, Sendable {
        /// The Unix socket.
        case local
        /// TCP, with and without TLS.
        case host
        /// TCP with TLS.
        case hostssl
        /// TCP without TLS.
        case hostnossl
    }

    /// A rule's last word.
    public enum Method: String, CaseIterable, Sendable {
        /// Without proof.
        case trust
        /// Not at all.
        case reject
        /// MD5, or SCRAM for a user with a secret of SCRAM's.
        case md5
        /// SCRAM-SHA-256.
        case scramSHA256 = "scram-sha-256"
        /// In clear text; PgBouncer's own word `plain` is not one of this file's.
        case password
        /// A client certificate.
        case cert
        /// The account of the process at the other end of the Unix socket.
        case peer
    }

    /// One name of a rule's database or user.
    public enum Name: Sendable, Equatable {
        /// `all`
        case all
        /// `sameuser`: the database has the user's name.
        case sameUser
        /// `replication`: fits no database, for a replication connection is not one; PgBouncer reads it likewise.
        case replication
        /// This one.
        case name(String)
    }

    /// Addresses: one, and the bits of it that count.
    public struct Network: Sendable, Equatable {
        /// In network order, 4 or 16 bytes; bits that do not count are 0.
        public var address: [UInt8]
        /// As long.
        public var mask: [UInt8]

        /// Whether an address belongs to it.
        public func contains(_ other: PoolAddress) -> Bool {
            var bytes = other.bytes
            // A socket for both families shows IPv4 clients as ::ffff:192.0.2.1.
            if address.count == 4, case .v6(0, let low) = other, low >> 32 == 0xffff { bytes.removeFirst(12) }
            guard bytes.count == address.count else { return false }
            for index in bytes.indices where bytes[index] & mask[index] != address[index] { return false }
            return true
        }
    }

    /// One line.
    public struct Rule: Sendable, Equatable {
        /// For which connections.
        public var kind: Kind
        /// Any of them.
        public var databases: [Name]
        /// Any of them.
        public var users: [Name]
        /// Where clients come from; nil: anywhere.
        public var network: Network?
        /// How they log in.
        public var method: Method
        /// `map=`: who may be whom, in the file of `auth_ident_file`; with `cert` and `peer`.
        public var map: String?
        /// Counted from 1.
        public var line: Int
    }

    /// In the file's order.
    public internal(set) var rules: [Rule] = []

    /// No rules: everybody is refused.
    public init() {}

    /// The rule that says how a client logs in; nil: none, so it is refused.
    ///
    /// - Parameter address: where it comes from; without meaning when it `isLocal`, that is, comes by the Unix socket.
    public func rule(for user: String, database: String, address: PoolAddress?, isTLS: Bool, isLocal: Bool)
        -> Rule?
    {
        rules.first { rule in
            switch rule.kind {
            case .local: guard isLocal else { return false }
            case .host: guard !isLocal else { return false }
            case .hostssl: guard !isLocal, isTLS else { return false }
            case .hostnossl: guard !isLocal, !isTLS else { return false }
            }
            if !isLocal, let network = rule.network {
                guard let address, network.contains(address) else { return false }
            }
            return fits(database, rule.databases, other: user) && fits(user, rule.users, other: nil)
        }
    }

    /// How a client logs in; nil: not at all.
    public func method(for user: String, database: String, address: PoolAddress?, isTLS: Bool, isLocal: Bool)
        -> Method?
    {
        rule(for: user, database: database, address: address, isTLS: isTLS, isLocal: isLocal)?.method
    }

    private func fits(_ name: String, _ names: [Name], other: String?) -> Bool {
        names.contains { candidate in
            switch candidate {
            case .all: true
            case .sameUser: name == other
            case .replication: false
            case .name(let wanted): name == wanted
            }
        }
    }

    /// Reads the file's text; a line that cannot be read is an error and left out. A file with an error must not be used:
    /// without the line a later one could let in whom it kept out.
    ///
    /// - Parameter read: the bytes of a file that `@name` includes, or nil.
    public static func parse(_ text: String, file: String, read: (_ path: String) -> [UInt8]? = { _ in nil })
        -> (
            HBARules, [Diagnostic]
        )
    {
        var parser = HBAParser(file: file)
        parser.parse(Array(text.utf8), read: read)
        return (parser.result, parser.diagnostics)
    }
}
