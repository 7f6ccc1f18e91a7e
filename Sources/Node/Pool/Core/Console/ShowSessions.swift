import Languages
import PostgreSQLWire

/// SHOW CLIENTS, SERVERS, SOCKETS and their like.
extension Pooler {
    private static let sessionColumns: [ColumnDescription] = [
        ColumnDescription("type"), ColumnDescription("user"), ColumnDescription("database"),
        ColumnDescription("replication"), ColumnDescription("state"), ColumnDescription("addr"),
        ColumnDescription("port", .int4), ColumnDescription("local_addr"),
        ColumnDescription("local_port", .int4),
        ColumnDescription("connect_time"), ColumnDescription("request_time"),
        ColumnDescription("wait", .int4),
        ColumnDescription("wait_us", .int4), ColumnDescription("close_needed", .int4),
        ColumnDescription("ptr"),
        ColumnDescription("link"), ColumnDescription("remote_pid", .int4), ColumnDescription("tls"),
        ColumnDescription("application_name"), ColumnDescription("prepared_statements", .int4),
        ColumnDescription("id", .int4),
    ]

    private static let socketColumns: [ColumnDescription] = [
        "recv_pos", "pkt_pos", "pkt_remain", "send_pos", "send_remain", "pkt_avail", "send_avail",
    ].map { ColumnDescription($0, .int4) }

    func showClients(_ columnsOnly: Bool) -> ConsoleTable {
        var table = ConsoleTable(Self.sessionColumns)
        if columnsOnly { return table }
        for client in clients { table.rows.append(row(of: client)) }
        return table
    }

    func showServers(_ columnsOnly: Bool) -> ConsoleTable {
        var table = ConsoleTable(Self.sessionColumns)
        if columnsOnly { return table }
        for session in sessions {
            guard let session, session.isServer, !session.isClosed else { continue }
            table.rows.append(row(of: unsafeDowncast(session, to: PoolServer.self)))
        }
        return table
    }

    /// All sockets with what their buffers hold; of `ACTIVE_SOCKETS` only those that hold anything.
    func showSockets(_ columnsOnly: Bool, activeOnly: Bool) -> ConsoleTable {
        var table = ConsoleTable(Self.sessionColumns + Self.socketColumns)
        if columnsOnly { return table }
        for session in sessions {
            guard let session, !session.isClosed else { continue }
            let queued = driver.queued(on: session.link)
            if activeOnly, queued == 0, session.held.isEmpty, session.passing == 0 { continue }
            let values =
                session.isServer
                ? row(of: unsafeDowncast(session, to: PoolServer.self))
                : row(of: unsafeDowncast(session, to: PoolClient.self))
            table.rows.append(
                values
                    + [0, 0, session.passing, 0, queued, session.held.count, 0].map { "\($0)" })
        }
        return table
    }

    private func row(of client: PoolClient) -> [String?] {
        var row = ConsoleRow()
        row.add("C")
        row.add(client.user)
        row.add(client.pool?.database.name ?? (client.console != nil ? "pgbouncer" : ""))
        row.add("none")
        row.add(
            client.isQueued ? "waiting" : client.state == .idle && client.server == nil ? "idle" : "active")
        row.add(client.peer.address)
        row.add(Int(client.peer.port))
        addOwnEnd(of: client, to: &row)
        row.add(clockTime(client.connectedAt))
        row.add(clockTime(client.lastActiveAt))
        let wait = client.waitingSince > 0 ? now - client.waitingSince : 0
        row.add(wait / 1_000_000_000)
        row.add(wait % 1_000_000_000 / 1000)
        row.add(0)
        row.add(pointer(client.number))
        row.add(client.server.map { pointer($0.number) } ?? "")
        row.add(Int(client.peer.processIdentifier ?? 0))
        row.add(client.tls)
        row.add(client.applicationName)
        row.add(client.statements.count)
        row.add(client.number)
        return row.values
    }

    private func row(of server: PoolServer) -> [String?] {
        let database = server.pool.database.settings
        var row = ConsoleRow()
        row.add("S")
        row.add(database.user ?? server.pool.user.name)
        row.add(server.pool.database.name)
        row.add("none")
        row.add(state(of: server))
        row.add(server.endpoint.host.text)
        row.add(Int(server.endpoint.port))
        addOwnEnd(of: server, to: &row)
        row.add(clockTime(server.connectedAt))
        row.add(clockTime(server.client?.lastActiveAt ?? server.idleSince))
        row.add(0)
        row.add(0)
        row.add(server.closeNeeded ? 1 : 0)
        row.add(pointer(server.number))
        row.add(server.client.map { pointer($0.number) } ?? "")
        row.add(Int(server.processIdentifier))
        row.add(server.tls)
        row.add(server.client?.applicationName ?? "")
        row.add(server.statements.count)
        row.add(server.number)
        return row.values
    }

    private func addOwnEnd(of session: Session, to row: inout ConsoleRow) {
        let own = driver.ownEnd(of: session.link)
        row.add(own?.address ?? "unix")
        row.add(Int(own?.port ?? configuration.listenPort))
    }

    private func state(of server: PoolServer) -> String {
        switch server.state {
        case .login: "new"
        case .active: "active"
        case .busy: server.client != nil ? "active" : "tested"
        case .idle:
            server.cancelsUnderWay > 0 ? "being_canceled" : isUsed(server) ? "used" : "idle"
        }
    }

    /// A name for what PgBouncer shows as an address in memory: it only has to be the same in `ptr` and `link`.
    private func pointer(_ number: UInt64) -> String { "0x" + String(number, radix: 16) }

    /// When something was, as PgBouncer writes it: `2026-11-25 22:40:51 UTC`.
    func clockTime(_ time: Nanoseconds) -> String {
        guard time > 0 else { return "" }
        return CivilTime.text(seconds: driver.wallSeconds() - (now - time) / 1_000_000_000)
    }
}

/// Dates without a library: seconds since 1970 in UTC (the algorithm of days since a March is common knowledge).
enum CivilTime {
    static func text(seconds: Int64) -> String {
        let day = (seconds >= 0 ? seconds : seconds - 86_399) / 86_400
        let second = seconds - day * 86_400
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * ofYear + 2) / 153
        let date = ofYear - (153 * month + 2) / 5 + 1
        let civil = month < 10 ? month + 3 : month - 9
        let year = yearOfEra + era * 400 + (civil <= 2 ? 1 : 0)
        return
            "\(year)-\(two(civil))-\(two(date)) \(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60)) UTC"
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
