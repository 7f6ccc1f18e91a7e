import Languages
import PostgreSQLWire

/// A client's connection.
class PoolClient: Session {
    enum State: UInt8 {
        /// Nothing is known of it yet.
        case startup
        /// It shows who it is.
        case login
        /// It is let in, and waits until some server has told what it is like.
        case welcome
        /// It has no server and asks for none.
        case idle
        /// It waits in its pool's queue.
        case waiting
        /// It has a server, whose settings are being made its own.
        case settling
        /// It has a server.
        case active
        /// It speaks with the console.
        case console
    }

    var state = State.startup
    let peer: Peer
    var user = ""
    /// What it asked for.
    var databaseName = ""
    /// How far it has come in showing who it is.
    var login: ClientAuthentication?
    /// Itself, if it is the pool's own session for `auth_query`. Embedded Swift has no conditional casts.
    var errand: SecretErrand? { link < 0 ? unsafeDowncast(self, to: SecretErrand.self) : nil }
    /// Asks the database for its secret.
    var secretErrand: SecretErrand?
    var applicationName = ""
    unowned(unsafe) var pool: ServerPool?
    unowned(unsafe) var server: PoolServer?

    /// Its neighbours in the queue.
    unowned(unsafe) var nextWaiting: PoolClient?
    unowned(unsafe) var previousWaiting: PoolClient?
    var isQueued = false

    /// What it asked the console.
    var console: ConsoleSession?
    /// The version and cipher of its TLS, empty without.
    var tls = ""
    /// Its own settings.
    var parameters: SessionParameters
    /// What a cancel request must show; 0: none was given.
    var cancelKey: UInt64 = 0
    /// Its prepared statements: their names as it calls them.
    var statements: [[UInt8]: PreparedQuery] = [:]
    /// What it has done to them and may still come to nothing, in order.
    var changes: [StatementChange] = []
    /// It has got a part of a message whose rest will never come.
    var isMidAnswer = false
    /// The rest of the current message goes nowhere.
    var dropsPassing = false
    /// What it is told in place of what servers say to requests that must fail, in order.
    var replacedErrors: [ServerMessage] = []
    /// What its last statement could do, for when the server dies before it has answered.
    var lastStatement = InFlight.mayCommit

    /// When what it does now was asked for: a login, a transaction, a query.
    var loginAt: Nanoseconds
    var waitingSince: Nanoseconds = 0
    var transactionAt: Nanoseconds = 0
    var queryAt: Nanoseconds = 0
    /// When it last asked or was answered.
    var lastActiveAt: Nanoseconds
    var wasNotifiedOfWaiting = false

    init(number: UInt64, link: Link, peer: Peer, parameters: SessionParameters, now: Nanoseconds) {
        self.peer = peer
        self.parameters = parameters
        loginAt = now
        lastActiveAt = now
        super.init(isServer: false, number: number, link: link, now: now)
    }
}
