import Diagnostics

/// What a file in PgBouncer's language says (its manual, 1.25): the section `[pgbouncer]` and the lines of the others.
///
/// A property is named as the file's word, `max_client_conn` as `maxClientConn`; docs/pool-language.md has all words. An
/// optional limit or time that is nil is "none", which the file writes as 0.
public struct PoolConfiguration: Sendable, Equatable {
    /// In the order of the file, each name once, without `*`.
    public var databases: [PoolDatabase] = []
    /// The line `*`.
    public var fallbackDatabase: PoolDatabase?
    /// In the order of the file, each name once.
    public var users: [PoolUser] = []
    /// In the order of the file, each number once.
    public var peers: [PoolPeer] = []

    // MARK: listening

    /// No address: Unix sockets only. `*` is 0.0.0.0 and ::, `localhost` is 127.0.0.1 and ::1.
    public var listenAddr: [PoolAddress] = []
    /// For TCP, and in the name of the Unix socket.
    public var listenPort: UInt16 = 6432
    /// Connections that the kernel keeps until they are accepted.
    public var listenBacklog = 128
    /// Several processes may listen on one port.
    public var soReuseport = false
    /// The folder of the Unix socket, `@NAME` in the abstract namespace; nil: none.
    public var unixSocketDir: String? = "/tmp"
    /// The Unix socket's permissions.
    public var unixSocketMode: UInt16 = 0o777
    /// The Unix socket's group.
    public var unixSocketGroup: String?
    /// This pool's number among its peers, 1 to 16383; nil: it has none.
    public var peerId: UInt16?

    // MARK: pools

    /// When a server connection is given back.
    public var poolMode: PoolMode = .session
    /// Clients of the whole pool.
    public var maxClientConn = 100
    /// Server connections of a pool, that is of a user in a database.
    public var defaultPoolSize = 20
    /// Server connections that a pool keeps open.
    public var minPoolSize = 0
    /// Server connections that a pool may open beyond its size; 0: none.
    public var reservePoolSize = 0
    /// When a client has waited so long, the reserve is used.
    public var reservePoolTimeout: Duration? = .seconds(5)
    /// Server connections of a database; nil: as many as its pools may have.
    public var maxDbConnections: Int?
    /// Clients of a database; nil: as many as there may be.
    public var maxDbClientConnections: Int?
    /// Server connections of a user; nil: as many as its pools may have.
    public var maxUserConnections: Int?
    /// Clients of a user; nil: as many as there may be.
    public var maxUserClientConnections: Int?
    /// Server connections are used in turn, instead of the one that was used last first.
    public var serverRoundRobin = false
    /// Parameters beyond PgBouncer's own that each client keeps to itself.
    public var trackExtraParameters = ["IntervalStyle"]
    /// Start-up parameters that a client may send for nothing.
    public var ignoreStartupParameters: [String] = []
    /// A query in a Query message is refused.
    public var disablePqexec = false
    /// The client's address and port are added to its application_name.
    public var applicationNameAddHost = false
    /// Prepared statements that one server connection keeps; 0: named ones are not tracked.
    public var maxPreparedStatements = 200

    // MARK: authentication

    /// How clients log in.
    public var authType: PoolAuthType = .md5
    /// Users and their secrets (see ``Userlist``).
    public var authFile: String?
    /// Rules for `hba` (see ``HBARules``).
    public var authHbaFile: String?
    /// Maps of the rules' `map=` (see ``IdentMaps``).
    public var authIdentFile: String?
    /// As who `authQuery` is run.
    public var authUser: String?
    /// Finds the secret of `$1`.
    public var authQuery = """
        SELECT rolname, CASE WHEN rolvaliduntil < now() THEN NULL ELSE rolpassword END \
        FROM pg_authid WHERE rolname=$1 AND rolcanlogin
        """
    /// In which database, a key of `[databases]`, `authQuery` is run; nil: in the client's.
    public var authDbname: String?
    /// PgBouncer's options for LDAP, which is refused here.
    public var authLdapOptions: String?
    /// Of a secret that is made from a password in clear text.
    public var scramIterations = 4096

    // MARK: console and log

    /// Who may do everything on the console.
    public var adminUsers: [String] = []
    /// Who may SHOW on the console.
    public var statsUsers: [String] = []
    /// Over how long averages go, and how often they are logged.
    public var statsPeriod: Duration = .seconds(60)
    /// A line for each client that has logged in.
    public var logConnections = true
    /// A line for each client that leaves, with the reason.
    public var logDisconnections = true
    /// A line for each error that a client is told.
    public var logPoolerErrors = true
    /// A line of figures each `statsPeriod`.
    public var logStats = true
    /// 0 to 3.
    public var verbose = 0
    /// PgBouncer's; ours goes to standard error.
    public var logfile: String?
    /// PgBouncer's; ours goes to standard error.
    public var syslog = false
    /// Goes with `syslog`.
    public var syslogIdent = "pgbouncer"
    /// Goes with `syslog`.
    public var syslogFacility = "daemon"
    /// PgBouncer's; systemd knows ours.
    public var pidfile: String?
    /// PgBouncer's; the unit says ours.
    public var user: String?
    /// PgBouncer's, for the service of Windows.
    public var jobName = "pgbouncer"
    /// Another name for `jobName`.
    public var serviceName = "pgbouncer"
    /// PgBouncer's for the next RELOAD; ours reads the file that it was started with.
    public var conffile: String?

    // MARK: server connections

    /// Sent when a client gives a server connection back in session mode.
    public var serverResetQuery = "DISCARD ALL"
    /// Sent in the other modes, too.
    public var serverResetQueryAlways = false
    /// A connection that was given back this long ago is checked before it is used again.
    public var serverCheckDelay: Duration = .seconds(30)
    /// With what it is checked: nil for nothing at all, empty for an empty query.
    public var serverCheckQuery: String? = ""
    /// In session mode a server connection that must be closed is so after its transaction, not its session.
    public var serverFastClose = false
    /// An unused server connection that is this old is closed; `.zero`: each is used once.
    public var serverLifetime: Duration = .seconds(3600)
    /// An unused server connection is closed after this long.
    public var serverIdleTimeout: Duration? = .seconds(600)
    /// Connecting and logging in may take this long.
    public var serverConnectTimeout: Duration? = .seconds(15)
    /// After a failed login none is tried for this long.
    public var serverLoginRetry: Duration = .seconds(15)
    /// A database made from `*` is forgotten when it has been unused for this long.
    public var autodbIdleTimeout: Duration? = .seconds(3600)
    /// A pool that has been empty for this long is forgotten.
    public var poolIdleTimeout: Duration?
    /// PgBouncer's; names are not looked up here.
    public var dnsMaxTtl: Duration = .seconds(15)
    /// PgBouncer's; names are not looked up here.
    public var dnsNxdomainTtl: Duration = .seconds(15)
    /// PgBouncer's; names are not looked up here.
    public var dnsZoneCheckPeriod: Duration?
    /// PgBouncer's; names are not looked up here.
    public var resolvConf: String?

    // MARK: times

    /// A client must have logged in by then.
    public var clientLoginTimeout: Duration? = .seconds(60)
    /// A query may run this long.
    public var queryTimeout: Duration?
    /// A client waits this long for a server connection.
    public var queryWaitTimeout: Duration? = .seconds(120)
    /// A client that has waited this long is told so by a notice.
    public var queryWaitNotify: Duration? = .seconds(5)
    /// A cancel request waits this long for a server connection.
    public var cancelWaitTimeout: Duration? = .seconds(10)
    /// A client may be idle this long.
    public var clientIdleTimeout: Duration?
    /// A client may be idle in a transaction this long.
    public var idleTransactionTimeout: Duration?
    /// A transaction may take this long.
    public var transactionTimeout: Duration?
    /// SUSPEND and the hand-over to a new process wait this long for buffers to empty.
    public var suspendTimeout: Duration? = .seconds(10)
    /// A notice to each client that has logged in.
    public var loginNotifyMessage: String?

    // MARK: TLS

    /// From clients.
    public var clientTlsSslmode: PoolTLSMode = .disable
    /// The key of `clientTlsCertFile`, in PEM.
    public var clientTlsKeyFile: String?
    /// What clients are shown, in PEM.
    public var clientTlsCertFile: String?
    /// Who may have signed clients' certificates, in PEM.
    public var clientTlsCaFile: String?
    /// Versions for clients.
    public var clientTlsProtocols: PoolTLSProtocols = .secure
    /// OpenSSL's list for TLS 1.2 and older, or PgBouncer's word `default`.
    public var clientTlsCiphers = "default"
    /// OpenSSL's list for TLS 1.3; nil: OpenSSL's own.
    public var clientTls13Ciphers: String?
    /// A curve, `auto` or `none`.
    public var clientTlsEcdhcurve = "auto"
    /// `auto` or `none`.
    public var clientTlsDheparams = "auto"
    /// To servers.
    public var serverTlsSslmode: PoolTLSMode = .prefer
    /// Who may have signed servers' certificates, in PEM.
    public var serverTlsCaFile: String?
    /// The key of `serverTlsCertFile`, in PEM.
    public var serverTlsKeyFile: String?
    /// What servers are shown, in PEM.
    public var serverTlsCertFile: String?
    /// Versions for servers.
    public var serverTlsProtocols: PoolTLSProtocols = .secure
    /// As `clientTlsCiphers`.
    public var serverTlsCiphers = "default"
    /// As `clientTls13Ciphers`.
    public var serverTls13Ciphers: String?

    // MARK: sockets

    /// PgBouncer's buffer in bytes; ours are taken from the Reactor's pools.
    public var pktBuf = 4096
    /// Bytes that one message may have, 4 and more.
    public var maxPacketSize: UInt32 = 2_147_483_647
    /// PgBouncer's number of buffers in a row from one connection.
    public var sbufLoopcnt = 5
    /// A client counts as connected when its first bytes are there.
    public var tcpDeferAccept = true
    /// The kernel's buffers of a connection, in bytes; nil: the kernel's own.
    public var tcpSocketBuffer: Int?
    /// Idle connections are probed.
    public var tcpKeepalive = true
    /// Probes without an answer; nil: the kernel's own.
    public var tcpKeepcnt: Int?
    /// When probing begins; nil: the kernel's own.
    public var tcpKeepidle: Duration?
    /// Between two probes; nil: the kernel's own.
    public var tcpKeepintvl: Duration?
    /// Bytes may be unacknowledged this long; nil: the kernel's own.
    public var tcpUserTimeout: Duration?

    // MARK: our own words

    /// Threads that serve clients; nil: one a core.
    public var workers: Int?
    /// Clients beyond `maxClientConn` that administrators alone may be.
    public var adminReservedConnections = 3
    /// How long a client of a database that follows the lease waits while nobody holds it; its `queryWaitTimeout` goes on.
    public var failoverWaitTimeout: Duration = .seconds(30)
    /// What LISTEN and its like do in transaction mode.
    public var sessionFeatures: PoolSessionFeatures = .pin

    /// PgBouncer's defaults.
    public init() {}

    /// Reads a file's text and what it includes. With an error among the diagnostics the configuration must not be used.
    ///
    /// - Parameters:
    ///   - file: the file's name, as the diagnostics are to say it; what it includes is beside it, unless the name is absolute.
    ///   - read: the bytes of an included file, or nil.
    public static func parse(_ text: String, file: String, read: (_ path: String) -> [UInt8]? = { _ in nil })
        -> (
            PoolConfiguration, [Diagnostic]
        )
    {
        var parser = PoolParser(file: file)
        parser.parse(Array(text.utf8), read: read)
        if !parser.diagnostics.contains(where: { $0.severity == .error }) { parser.checkWhole() }
        return (parser.configuration, parser.diagnostics)
    }

    /// Sets a word of `[pgbouncer]`, as the console's SET does; otherwise says why not.
    public mutating func set(_ name: String, to text: String) -> String? {
        guard let word = PoolWords.configuration.first(where: { $0.name == name }) else {
            return "\"\(name)\" is not a word that pinode knows in [pgbouncer]"
        }
        switch word.fate {
        case .supported: break
        case .ignored(let reason): return "\(name) changes nothing: \(reason)"
        case .refused(let reason): return "\(name) is PgBouncer's, not supported here: \(reason)"
        }
        guard word.isReloadable else { return "\(name) can be changed by a new start only" }
        return word.set(&self, to: text)
    }

    /// The database that a client means: its own line, the read-only twin `NAME_ro` of a database whose `readStandbys` is not
    /// off, or what `*` says, in this order; with `dbname` filled in.
    public func database(named name: String) -> PoolDatabase? {
        if let exact = databases.first(where: { $0.name == name }) { return exact.called(name, server: name) }
        let base = name.utf8.count > 3 && name.hasSuffix("_ro") ? String(name.dropLast(3)) : ""
        if let twin = databases.first(where: { $0.name == base && $0.readStandbys != .off }) {
            return twin.called(name, server: base).onlyReading
        }
        guard let fallback = fallbackDatabase else { return nil }
        guard !base.isEmpty, fallback.readStandbys != .off, !databases.contains(where: { $0.name == base })
        else {
            return fallback.called(name, server: name)
        }
        return fallback.called(name, server: base).onlyReading
    }

    /// What `[users]` says of a user.
    public func user(named name: String) -> PoolUser? { users.first { $0.name == name } }
}
