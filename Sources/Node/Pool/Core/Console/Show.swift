import Languages
import PostgreSQLWire

/// Which table a SHOW means.
extension Pooler {
    /// Nil: there is none of this name. `columnsOnly`: no rows are needed.
    func table(of name: String, columnsOnly: Bool) -> ConsoleTable? {
        switch name {
        case "pools": showPools(columnsOnly)
        case "databases": showDatabases(columnsOnly)
        case "users": showUsers(columnsOnly)
        case "lists": showLists(columnsOnly)
        case "clients": showClients(columnsOnly)
        case "servers": showServers(columnsOnly)
        case "sockets": showSockets(columnsOnly, activeOnly: false)
        case "active_sockets": showSockets(columnsOnly, activeOnly: true)
        case "fds": showDescriptors(columnsOnly)
        case "stats": showStats(columnsOnly, totals: true, averages: true)
        case "stats_totals": showStats(columnsOnly, totals: true, averages: false)
        case "stats_averages": showStats(columnsOnly, totals: false, averages: true)
        case "totals": showTotals(columnsOnly)
        case "config": showConfiguration(columnsOnly)
        case "mem": showMemory(columnsOnly)
        case "state": showState()
        case "version": showVersion()
        case "peers": showPeers(columnsOnly)
        case "peer_pools":
            ConsoleTable(
                text: ["peer_id"],
                numbers: ["cl_active_cancel_req", "cl_waiting_cancel_req", "sv_active_cancel", "sv_login"])
        // Addresses are numbers here: no name is ever looked up.
        case "dns_hosts": ConsoleTable(text: ["hostname"], numbers: ["ttl"]).adding("addrs")
        case "dns_zones": ConsoleTable(text: ["zonename"], numbers: ["serial", "count"])
        default: nil
        }
    }

    private func showConfiguration(_ columnsOnly: Bool) -> ConsoleTable {
        var table = ConsoleTable(text: ["key", "value", "default", "changeable"])
        if columnsOnly { return table }
        let original = PoolConfiguration()
        for word in PoolWords.configuration {
            table.rows.append([
                word.name, word.text(in: configuration), word.text(in: original),
                word.isReloadable ? "yes" : "no",
            ])
        }
        return table
    }

    private func showState() -> ConsoleTable {
        var table = ConsoleTable(text: ["key", "value"])
        table.rows = [
            ["active", isPaused || isSuspended ? "no" : "yes"], ["paused", isPaused ? "yes" : "no"],
            ["suspended", isSuspended ? "yes" : "no"],
        ]
        return table
    }

    private func showVersion() -> ConsoleTable {
        var table = ConsoleTable(text: ["version"])
        table.rows = [["PgBouncer \(Self.consoleVersion)"]]
        return table
    }

    private func showPeers(_ columnsOnly: Bool) -> ConsoleTable {
        var table = ConsoleTable([
            ColumnDescription("peer_id", .int4), ColumnDescription("host"), ColumnDescription("port", .int4),
            ColumnDescription("pool_size", .int4),
        ])
        if columnsOnly { return table }
        for peer in configuration.peers {
            table.rows.append([
                "\(peer.id)", peer.host?.text, "\(peer.port)",
                "\(peer.poolSize ?? configuration.defaultPoolSize)",
            ])
        }
        return table
    }

    /// What is kept in memory, by kind; `size` is what one takes without what belongs to it.
    private func showMemory(_ columnsOnly: Bool) -> ConsoleTable {
        var table = ConsoleTable(text: ["name"], numbers: ["size", "used", "free", "memtotal"])
        if columnsOnly { return table }
        let servers = sortedPools.reduce(0) { $0 + $1.servers.count }
        var held = 0
        for session in sessions { held += session?.held.count ?? 0 }
        for (name, size, used) in [
            ("user_cache", 96, users.count), ("db_cache", 640, databases.count),
            ("pool_cache", 160, sortedPools.count),
            ("client_cache", 424, clientCount), ("server_cache", 336, servers), ("held_bytes", 1, held),
            ("prepared_queries", 64, queries.count),
        ] { table.rows.append([name, "\(size)", "\(used)", "0", "\(size * used)"]) }
        return table
    }

    private func showDescriptors(_ columnsOnly: Bool) -> ConsoleTable {
        var table = ConsoleTable([
            ColumnDescription("fd", .int4), ColumnDescription("task"), ColumnDescription("user"),
            ColumnDescription("database"), ColumnDescription("addr"), ColumnDescription("port", .int4),
            ColumnDescription("cancel", .int8), ColumnDescription("link", .int4),
        ])
        if columnsOnly { return table }
        for session in sessions {
            guard let session, !session.isClosed else { continue }
            let descriptor = "\(driver.descriptor(of: session.link))"
            if session.isServer {
                let server = unsafeDowncast(session, to: PoolServer.self)
                table.rows.append([
                    descriptor, "server", server.pool.user.name, server.pool.database.name,
                    server.endpoint.host.text,
                    "\(server.endpoint.port)", "0",
                    server.client.map { "\(driver.descriptor(of: $0.link))" } ?? "0",
                ])
            } else {
                let client = unsafeDowncast(session, to: PoolClient.self)
                table.rows.append([
                    descriptor, "client", client.user, client.pool?.database.name, client.peer.address,
                    "\(client.peer.port)", "0",
                    client.server.map { "\(driver.descriptor(of: $0.link))" } ?? "0",
                ])
            }
        }
        return table
    }
}

extension ConsoleTable {
    func adding(_ column: String) -> ConsoleTable {
        var table = self
        table.columns.append(ColumnDescription(column))
        return table
    }
}
