/// When a server connection goes back to its pool (`pool_mode`).
public enum PoolMode: String, CaseIterable, Sendable {
    /// When the client leaves.
    case session
    /// When the transaction ends.
    case transaction
    /// After each statement; a transaction of several statements is refused.
    case statement
}

/// How clients prove who they are (`auth_type`).
public enum PoolAuthType: String, CaseIterable, Sendable {
    /// Whoever the client says to be, without looking the name up; the database names the server's user.
    case any
    /// Whoever the client says to be, if that user is known.
    case trust
    /// The password in clear text.
    case plain
    /// MD5 of password and salt; SCRAM where the user's secret is one of SCRAM's.
    case md5
    /// SCRAM-SHA-256 (RFC 7677).
    case scramSHA256 = "scram-sha-256"
    /// A client certificate whose common name is the user's.
    case cert
    /// As `auth_hba_file` says.
    case hba
}

/// When TLS is used, and what of the other side's certificate is checked (`client_tls_sslmode`, `server_tls_sslmode`).
public enum PoolTLSMode: String, CaseIterable, Sendable {
    case disable
    case allow
    case prefer
    case require
    case verifyCA = "verify-ca"
    case verifyFull = "verify-full"
}

/// Versions of TLS that may be spoken (`client_tls_protocols`, `server_tls_protocols`).
public struct PoolTLSProtocols: OptionSet, Sendable, Equatable {
    /// A bit a version.
    public let rawValue: UInt8

    /// A set by its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// RFC 2246, not to be used any more (RFC 8996).
    public static let tls10 = PoolTLSProtocols(rawValue: 1)
    /// RFC 4346, not to be used any more (RFC 8996).
    public static let tls11 = PoolTLSProtocols(rawValue: 2)
    /// RFC 5246.
    public static let tls12 = PoolTLSProtocols(rawValue: 4)
    /// RFC 8446.
    public static let tls13 = PoolTLSProtocols(rawValue: 8)
    /// `secure`: those that RFC 8996 left.
    public static let secure: PoolTLSProtocols = [.tls12, .tls13]
    /// `all` and `legacy`.
    public static let all: PoolTLSProtocols = [.tls10, .tls11, .tls12, .tls13]
}

/// Which host of a list a new connection goes to (`load_balance_hosts`).
public enum PoolHostBalance: String, CaseIterable, Sendable {
    /// The next of the list.
    case roundRobin = "round-robin"
    /// The same as the last time, until it fails.
    case disable
}

/// Which servers a database's connections may go to (`target_session_attrs`; libpq has the same words).
public enum PoolTarget: String, CaseIterable, Sendable {
    /// Any server.
    case any
    /// One that takes writes by default.
    case readWrite = "read-write"
    /// One that takes no writes by default.
    case readOnly = "read-only"
    /// One that is not in recovery.
    case primary
    /// One that is in recovery.
    case standby
    /// A standby where there is one, else any server; libpq's word, which PgBouncer has not.
    case preferStandby = "prefer-standby"
}

/// What of a database's work may go to standbys (`read_standbys`, our own word).
public enum PoolReadStandbys: String, CaseIterable, Sendable {
    /// Nothing.
    case off
    /// Transactions that say that they only read, and the twin `NAME_ro`.
    case explicit
    /// Also what is proved to be one plain read.
    case auto
}

/// Who sees a write in every later read, also where standbys answer (`read_your_writes`, our own word).
public enum PoolReadYourWrites: String, CaseIterable, Sendable {
    /// Nobody for certain.
    case off
    /// The connection that wrote.
    case session
    /// All connections of the user who wrote, in this database, through any node's pool.
    case user
    /// All connections to the database, through any node's pool.
    case database
}

/// What happens to a statement whose effect outlives its transaction while the pool is in transaction mode: LISTEN, session
/// advisory locks, temporary tables, cursors WITH HOLD (`session_features`, our own word).
public enum PoolSessionFeatures: String, CaseIterable, Sendable {
    /// It is sent on, as PgBouncer does, and its effect is left with whichever server connection ran it.
    case allow
    /// The client keeps its server connection from then on.
    case pin
    /// An error with a hint.
    case refuse
}

/// How far a standby may be behind and still answer reads (`max_standby_lag`, our own word).
public enum PoolLag: Sendable, Equatable {
    /// Bytes of write-ahead log that it has not replayed.
    case bytes(Int64)
    /// Time since it was level with the primary.
    case time(Duration)
}
