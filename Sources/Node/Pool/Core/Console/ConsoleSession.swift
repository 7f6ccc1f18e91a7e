import Languages
import PostgreSQLWire

/// What the console remembers of one client: the commands that it prepared, and whether it waits for an answer.
final class ConsoleSession {
    /// May it do everything, or only look?
    let isAdministrator: Bool
    var statements: [[UInt8]: String] = [:]
    var portals: [[UInt8]: String] = [:]
    /// An error was told in the extended protocol: all up to the next Sync is ignored.
    var skipsToSync = false
    /// A command is not answered yet; the next one waits.
    var isGathering = false

    /// So many commands may be prepared at a time.
    static let limit = 64

    init(isAdministrator: Bool) { self.isAdministrator = isAdministrator }
}

/// The console's wire protocol, simple and extended: commands have no parameters, answers are text.
extension Pooler {
    /// A message for the console may be so long. In bytes.
    static let consoleLimit = 64 * 1024

    func takeConsole(_ bytes: UnsafeRawBufferPointer, from client: PoolClient) -> Int {
        var at = 0
        client.lastActiveAt = now
        while bytes.count - at >= MessageHeader.size, !client.isClosed, client.console?.isGathering == false {
            guard let header = MessageHeader(bytes, at: at, limit: Self.consoleLimit) else {
                refuse(client, "08P01", "a message for the console is too long or broken")
                return bytes.count
            }
            guard bytes.count - at >= header.total else { break }
            let body = UnsafeRawBufferPointer(
                rebasing: bytes[(at + MessageHeader.size)..<(at + header.total)])
            at += header.total
            take(header.type, body, client)
        }
        return at
    }

    private func take(_ type: UInt8, _ body: UnsafeRawBufferPointer, _ client: PoolClient) {
        guard let console = client.console else { return }
        if type == Ask.terminate { return clientEnded(client, "client close request") }
        if type == Ask.sync {
            console.skipsToSync = false
            return say(to: client) { BackendWriter.readyForQuery(.idle, to: &$0) }
        }
        if console.skipsToSync { return }
        switch type {
        case Ask.query:
            guard let text = Self.string(body, 0) else {
                return refuse(client, "08P01", "broken query message")
            }
            run(String(decoding: text, as: UTF8.self), client, isSimple: true)
        case Ask.parse:
            guard let name = Self.string(body, 0), let text = Self.string(body, name.count + 1) else {
                return refuse(client, "08P01", "broken Parse message")
            }
            guard console.statements.count < ConsoleSession.limit else {
                return fail(
                    client, "54000", "more than \(ConsoleSession.limit) prepared commands", isSimple: false)
            }
            console.statements[Array(name)] = String(decoding: text, as: UTF8.self)
            say(to: client) { BackendWriter.parseComplete(to: &$0) }
        case Ask.bind:
            guard let portal = Self.string(body, 0), let name = Self.string(body, portal.count + 1) else {
                return refuse(client, "08P01", "broken Bind message")
            }
            guard let text = console.statements[Array(name)] else { return missing(client, name) }
            guard console.portals.count < ConsoleSession.limit || portal.isEmpty else {
                return fail(client, "54000", "more than \(ConsoleSession.limit) portals", isSimple: false)
            }
            console.portals[Array(portal)] = text
            say(to: client) { BackendWriter.bindComplete(to: &$0) }
        case Ask.describe: describe(body, client, console)
        case Ask.execute:
            guard let portal = Self.string(body, 0) else {
                return refuse(client, "08P01", "broken Execute message")
            }
            guard let text = console.portals[Array(portal)] else { return missing(client, portal) }
            run(text, client, isSimple: false)
        case Ask.close:
            guard let kind = body.first, let name = Self.string(body, 1) else {
                return refuse(client, "08P01", "broken Close message")
            }
            if kind == UInt8(ascii: "S") {
                console.statements[Array(name)] = nil
            } else {
                console.portals[Array(name)] = nil
            }
            say(to: client) { BackendWriter.closeComplete(to: &$0) }
        case Ask.flush: break
        default: refuse(client, "08P01", "the console does not know this message")
        }
    }

    private func missing(_ client: PoolClient, _ name: UnsafeRawBufferPointer) {
        fail(
            client, "26000",
            "prepared statement \"\(String(decoding: name, as: UTF8.self))\" does not exist", isSimple: false)
    }

    private func describe(_ body: UnsafeRawBufferPointer, _ client: PoolClient, _ console: ConsoleSession) {
        guard let kind = body.first, let name = Self.string(body, 1) else {
            return refuse(client, "08P01", "broken Describe message")
        }
        let isStatement = kind == UInt8(ascii: "S")
        guard let text = isStatement ? console.statements[Array(name)] : console.portals[Array(name)] else {
            return missing(client, name)
        }
        say(to: client) { bytes in
            if isStatement { BackendWriter.parameterDescription(to: &bytes) }
            if case .show(let what) = ConsoleCommand(text), let table = table(of: what, columnsOnly: true) {
                BackendWriter.rowDescription(table.columns, to: &bytes)
            } else {
                BackendWriter.noData(to: &bytes)
            }
        }
    }

    /// Runs a command and answers; a simple query ends with ReadyForQuery.
    private func run(_ text: String, _ client: PoolClient, isSimple: Bool) {
        guard let console = client.console else { return }
        let command = ConsoleCommand(text)
        guard console.isAdministrator || command.onlyLooks else {
            return fail(client, "42501", "admin access needed", isSimple: isSimple)
        }
        switch command {
        case .empty:
            say(to: client) { bytes in
                BackendWriter.emptyQueryResponse(to: &bytes)
                if isSimple { BackendWriter.readyForQuery(.idle, to: &bytes) }
            }
        case .unknown(let problem): fail(client, "42601", problem, isSimple: isSimple)
        case .help:
            say(to: client) { bytes in
                BackendWriter.notice(
                    ServerMessage(
                        severity: "NOTICE", code: "00000", text: "Console usage", detail: Self.help),
                    to: &bytes)
            }
            complete(command.tag, client, isSimple: isSimple)
        case .show(let what):
            guard table(of: what, columnsOnly: true) != nil else {
                return fail(client, "42601", "invalid command '\(text)', use SHOW HELP;", isSimple: isSimple)
            }
            gather(command, text, client, isSimple: isSimple)
        // The role does these for all workers.
        case .reload, .shutdown(.now):
            if case .failed(let code, let problem) = act(on: command) {
                fail(client, code, problem, isSimple: isSimple)
            } else {
                complete(command.tag, client, isSimple: isSimple)
            }
        default: gather(command, text, client, isSimple: isSimple)
        }
    }

    func complete(_ tag: String, _ client: PoolClient, isSimple: Bool) {
        // It may have ended itself: KILL_CLIENT.
        guard !client.isClosed else { return }
        say(to: client) { bytes in
            BackendWriter.commandComplete(tag, to: &bytes)
            if isSimple { BackendWriter.readyForQuery(.idle, to: &bytes) }
        }
    }

    func fail(_ client: PoolClient, _ code: String, _ problem: String, isSimple: Bool) {
        say(to: client) { bytes in
            BackendWriter.error(ServerMessage(severity: "ERROR", code: code, text: problem), to: &bytes)
            if isSimple { BackendWriter.readyForQuery(.idle, to: &bytes) }
        }
        if !isSimple { client.console?.skipsToSync = true }
    }

    /// Greets a client of the console, which pretends to be a server of this version.
    func openConsole(_ client: PoolClient, isAdministrator: Bool) {
        client.console = ConsoleSession(isAdministrator: isAdministrator)
        client.state = .console
        say(to: client) { bytes in
            BackendWriter.authenticationOk(to: &bytes)
            for (name, value) in [
                ("server_version", Self.consoleVersion), ("client_encoding", "UTF8"),
                ("server_encoding", "UTF8"),
                ("DateStyle", "ISO, YMD"), ("TimeZone", "GMT"), ("standard_conforming_strings", "on"),
                ("is_superuser", "on"), ("integer_datetimes", "on"),
            ] {
                BackendWriter.parameterStatus(name, value, to: &bytes)
            }
            BackendWriter.backendKeyData(process: 0, secret: [0, 0, 0, 0], to: &bytes)
            BackendWriter.readyForQuery(.idle, to: &bytes)
        }
    }

    /// Its console is that of this version.
    static let consoleVersion = "1.25.0/pinode"

    private static let help = """

        \tSHOW HELP|CONFIG|DATABASES|POOLS|CLIENTS|SERVERS|USERS|VERSION
        \tSHOW PEERS|PEER_POOLS
        \tSHOW FDS|SOCKETS|ACTIVE_SOCKETS|LISTS|MEM|STATE
        \tSHOW DNS_HOSTS|DNS_ZONES
        \tSHOW STATS|STATS_TOTALS|STATS_AVERAGES|TOTALS
        \tSET key = arg
        \tRELOAD
        \tPAUSE [<db>]
        \tRESUME [<db>]
        \tDISABLE <db>
        \tENABLE <db>
        \tRECONNECT [<db>]
        \tKILL [<db>]
        \tKILL_CLIENT <client_id>
        \tSUSPEND
        \tSHUTDOWN
        \tSHUTDOWN WAIT_FOR_SERVERS|WAIT_FOR_CLIENTS
        \tWAIT_CLOSE [<db>]
        """
}
