import Database

/// `/etc/pinode/database.conf`; docs/database.md is its manual.
public struct DatabaseConfiguration: Sendable, Equatable {
    /// One node of the database.
    public struct Node: Sendable, Equatable {
        /// Its name.
        public var name: String
        /// Its number, the same as in control.conf.
        public var id: MemberID
        /// Where its PostgreSQL is reached by the others: an IP address.
        public var address: String
    }

    /// A role that may log in.
    public struct LoginRole: Sendable, Equatable {
        /// Its name.
        public var name: String
        /// A file with its password as plain text.
        public var passwordFile: String
    }

    /// A database that is created when it is not there.
    public struct OwnedDatabase: Sendable, Equatable {
        /// Its name.
        public var name: String
        /// A role of the file.
        public var owner: String
    }

    /// A setting of PostgreSQL.
    public struct Parameter: Sendable, Equatable {
        /// Its name, in small letters.
        public var name: String
        /// Its value, without quotes.
        public var value: String
    }

    /// Where base backups and the log are kept.
    public struct Backup: Sendable, Equatable {
        /// The node that keeps them.
        public var node: String
        /// On that node, its own or a mounted disk's.
        public var folder = "/var/backups/pidep"
        /// So many base backups are kept, with all the log since the first of them.
        public var keep = 7
        /// How often one is made; zero: only when told to.
        public var interval: Duration = .seconds(24 * 3600)
    }

    /// PostgreSQL's major versions that the role knows.
    public static let versions = 13...17

    /// This node's name.
    public var node = ""
    /// PostgreSQL's major version.
    public var version = 15
    /// Where Debian has PostgreSQL's programs.
    public var programs = ""
    /// PostgreSQL's data folder.
    public var data = ""
    /// Where PostgreSQL listens, on the node's address and loopback.
    public var port = 5432
    /// What PostgreSQL writes into its log.
    public var log = ""
    /// Where PostgreSQL's socket is.
    public var socketFolder = "/var/run/postgresql"
    /// The account that PostgreSQL runs as.
    public var account = "postgres"
    /// How much an acknowledged write is worth.
    public var durability = Durability.strict
    /// The data folder holds a cluster that this one begins with.
    public var adopts = false
    /// Where health is told over HTTP; 0: nowhere.
    public var healthPort = 8008
    /// The role's own files.
    public var folder = "/var/lib/pinode/database"
    /// The socket of control.
    public var controlSocket = "/run/pinode/control-clients.sock"
    /// A file with the password that the members use among themselves.
    public var passwordFile = "/etc/pinode/database.key"
    /// For TLS, as PostgreSQL takes it.
    public var certificate = "/etc/ssl/certs/ssl-cert-snakeoil.pem"
    /// Its key.
    public var certificateKey = "/etc/ssl/private/ssl-cert-snakeoil.key"
    /// All nodes, in the file's order.
    public var nodes: [Node] = []
    /// Addresses from which clients may come, as pg_hba.conf has them.
    public var networks: [String] = []
    /// Nil: nothing is kept.
    public var backup: Backup?
    /// In the file's order.
    public var parameters: [Parameter] = []
    /// In the file's order.
    public var roles: [LoginRole] = []
    /// In the file's order.
    public var databases: [OwnedDatabase] = []

    /// A configuration of nothing.
    public init() {}

    /// This node.
    public var own: Node? { nodes.first { $0.name == node } }

    /// All members.
    public var members: MemberSet { MemberSet(nodes.map { $0.id }) }

    /// A member of a number.
    public func node(_ id: MemberID) -> Node? { nodes.first { $0.id == id } }

    /// What people call a member.
    public func name(_ id: MemberID) -> String { node(id)?.name ?? "member \(id.number)" }
}

/// The role of PostgreSQL that the members use among themselves.
enum ClusterRole {
    static let name = "pidep"

    /// A member as PostgreSQL knows it: its application_name, and its slot on the primary.
    static func standbyName(_ member: MemberID) -> String { "pidep_\(member.number)" }

    /// The slot of whoever keeps the log.
    static let archiveSlot = "pidep_archive"

    /// The member of such a name.
    static func member(_ name: String) -> MemberID? {
        guard name.hasPrefix("pidep_"), let number = Int(name.dropFirst(6)) else { return nil }
        return MemberID(number)
    }
}
