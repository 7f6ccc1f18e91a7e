import Languages
import PostgreSQLWire

/// SHOW STATS and its parts. Times are in microseconds, as PgBouncer's.
extension Pooler {
    private static let counters = [
        "xact_count", "query_count", "server_assignment_count", "received", "sent", "xact_time", "query_time",
        "wait_time", "client_parse_count", "server_parse_count", "bind_count", "client_login_count",
    ]

    private func values(of traffic: Traffic) -> [Int64] {
        [
            Int64(traffic.transactions), Int64(traffic.queries), Int64(traffic.assignments),
            Int64(traffic.received),
            Int64(traffic.sent), traffic.transactionTime / 1000, traffic.queryTime / 1000,
            traffic.waitTime / 1000,
            Int64(traffic.clientParses), Int64(traffic.serverParses), Int64(traffic.binds),
            Int64(traffic.clientLogins),
        ]
    }

    /// What one second, one transaction or one query had, over the last whole `stats_period`.
    private func averages(of database: PoolDatabaseEntry) -> [Int64] {
        let new = values(of: database.periodEnd)
        let old = values(of: database.periodStart)
        let difference = zip(new, old).map { $0 - $1 }
        let seconds = max(1, database.periodLength / 1_000_000_000)
        var result = difference.map { $0 / seconds }
        result[5] = difference[5] / max(1, difference[0])
        result[6] = difference[6] / max(1, difference[1])
        result[7] = difference[7] / seconds
        return result
    }

    func showStats(_ columnsOnly: Bool, totals: Bool, averages wantsAverages: Bool) -> ConsoleTable {
        var names: [String] = []
        if totals { names += Self.counters.map { wantsAverages ? "total_\($0)" : $0 } }
        if wantsAverages { names += Self.counters.map { totals ? "avg_\($0)" : $0 } }
        var table = ConsoleTable(text: ["database"], numbers: names)
        if columnsOnly { return table }
        for database in sortedDatabases {
            var row = ConsoleRow()
            row.add(database.name)
            if totals { for value in values(of: database.traffic) { row.add(value) } }
            if wantsAverages { for value in averages(of: database) { row.add(value) } }
            table.rows.append(row.values)
        }
        return table
    }

    /// All databases together, a row a counter.
    func showTotals(_ columnsOnly: Bool) -> ConsoleTable {
        var table = ConsoleTable(text: ["name"], numbers: ["value"])
        if columnsOnly { return table }
        var sums = [Int64](repeating: 0, count: Self.counters.count)
        var means = sums
        for database in databases.values {
            for (index, value) in values(of: database.traffic).enumerated() { sums[index] += value }
            for (index, value) in averages(of: database).enumerated() { means[index] += value }
        }
        for (index, name) in Self.counters.enumerated() {
            table.rows.append(["total_\(name)", "\(sums[index])"])
        }
        for (index, name) in Self.counters.enumerated() {
            table.rows.append(["avg_\(name)", "\(means[index])"])
        }
        return table
    }

    /// A `stats_period` is over.
    func endPeriod() {
        for database in databases.values {
            database.periodStart = database.periodEnd
            database.periodEnd = database.traffic
            database.periodLength = now - periodBegan
        }
        if configuration.logStats {
            var sum = Traffic()
            var old = Traffic()
            for database in databases.values {
                sum.add(database.periodEnd)
                old.add(database.periodStart)
            }
            let seconds = max(1, (now - periodBegan) / 1_000_000_000)
            let new = values(of: sum)
            let past = values(of: old)
            let d = zip(new, past).map { $0 - $1 }
            driver.log(
                .info,
                "stats: \(d[0] / seconds) xacts/s, \(d[1] / seconds) queries/s, \(d[11] / seconds) client logins/s, in \(d[3] / seconds) B/s, out \(d[4] / seconds) B/s, xact \(d[5] / max(1, d[0])) us, query \(d[6] / max(1, d[1])) us, wait \(d[7] / max(1, d[0])) us"
            )
        }
        periodBegan = now
    }
}
