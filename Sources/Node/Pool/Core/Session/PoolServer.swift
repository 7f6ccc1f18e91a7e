import Languages
import PostgreSQLWire

/// A connection to a PostgreSQL server.
final class PoolServer: Session {
    enum State: UInt8 {
        /// Until the network is there and the server has let us in.
        case login
        /// Nobody has it.
        case idle
        /// A client has it.
        case active
        /// The pool itself asks something; no client hears the answer. See `task`.
        case busy
    }

    /// What the pool itself asks of a server.
    enum Task: UInt8 {
        case none
        /// `connect_query`.
        case connectQuery
        /// `server_reset_query`.
        case reset
        /// `server_check_query`.
        case check
        /// SET of a client's own settings.
        case settings
        /// `auth_query` for a `SecretErrand`.
        case secret
    }

    var state = State.login
    var task = Task.none
    /// The task's statement failed.
    var taskFailed = false
    /// When it was asked.
    var taskSince: Nanoseconds = 0
    let pool: ServerPool
    let endpoint: Endpoint
    /// Of the lease, where the database follows it.
    let epoch: UInt64
    /// It was the lease's holder's when the connection was opened.
    var wasPrimary = false
    unowned(unsafe) var client: PoolClient?
    /// Its place in the pool's list of all.
    var place = -1

    /// What the server said it is like.
    var parameters: SessionParameters
    /// What it sends a client at the beginning, as it said it to us.
    var welcome: [(name: String, value: String)] = []
    var processIdentifier: Int32 = 0
    /// The version and cipher of its TLS, empty without.
    var tls = ""
    var secret: [UInt8] = []
    /// `I`, `T` or `E`: ReadyForQuery's word for the transaction.
    var transaction = UInt8(ascii: "I")
    var outstanding = Outstanding()
    /// It has said ReadyForQuery since something was asked last.
    var mayRest = true
    /// How far we have come in showing who we are.
    var login: ServerAuthentication?
    var isLetIn = false
    /// The error that it ends with.
    var fatal: ServerMessage?
    /// It has stopped waiting for a standby: whether what it commits will survive a failover is not known. Nothing that it says up
    /// to ReadyForQuery is for the client.
    var isInDoubt = false
    /// Its client has left something on it that would be lost: it keeps it until it goes.
    var isPinned = false
    /// It ignores everything up to the next Sync.
    var skipsToSync = false
    /// It takes in a COPY whose end the client has not sent yet.
    var takesCopy = false
    var statements = ServerStatements()
    /// It must not be used by another client.
    var closeNeeded = false
    /// Clients that had it.
    var assignments: UInt64 = 0
    var idleSince: Nanoseconds = 0
    /// Cancel requests for it that are under way: it is nobody's until they are done.
    var cancelsUnderWay = 0

    init(
        number: UInt64, link: Link, pool: ServerPool, endpoint: Endpoint, epoch: UInt64,
        parameters: SessionParameters, now: Nanoseconds
    ) {
        self.epoch = epoch
        self.pool = pool
        self.endpoint = endpoint
        self.parameters = parameters
        idleSince = now
        super.init(isServer: true, number: number, link: link, now: now)
    }

    /// Whether it owes nothing and no transaction is open.
    @inline(__always)
    var isAtRest: Bool { transaction == UInt8(ascii: "I") && outstanding.isEmpty && passing == 0 }
}
