import Languages
import PostgreSQLWire

/// SHOW POOLS, DATABASES, USERS, LISTS.
extension Pooler {
    /// What clients and servers of a pool do, as its row counts them.
    struct Census {
        var active = 0
        var waiting = 0
        var serversActive = 0
        var serversCancelled = 0
        var serversIdle = 0
        var serversUsed = 0
        var serversTested = 0
        var serversInLogin = 0
        var longestWait: Nanoseconds = 0
    }

    func census(of pool: ServerPool) -> Census {
        var census = Census()
        for server in pool.servers {
            switch server.state {
            case .login: census.serversInLogin += 1
            case .active: census.serversActive += 1
            case .busy where server.client != nil: census.serversActive += 1
            case .busy: census.serversTested += 1
            case .idle where server.cancelsUnderWay > 0: census.serversCancelled += 1
            case .idle where isUsed(server): census.serversUsed += 1
            case .idle: census.serversIdle += 1
            }
        }
        census.waiting = pool.waiting.count
        // As PgBouncer counts: those that are let in and do not wait.
        census.active = max(0, pool.clientCount - census.waiting)
        if let first = pool.waiting.first, first.waitingSince > 0 {
            census.longestWait = now - first.waitingSince
        }
        return census
    }

    /// Idle for longer than `server_check_delay`: it is checked before it is used.
    func isUsed(_ server: PoolServer) -> Bool {
        server.state == .idle && configuration.serverCheckQuery != nil
            && now - server.idleSince > configuration.serverCheckDelay.nanoseconds
    }

    /// Pools by the names of database and user.
    var sortedPools: [ServerPool] {
        databases.values.flatMap { $0.pools }.sorted {
            ($0.database.name, $0.user.name) < ($1.database.name, $1.user.name)
        }
    }

    var sortedDatabases: [PoolDatabaseEntry] { databases.values.sorted { $0.name < $1.name } }

    func showPools(_ columnsOnly: Bool) -> ConsoleTable {
        var table = ConsoleTable(
            text: ["database", "user"],
            numbers: [
                "cl_active", "cl_waiting", "cl_active_cancel_req", "cl_waiting_cancel_req", "sv_active",
                "sv_active_cancel", "sv_being_canceled", "sv_idle", "sv_used", "sv_tested", "sv_login",
                "maxwait",
                "maxwait_us",
            ])
        table.columns.append(ColumnDescription("pool_mode"))
        table.columns.append(ColumnDescription("load_balance_hosts"))
        if columnsOnly { return table }
        for pool in sortedPools {
            let census = census(of: pool)
            let cancels = self.cancels.values.filter { $0.server.pool === pool }.count
            var row = ConsoleRow()
            row.add(pool.database.name)
            row.add(pool.user.name)
            for number in [
                census.active, census.waiting, cancels, 0, census.serversActive, cancels,
                census.serversCancelled,
                census.serversIdle, census.serversUsed, census.serversTested, census.serversInLogin,
                Int(census.longestWait / 1_000_000_000), Int(census.longestWait % 1_000_000_000 / 1000),
            ] { row.add(number) }
            row.add(pool.mode.rawValue)
            row.add(optional: balance(pool.database))
            table.rows.append(row.values)
        }
        return table
    }

    private func balance(_ database: PoolDatabaseEntry) -> String? {
        database.settings.host.count > 1 ? database.settings.loadBalanceHosts.rawValue : nil
    }

    func showDatabases(_ columnsOnly: Bool) -> ConsoleTable {
        var table = ConsoleTable([
            ColumnDescription("name"), ColumnDescription("host"), ColumnDescription("port", .int4),
            ColumnDescription("database"), ColumnDescription("force_user"),
        ])
        for name in ["pool_size", "min_pool_size", "reserve_pool_size", "server_lifetime"] {
            table.columns.append(ColumnDescription(name, .int4))
        }
        table.columns.append(ColumnDescription("pool_mode"))
        table.columns.append(ColumnDescription("load_balance_hosts"))
        for name in [
            "max_connections", "current_connections", "max_client_connections", "current_client_connections",
            "paused", "disabled",
        ] { table.columns.append(ColumnDescription(name, .int4)) }
        if columnsOnly { return table }
        for database in sortedDatabases {
            let settings = database.settings
            var row = ConsoleRow()
            row.add(settings.name)
            row.add(
                optional: settings.host.isEmpty ? nil : settings.host.map { $0.text }.joined(separator: ","))
            row.add(Int(settings.port))
            row.add(settings.dbname ?? settings.name)
            row.add(optional: settings.user)
            row.add(settings.poolSize ?? configuration.defaultPoolSize)
            row.add(settings.minPoolSize ?? configuration.minPoolSize)
            row.add(settings.reservePoolSize ?? configuration.reservePoolSize)
            row.add((settings.serverLifetime ?? configuration.serverLifetime).nanoseconds / 1_000_000_000)
            row.add((settings.poolMode ?? configuration.poolMode).rawValue)
            row.add(optional: balance(database))
            row.add(settings.maxDbConnections ?? configuration.maxDbConnections ?? 0)
            row.add(database.serverCount)
            row.add(settings.maxDbClientConnections ?? configuration.maxDbClientConnections ?? 0)
            row.add(database.clientCount)
            row.add(database.isPaused ? 1 : 0)
            row.add(database.isDisabled ? 1 : 0)
            table.rows.append(row.values)
        }
        return table
    }

    func showUsers(_ columnsOnly: Bool) -> ConsoleTable {
        var table = ConsoleTable([
            ColumnDescription("name"), ColumnDescription("pool_size"), ColumnDescription("reserve_pool_size"),
            ColumnDescription("pool_mode"), ColumnDescription("max_user_connections", .int4),
            ColumnDescription("current_connections", .int4),
            ColumnDescription("max_user_client_connections", .int4),
            ColumnDescription("current_client_connections", .int4),
        ])
        if columnsOnly { return table }
        for user in users.values.sorted(by: { $0.name < $1.name }) {
            var row = ConsoleRow()
            row.add(user.name)
            row.add(optional: user.settings?.poolSize.map { "\($0)" })
            row.add(optional: user.settings?.reservePoolSize.map { "\($0)" })
            row.add(optional: user.settings?.poolMode?.rawValue)
            row.add(user.settings?.maxUserConnections ?? configuration.maxUserConnections ?? 0)
            row.add(user.serverCount)
            row.add(user.settings?.maxUserClientConnections ?? configuration.maxUserClientConnections ?? 0)
            row.add(user.clientCount)
            table.rows.append(row.values)
        }
        return table
    }

    func showLists(_ columnsOnly: Bool) -> ConsoleTable {
        var table = ConsoleTable(text: ["list"], numbers: ["items"])
        if columnsOnly { return table }
        let pools = sortedPools
        var idleServers = 0
        var servers = 0
        let logins = clients.count { $0.state == .startup || $0.state == .login }
        for pool in pools {
            servers += pool.servers.count
            idleServers += pool.idle.count
        }
        for (name, items) in [
            ("databases", databases.count), ("users", users.count), ("peers", configuration.peers.count),
            ("pools", pools.count), ("peer_pools", configuration.peers.count), ("free_clients", 0),
            ("used_clients", clientCount), ("login_clients", logins), ("free_servers", 0),
            ("used_servers", servers), ("dns_names", 0), ("dns_zones", 0), ("dns_queries", 0),
            ("dns_pending", 0),
        ] { table.rows.append([name, "\(items)"]) }
        return table
    }
}
