/// The words of the lines of `[databases]`, `[users]` and `[peers]`, in the manual's order.
extension PoolWords {
    /// A database's.
    public static let database: [PoolWord<PoolDatabase>] = [
        .optionalText("dbname") { $1(&$0.dbname) },
        PoolWord(
            "host", unit: "IP addresses, /folder or @name",
            expected:
                "a list of IP addresses, localhost, folders that begin with / and @names; names are not looked up",
            { $1(&$0.host) },
            show: { hosts in
                var text = ""
                for host in hosts { text += text.isEmpty ? host.text : "," + host.text }
                return text
            }, take: hosts),
        .port("port") { $1(&$0.port) },
        .optionalText("user") { $1(&$0.user) },
        .optionalText("password") { $1(&$0.password) },
        .optionalText("auth_user", unit: "user") { $1(&$0.authUser) },
        .optionalText("auth_query", unit: "SQL") { $1(&$0.authQuery) },
        .optionalText("auth_dbname", unit: "database") { $1(&$0.authDbname) },
        .override("pool_size", 1...PoolNumbers.most) { $1(&$0.poolSize) },
        .override("min_pool_size", 0...PoolNumbers.most) { $1(&$0.minPoolSize) },
        .override("reserve_pool_size", 0...PoolNumbers.most) { $1(&$0.reservePoolSize) },
        .override("reserve_pool", 0...PoolNumbers.most) { $1(&$0.reservePoolSize) },
        .optionalText("connect_query", unit: "SQL") { $1(&$0.connectQuery) },
        .optionalChoice("pool_mode") { $1(&$0.poolMode) },
        .timeOverride("query_wait_timeout", allowsUnset: true) { $1(&$0.queryWaitTimeout) },
        .choice("load_balance_hosts") { $1(&$0.loadBalanceHosts) },
        .choice("target_session_attrs") { $1(&$0.targetSessionAttrs) },
        .override("max_db_connections", 0...PoolNumbers.most) { $1(&$0.maxDbConnections) },
        .override("max_db_client_connections", 0...PoolNumbers.most) { $1(&$0.maxDbClientConnections) },
        .timeOverride("server_lifetime") { $1(&$0.serverLifetime) },
        .optionalText("client_encoding") { $1(&$0.clientEncoding) },
        .optionalText("datestyle") { $1(&$0.datestyle) },
        .optionalText("timezone") { $1(&$0.timezone) },
        .optionalText("application_name") { $1(&$0.applicationName) },
        PoolWord(
            "follow", unit: "lease", expected: "lease", { $1(&$0.followsLease) }, show: { $0 ? "lease" : "" },
            take: { $0 == "lease" ? true : nil }),
        .choice("read_standbys") { $1(&$0.readStandbys) },
        .choice("read_your_writes") { $1(&$0.readYourWrites) },
        PoolWord(
            "max_standby_lag", unit: "bytes or time",
            expected: "a size like 16MB or a time like 500ms, 2s or 1min",
            { $1(&$0.maxStandbyLag) }, show: PoolLagText.text, take: PoolLagText.read),
    ]

    /// Those of a database's words that PgBouncer has not.
    public static let ownDatabaseNames = ["follow", "read_standbys", "read_your_writes", "max_standby_lag"]

    /// A user's.
    public static let user: [PoolWord<PoolUser>] = [
        .override("pool_size", 1...PoolNumbers.most) { $1(&$0.poolSize) },
        .override("reserve_pool_size", 0...PoolNumbers.most) { $1(&$0.reservePoolSize) },
        .optionalChoice("pool_mode") { $1(&$0.poolMode) },
        .override("max_user_connections", 0...PoolNumbers.most) { $1(&$0.maxUserConnections) },
        .timeOverride("query_timeout") { $1(&$0.queryTimeout) },
        .timeOverride("query_wait_timeout", allowsUnset: true) { $1(&$0.queryWaitTimeout) },
        .timeOverride("idle_transaction_timeout") { $1(&$0.idleTransactionTimeout) },
        .timeOverride("transaction_timeout") { $1(&$0.transactionTimeout) },
        .timeOverride("client_idle_timeout") { $1(&$0.clientIdleTimeout) },
        .override("max_user_client_connections", 0...PoolNumbers.most) { $1(&$0.maxUserClientConnections) },
    ]

    /// A peer's.
    public static let peer: [PoolWord<PoolPeer>] = [
        PoolWord(
            "host", unit: "IP address, /folder or @name",
            expected:
                "an IP address, localhost, a folder that begins with / or an @name; names are not looked up",
            { $1(&$0.host) }, show: { $0?.text ?? "" }, take: { text in PoolHost(text).map { .some($0) } }),
        .port("port") { $1(&$0.port) },
        .override("pool_size", 1...PoolNumbers.most) { $1(&$0.poolSize) },
    ]

    @Sendable private static func hosts(_ text: String) -> [PoolHost]? {
        guard let names = PoolNumbers.list(text), !names.isEmpty else { return nil }
        var result: [PoolHost] = []
        for name in names {
            guard let host = PoolHost(name) else { return nil }
            result.append(host)
        }
        return result
    }
}

/// `max_standby_lag`.
enum PoolLagText {
    private static let sizes: [(String, Int64)] = [
        ("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10), ("B", 1),
    ]

    @Sendable static func read(_ text: String) -> PoolLag? {
        if let time = INIDocument.duration(text) { return .time(time) }
        guard let (unit, bytes) = sizes.first(where: { text.hasSuffix($0.0) }),
            let number = PoolNumbers.wideInteger(String(text.dropLast(unit.count))), number <= 1 << 20
        else { return nil }
        return .bytes(number * bytes)
    }

    @Sendable static func text(_ lag: PoolLag) -> String {
        switch lag {
        case .bytes(let bytes):
            guard bytes > 0, let (unit, size) = sizes.first(where: { bytes % $0.1 == 0 }) else { return "0B" }
            return "\(bytes / size)\(unit)"
        case .time(let time):
            let milliseconds = PoolNumbers.milliseconds(time)
            return milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
        }
    }
}
