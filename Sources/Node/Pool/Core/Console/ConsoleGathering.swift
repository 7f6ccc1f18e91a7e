import PostgreSQLWire

/// What a command waits for before it is answered.
enum CommandWait {
    /// Until no client of these databases has a server; nil: of all.
    case pause(String?)
    case close(String?)
    case suspend
}

/// A command that all workers carry out, and whose answers become one.
final class Gathering {
    let client: (link: Link, number: UInt64)
    let tag: String
    let isSimple: Bool
    let name: String
    var missing: Int
    var table: ConsoleTable?
    var failure: (code: String, text: String)?
    var hasSucceeded = false

    init(_ client: PoolClient, _ command: ConsoleCommand, isSimple: Bool, workers: Int) {
        self.client = (client.link, client.number)
        tag = command.tag
        self.isSimple = isSimple
        missing = workers
        if case .show(let name) = command { self.name = name } else { name = "" }
    }
}

extension Pooler {
    /// Has all workers carry out a command, this one too.
    func gather(_ command: ConsoleCommand, _ text: String, _ client: PoolClient, isSimple: Bool) {
        let number = nextNumber()
        gatherings[number] = Gathering(client, command, isSimple: isSimple, workers: driver.workerCount)
        client.console?.isGathering = true
        tellOthers(.command(text, number: number, from: driver.workerIndex))
        perform(text, number, for: driver.workerIndex)
    }

    /// Carries out a command for a console of another worker's, or this one's.
    func perform(_ text: String, _ number: UInt64, for worker: Int) {
        let command = ConsoleCommand(text)
        if case .show(let name) = command {
            guard let table = table(of: name, columnsOnly: false) else { return }
            return answer(.table(table), number, to: worker)
        }
        switch act(on: command) {
        case .done: answer(.done, number, to: worker)
        case .failed(let code, let problem): answer(.failed(code: code, problem), number, to: worker)
        case .waits(let wait):
            commandsThatWait.append((wait: wait, number: number, worker: worker))
            wakeJanitor()
            lookAtWaitingCommands()
        }
    }

    func answer(_ content: ConsoleAnswer.Content, _ number: UInt64, to worker: Int) {
        let answer = ConsoleAnswer(content: content)
        if worker == driver.workerIndex {
            gather(answer, number)
        } else {
            driver.tell(worker, .answer(answer, number: number))
        }
    }

    /// One worker's part has come.
    func gather(_ answer: ConsoleAnswer, _ number: UInt64) {
        guard let gathering = gatherings[number] else { return }
        switch answer.content {
        case .table(let table):
            if gathering.table == nil {
                gathering.table = table
            } else {
                gathering.table?.add(table, gathering.name)
            }
        case .done: gathering.hasSucceeded = true
        case .failed(let code, let text): gathering.failure = (code, text)
        }
        gathering.missing -= 1
        guard gathering.missing == 0 else { return }
        gatherings[number] = nil
        guard let client = client(gathering.client.link, number: gathering.client.number) else { return }
        client.console?.isGathering = false
        if let table = gathering.table {
            say(to: client) { bytes in
                if gathering.isSimple { BackendWriter.rowDescription(table.columns, to: &bytes) }
                table.appendRows(to: &bytes)
            }
        }
        if let failure = gathering.failure, !gathering.hasSucceeded {
            fail(client, failure.code, failure.text, isSimple: gathering.isSimple)
        } else {
            complete(gathering.tag, client, isSimple: gathering.isSimple)
        }
        digestHeld(client)
    }
}

extension ConsoleTable {
    /// Adds another worker's rows: those of sessions stand behind one another, those of pools, databases and users become one.
    mutating func add(_ other: ConsoleTable, _ name: String) {
        switch name {
        case "clients", "servers", "sockets", "active_sockets", "fds": rows += other.rows
        case "config", "state", "version", "peers", "peer_pools", "dns_hosts", "dns_zones": break
        case "pools": merge(other, keys: 2) { $0 == "maxwait" || $0 == "maxwait_us" ? .largest : .sum }
        case "databases", "users": merge(other, keys: 1) { $0.hasPrefix("current_") ? .sum : .first }
        case "lists":
            let sums = ["used_clients", "login_clients", "used_servers"]
            for row in other.rows {
                guard let index = rows.firstIndex(where: { $0[0] == row[0] }) else { continue }
                rows[index][1] =
                    sums.contains(row[0] ?? "")
                    ? Self.sum(rows[index][1], row[1]) : Self.largest(rows[index][1], row[1])
            }
        case "mem": merge(other, keys: 1) { $0 == "size" ? .first : .sum }
        default:
            // Averages over time add up; those of a transaction are weighted by how many there were.
            mergeStatistics(other)
        }
    }

    private enum Rule {
        case sum
        case largest
        case first
    }

    private mutating func merge(_ other: ConsoleTable, keys: Int, _ rule: (String) -> Rule) {
        for row in other.rows {
            guard let index = rows.firstIndex(where: { $0[..<keys] == row[..<keys] }) else {
                rows.append(row)
                continue
            }
            for column in keys..<columns.count where columns[column].kind != .text {
                switch rule(columns[column].name) {
                case .sum: rows[index][column] = Self.sum(rows[index][column], row[column])
                case .largest: rows[index][column] = Self.largest(rows[index][column], row[column])
                case .first: break
                }
            }
        }
    }

    private mutating func mergeStatistics(_ other: ConsoleTable) {
        func place(_ suffix: String) -> Int? {
            columns.firstIndex { $0.name == "avg_" + suffix } ?? columns.firstIndex { $0.name == suffix }
        }
        for row in other.rows {
            guard let index = rows.firstIndex(where: { $0[0] == row[0] }) else {
                rows.append(row)
                continue
            }
            var mine = rows[index]
            for column in 1..<columns.count { mine[column] = Self.sum(mine[column], row[column]) }
            for (time, count) in [("xact_time", "xact_count"), ("query_time", "query_count")] {
                guard let time = place(time), let count = place(count), columns[time].name.hasPrefix("avg_")
                else {
                    continue
                }
                let weights = (Self.number(rows[index][count]), Self.number(row[count]))
                let whole =
                    Self.number(rows[index][time]) * weights.0 + Self.number(row[time]) * weights.1
                mine[time] = "\(whole / max(1, weights.0 + weights.1))"
            }
            rows[index] = mine
        }
    }

    private static func number(_ text: String?) -> Int64 { text.flatMap { Int64($0) } ?? 0 }
    private static func sum(_ a: String?, _ b: String?) -> String { "\(number(a) + number(b))" }
    private static func largest(_ a: String?, _ b: String?) -> String { "\(max(number(a), number(b)))" }
}
