/// The words of the section `[pgbouncer]`, in the manual's order.
public enum PoolWords {
    typealias Word = PoolWord<PoolConfiguration>

    /// All of them.
    public static let configuration: [PoolWord<PoolConfiguration>] =
        listening + pools + authentication + log + servers + times + tls + sockets + own

    static let toStandardError = "pinode logs to standard error, which systemd's journal keeps"
    static let noNames = "names are not looked up, so nothing is cached"

    static let listening: [Word] = [
        .optionalText("logfile", unit: "file", fate: .ignored(toStandardError)) { $1(&$0.logfile) },
        .optionalText("pidfile", unit: "file", fixed: true, fate: .ignored("systemd knows the process")) {
            $1(&$0.pidfile)
        },
        PoolWord(
            "listen_addr", unit: "IP addresses, localhost or *",
            expected: "a list of IP addresses, localhost or *; names are not looked up", fixed: true,
            { $1(&$0.listenAddr) }, show: PoolListen.text, take: PoolListen.addresses),
        .port("listen_port", fixed: true) { $1(&$0.listenPort) },
        PoolWord(
            "unix_socket_dir", unit: "folder", expected: "a folder that begins with /, or @NAME", fixed: true,
            { $1(&$0.unixSocketDir) }, show: { $0 ?? "" }, take: PoolListen.folder),
        PoolWord(
            "unix_socket_mode", unit: "mode", expected: "an octal mode from 0000 to 0777", fixed: true,
            { $1(&$0.unixSocketMode) }, show: { "0" + String($0, radix: 8) }, take: { PoolNumbers.mode($0) }),
        .optionalText("unix_socket_group", unit: "group", fixed: true) { $1(&$0.unixSocketGroup) },
        .optionalText(
            "user", unit: "account", fixed: true, fate: .ignored("the unit's User= says as who the pool runs")
        ) {
            $1(&$0.user)
        },
    ]

    static let pools: [Word] = [
        .choice("pool_mode") { $1(&$0.poolMode) },
        .number("max_client_conn", 1...PoolNumbers.most) { $1(&$0.maxClientConn) },
        .number("default_pool_size", 1...PoolNumbers.most) { $1(&$0.defaultPoolSize) },
        .number("min_pool_size", 0...PoolNumbers.most) { $1(&$0.minPoolSize) },
        .number("reserve_pool_size", 0...PoolNumbers.most) { $1(&$0.reservePoolSize) },
        .timeout("reserve_pool_timeout") { $1(&$0.reservePoolTimeout) },
        .limit("max_db_connections") { $1(&$0.maxDbConnections) },
        .limit("max_db_client_connections") { $1(&$0.maxDbClientConnections) },
        .limit("max_user_connections") { $1(&$0.maxUserConnections) },
        .limit("max_user_client_connections") { $1(&$0.maxUserClientConnections) },
        .flag("server_round_robin") { $1(&$0.serverRoundRobin) },
        .names("track_extra_parameters", fixed: true) { $1(&$0.trackExtraParameters) },
        .names("ignore_startup_parameters") { $1(&$0.ignoreStartupParameters) },
        PoolWord(
            "peer_id", unit: "number", expected: "a number from 0 to 16383", { $1(&$0.peerId) },
            show: { "\($0 ?? 0)" },
            take: { text in PoolNumbers.integer(text, 0...16383).map { $0 == 0 ? .none : UInt16($0) } }),
        .flag("disable_pqexec", fixed: true) { $1(&$0.disablePqexec) },
        .flag("application_name_add_host") { $1(&$0.applicationNameAddHost) },
        .optionalText(
            "conffile", unit: "file", fate: .refused("RELOAD reads the file that the pool was started with")
        ) {
            $1(&$0.conffile)
        },
        .text("service_name", fixed: true, fate: .ignored("it is for the service of Windows")) {
            $1(&$0.serviceName)
        },
        .text("job_name", fixed: true, fate: .ignored("it is for the service of Windows")) {
            $1(&$0.jobName)
        },
        PoolWord(
            "stats_period", unit: "whole seconds", expected: "a whole number of seconds from 1 to 86400",
            { $1(&$0.statsPeriod) }, show: { PoolNumbers.text($0) },
            take: { text in PoolNumbers.integer(text, 1...86400).map { .seconds($0) } }),
        .number("max_prepared_statements", 0...100_000) { $1(&$0.maxPreparedStatements) },
        .number("scram_iterations", 4096...10_000_000) { $1(&$0.scramIterations) },
    ]

    static let authentication: [Word] = [
        .choice("auth_type", but: "; ldap and pam are PgBouncer's alone") { $1(&$0.authType) },
        .optionalText("auth_hba_file", unit: "file") { $1(&$0.authHbaFile) },
        .optionalText("auth_ident_file", unit: "file") { $1(&$0.authIdentFile) },
        .optionalText("auth_file", unit: "file") { $1(&$0.authFile) },
        .optionalText("auth_user", unit: "user") { $1(&$0.authUser) },
        .text("auth_query", unit: "SQL") { $1(&$0.authQuery) },
        .optionalText("auth_dbname", unit: "database") { $1(&$0.authDbname) },
        .optionalText("auth_ldap_options", fate: .refused("users of an LDAP server are not supported")) {
            $1(&$0.authLdapOptions)
        },
    ]

    static let log: [Word] = [
        .flag("syslog", fate: .ignored(toStandardError)) { $1(&$0.syslog) },
        .text("syslog_ident", fate: .ignored(toStandardError)) { $1(&$0.syslogIdent) },
        .text("syslog_facility", fate: .ignored(toStandardError)) { $1(&$0.syslogFacility) },
        .flag("log_connections") { $1(&$0.logConnections) },
        .flag("log_disconnections") { $1(&$0.logDisconnections) },
        .flag("log_pooler_errors") { $1(&$0.logPoolerErrors) },
        .flag("log_stats") { $1(&$0.logStats) },
        .number("verbose", 0...3) { $1(&$0.verbose) },
        .names("admin_users") { $1(&$0.adminUsers) },
        .names("stats_users") { $1(&$0.statsUsers) },
    ]

    static let servers: [Word] = [
        .text("server_reset_query", unit: "SQL") { $1(&$0.serverResetQuery) },
        .flag("server_reset_query_always") { $1(&$0.serverResetQueryAlways) },
        .time("server_check_delay") { $1(&$0.serverCheckDelay) },
        PoolWord(
            "server_check_query", unit: "SQL or <empty>", expected: "SQL", { $1(&$0.serverCheckQuery) },
            show: { value in value.map { $0.isEmpty ? "<empty>" : $0 } ?? "" },
            take: { $0.isEmpty ? .some(nil) : .some($0 == "<empty>" ? "" : $0) }),
        .flag("server_fast_close") { $1(&$0.serverFastClose) },
        .time("server_lifetime") { $1(&$0.serverLifetime) },
        .timeout("server_idle_timeout") { $1(&$0.serverIdleTimeout) },
        .timeout("server_connect_timeout") { $1(&$0.serverConnectTimeout) },
        .time("server_login_retry") { $1(&$0.serverLoginRetry) },
        .timeout("client_login_timeout") { $1(&$0.clientLoginTimeout) },
        .timeout("autodb_idle_timeout") { $1(&$0.autodbIdleTimeout) },
        .timeout("pool_idle_timeout") { $1(&$0.poolIdleTimeout) },
        .time("dns_max_ttl", fate: .ignored(noNames)) { $1(&$0.dnsMaxTtl) },
        .time("dns_nxdomain_ttl", fate: .ignored(noNames)) { $1(&$0.dnsNxdomainTtl) },
        .timeout("dns_zone_check_period", fate: .ignored(noNames)) { $1(&$0.dnsZoneCheckPeriod) },
        .optionalText("resolv_conf", unit: "file", fixed: true, fate: .ignored(noNames)) {
            $1(&$0.resolvConf)
        },
        .wholeSeconds("query_wait_notify") { $1(&$0.queryWaitNotify) },
        .optionalText("login_notify_message") { $1(&$0.loginNotifyMessage) },
    ]
}
