import PostgreSQLWire

@testable import Pool

/// One session of a PostgreSQL, or what wants to become one: messages in, messages out, as the protocol's flow says
/// (PostgreSQL 15 manual, 55.2). The language is small, see `perform`.
final class PostgresSession: WirePeer {
    enum Phase { case startup, running, sleeping, over }

    let wire: Wire
    let model: PostgresModel
    var phase = Phase.startup
    private(set) var process: Int32 = 0
    private(set) var secret: [UInt8] = []
    private var input = MessageCutter()
    /// What is not flushed yet.
    private var output: [UInt8] = []

    var transaction: Character = "I"
    var settings = PostgresSettings()
    /// As they were when the transaction began.
    var before = PostgresSettings()
    /// As the session began.
    var initial = PostgresSettings()
    private var told = PostgresSettings()

    var statements: [String: String] = [:]
    var portals: [String: Portal] = [:]
    var channels: Set<String> = []
    private var skipsToSync = false
    /// Statements of a simple query that are still to be carried out; nil: none is under way.
    private var rest: [String]?
    var copy: Copy?
    /// What a statement that sleeps answers.
    var dream = ""

    struct Portal {
        var text: String
        var values: [String]
        /// Rows that were given out.
        var given = 0
    }

    /// COPY FROM STDIN.
    struct Copy {
        var bytes = 0
        var rows = 0
        /// It fails after so many bytes.
        var limit: Int?
    }

    init(_ wire: Wire, _ model: PostgresModel) {
        self.wire = wire
        self.model = model
        model.connections += 1
    }

    /// Whether it reads from its connection.
    var reads: Bool { phase != .sleeping }

    func receive(_ bytes: [UInt8]) {
        guard phase != .over else { return }
        input.append(bytes)
        work()
    }

    func closed() { leave() }

    /// Dies without a word.
    func crash() {
        leave()
        wire.peerEnded = .some(nil)
    }

    private func leave() {
        guard phase != .over else { return }
        phase = .over
        model.connections -= 1
        if model.sessions[process] === self { model.sessions[process] = nil }
    }

    /// FATAL, and the connection ends.
    func fatal(_ code: String, _ text: String) {
        guard phase != .over else { return }
        BackendWriter.error(ServerMessage(severity: "FATAL", code: code, text: text), to: &output)
        flush()
        crash()
    }

    private func work() {
        while phase == .startup, let body = input.nextUntyped() { begin(body) }
        while phase == .running, let (type, body) = input.next() { take(type, body) }
    }

    private func begin(_ body: ArraySlice<UInt8>) {
        var reader = BodyReader(body)
        let code = reader.number(4)
        if code == 80_877_102 {
            let process = Int32(truncatingIfNeeded: reader.number(4))
            phase = .over
            model.connections -= 1
            return model.cancel(process, Array(reader.body), on: wire)
        }
        if model.loginHangs { return }
        if let error = model.loginError { return fatal(error.code, error.text) }
        var parameters: [String: String] = [:]
        while let first = reader.body.first, first != 0 {
            let name = reader.string()
            parameters[name] = reader.string()
        }
        model.startups.append(parameters)
        for (name, value) in parameters where !["user", "database"].contains(name) {
            guard settings.set(name, value) else { return fatal("22023", "invalid value for \(name)") }
        }
        before = settings
        initial = settings
        told = settings
        model.lastProcess += 1
        process = model.lastProcess
        secret = [9, 9, UInt8(process >> 8 & 255), UInt8(process & 255)]
        phase = .running
        model.enter(self)
        BackendWriter.authenticationOk(to: &output)
        for name in PostgresSettings.reported {
            BackendWriter.parameterStatus(name, settings.values[name] ?? "", to: &output)
        }
        if model.isStandby { BackendWriter.parameterStatus("in_hot_standby", "on", to: &output) }
        BackendWriter.backendKeyData(process: process, secret: secret, to: &output)
        ready()
    }

    // MARK: answering

    func answer(_ write: (inout [UInt8]) -> Void) {
        write(&output)
        // PostgreSQL's own buffer (PqSendBuffer).
        if output.count >= 8192 { flush() }
    }

    func flush() {
        wire.incoming += output
        output = []
    }

    private func ready() {
        for name in PostgresSettings.reported where told.values[name] != settings.values[name] {
            BackendWriter.parameterStatus(name, settings.values[name] ?? "", to: &output)
        }
        told = settings
        let status: TransactionStatus = transaction == "I" ? .idle : transaction == "T" ? .open : .failed
        BackendWriter.readyForQuery(status, to: &output)
        flush()
    }

    /// An error, and what it does to the transaction and to what is under way.
    func fail(_ code: String, _ text: String) {
        BackendWriter.error(ServerMessage(severity: "ERROR", code: code, text: text), to: &output)
        flush()
        settings = before
        if transaction == "T" { transaction = "E" }
        copy = nil
        if rest != nil {
            rest = nil
            endTransactionIfImplicit()
            ready()
        } else {
            skipsToSync = true
        }
    }

    private func endTransactionIfImplicit() {
        guard transaction == "I" else { return }
        before = settings
        portals = [:]
    }

    // MARK: asking

    private func take(_ type: Character, _ body: ArraySlice<UInt8>) {
        if type == "X" { return crash() }
        if copy != nil { return takeCopy(type, body) }
        if skipsToSync, type != "S" { return }
        var reader = BodyReader(body)
        switch type {
        case "Q":
            rest = Self.split(reader.string())
            if rest?.isEmpty ?? true { answer { BackendWriter.emptyQueryResponse(to: &$0) } }
            goOn()
        case "P": parse(reader.string(), reader.string())
        case "B":
            let portal = reader.string()
            let name = reader.string()
            let formats = reader.number(2)
            reader.body = reader.body.dropFirst(2 * formats)
            let count = reader.number(2)
            bind(portal, name, (0..<count).map { _ in reader.text(reader.number(4)) })
        case "D":
            let isStatement = reader.number(1) == 0x53
            describe(isStatement, reader.string())
        case "E":
            let portal = reader.string()
            execute(portal, reader.number(4))
        case "C":
            let isStatement = reader.number(1) == 0x53
            let name = reader.string()
            if isStatement { statements[name] = nil } else { portals[name] = nil }
            answer { BackendWriter.closeComplete(to: &$0) }
        case "H": flush()
        case "S":
            skipsToSync = false
            endTransactionIfImplicit()
            ready()
        case "d", "c", "f": break
        default: fatal("08P01", "invalid frontend message type \(type)")
        }
    }

    /// Carries on with a simple query.
    private func goOn() {
        while let text = rest?.first {
            rest?.removeFirst()
            guard perform(text, []) else { return }
        }
        rest = nil
        endTransactionIfImplicit()
        ready()
    }

    private func takeCopy(_ type: Character, _ body: ArraySlice<UInt8>) {
        switch type {
        case "d":
            copy?.bytes += body.count
            copy?.rows += 1
            if let copy, let limit = copy.limit, copy.bytes > limit { fail("22P02", "invalid input syntax") }
        case "c":
            let rows = copy?.rows ?? 0
            copy = nil
            answer { BackendWriter.commandComplete("COPY \(rows)", to: &$0) }
            if rest != nil { goOn() }
        case "f": fail("57014", "COPY from stdin failed")
        // As while a COPY runs in PostgreSQL (copyfromparse.c, CopyGetData).
        case "H", "S": break
        default: fail("08P01", "unexpected message type during COPY from stdin")
        }
    }

    // MARK: extended protocol

    private func parse(_ name: String, _ text: String) {
        guard mayRun(text) else { return }
        if text.hasPrefix("SYNTAX") || text == ")" { return fail("42601", "syntax error") }
        if !name.isEmpty, statements[name] != nil {
            return fail("42P05", "prepared statement \"\(name)\" already exists")
        }
        statements[name] = text
        answer { BackendWriter.parseComplete(to: &$0) }
    }

    private func bind(_ portal: String, _ name: String, _ values: [String]) {
        guard let text = statements[name] else {
            return fail("26000", "prepared statement \"\(name)\" does not exist")
        }
        guard mayRun(text) else { return }
        portals[portal] = Portal(text: text, values: values)
        answer { BackendWriter.bindComplete(to: &$0) }
    }

    private func describe(_ isStatement: Bool, _ name: String) {
        guard let text = isStatement ? statements[name] : portals[name]?.text else {
            return fail(isStatement ? "26000" : "34000", "\"\(name)\" does not exist")
        }
        let columns = Self.columns(of: text)
        if !columns.isEmpty, !mayRun(text) { return }
        if isStatement { answer { BackendWriter.parameterDescription(to: &$0) } }
        answer {
            columns.isEmpty
                ? BackendWriter.noData(to: &$0)
                : BackendWriter.rowDescription(columns.map { ColumnDescription($0) }, to: &$0)
        }
    }

    private func execute(_ name: String, _ limit: Int) {
        guard let portal = portals[name] else { return fail("34000", "portal \"\(name)\" does not exist") }
        guard mayRun(portal.text) else { return }
        if limit > 0, let (count, size) = Self.rows(portal.text) {
            let more = min(limit, count - portal.given)
            row(times: more, size)
            portals[name]?.given += more
            if portal.given + more < count { return answer { BackendWriter.portalSuspended(to: &$0) } }
            return answer { BackendWriter.commandComplete("SELECT \(more)", to: &$0) }
        }
        _ = perform(portal.text, portal.values)
    }

    /// Whether a statement may run in a transaction that has failed; says so otherwise.
    func mayRun(_ text: String) -> Bool {
        guard transaction == "E", text != "ROLLBACK", text != "COMMIT" else { return true }
        fail("25P02", "current transaction is aborted, commands ignored until end of transaction block")
        return false
    }

    // MARK: sleep

    /// A statement that sleeps ends.
    func wake() {
        guard phase == .sleeping else { return }
        phase = .running
        if rest != nil { answer { BackendWriter.rowDescription([ColumnDescription("dream")], to: &$0) } }
        answer { BackendWriter.dataRow([self.dream], to: &$0) }
        answer { BackendWriter.commandComplete("SELECT 1", to: &$0) }
        if rest != nil { goOn() }
        work()
    }

    /// False: nothing was there to be cancelled.
    func cancel() -> Bool {
        guard phase == .sleeping else { return false }
        phase = .running
        fail("57014", "canceling statement due to user request")
        work()
        return true
    }

    var isSimple: Bool { rest != nil }
}
