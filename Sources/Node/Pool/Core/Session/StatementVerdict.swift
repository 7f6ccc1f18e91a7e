import Languages
import PostgreSQLWire

/// What a statement leaves in its session, which a pool in transaction mode must not lose or hand to another client.
extension Pooler {
    /// A longer text is not read for what it leaves. In bytes.
    static let classifyLimit = 64 * 1024

    /// Whether statements of this pool are read.
    @inline(__always)
    func reads(_ pool: ServerPool) -> Bool {
        pool.mode != .session
    }

    func dialect(of client: PoolClient) -> SQLDialect {
        SQLDialect(standardConformingStrings: client.parameters[Self.conformingStrings] != "off")
    }

    /// The place of `standard_conforming_strings` in `SessionParameters.standard`.
    private static let conformingStrings = 3

    /// What must happen with a text because of what it leaves behind; nil: nothing.
    func verdict(_ text: UnsafeRawBufferPointer, _ client: PoolClient, _ server: PoolServer) -> StateVerdict?
    {
        let statement = Statement.classify(text.bytes, dialect: dialect(of: client))
        client.lastStatement = InFlight(statement)
        if let use = statement.prepared, statement.count == 1 {
            switch use {
            case .execute(let name), .deallocate(let name):
                let known = name.folded(in: text.bytes)
                if let query = client.statements[known] {
                    if case .deallocate = use { return .deallocate(name, known, query) }
                    return .execute(name, query)
                }
            case .prepare, .deallocateAll: break
            }
        }
        guard !server.isPinned, let feature = feature(of: statement, text) else { return nil }
        switch configuration.sessionFeatures {
        case .allow: return nil
        case .pin: return .pin(feature)
        case .refuse: return .refuse(feature)
        }
    }

    /// What a statement does that outlives its transaction, in words; nil: nothing.
    private func feature(of statement: Statement, _ text: UnsafeRawBufferPointer) -> String? {
        let left = statement.effects.intersection(.pins)
        if left.contains(.listen) { return "LISTEN" }
        if left.contains(.advisoryLock) { return "an advisory lock of the session" }
        if left.contains(.temporary) { return "a temporary table" }
        if left.contains(.holdCursor) { return "a cursor WITH HOLD" }
        if left.contains(.prepares) { return "PREPARE" }
        if left.contains(.role) { return "SET ROLE or SET SESSION AUTHORIZATION" }
        if left.contains(.settingByFunction) { return "set_config()" }
        if left.contains(.load) { return "LOAD" }
        if !left.isEmpty { return "state of the session" }
        guard statement.effects.contains(.setting) else { return nil }
        for setting in statement.settings {
            let name = String(decoding: setting.name.folded(in: text.bytes), as: UTF8.self)
            if setting.schema == nil, names.index(of: name) != nil || name == "names" || name == "time" {
                continue
            }
            return "SET \(name)"
        }
        return nil
    }

    /// A server stays with its client from now on.
    func pin(_ server: PoolServer, _ client: PoolClient, _ feature: String) {
        server.isPinned = true
        log(.debug, client, "keeps its server connection, because of \(feature)")
    }

    /// Lets a request fail on the server, so that its transaction fails, too, and has the client told `error` in place of what the
    /// server says. `isSimple`: a Query, else a Parse or a Bind.
    func failInstead(_ error: ServerMessage, _ client: PoolClient, _ server: PoolServer, isSimple: Bool) {
        guard !server.skipsToSync else { return }
        client.replacedErrors.append(error)
        // A right parenthesis begins no statement: PostgreSQL answers with a syntax error, whatever the transaction's state.
        let parenthesis = UInt8(ascii: ")")
        insert(to: server) { bytes in
            FrontendMessage.message(isSimple ? Ask.query : Ask.parse, to: &bytes) {
                // No name, the text, no types.
                $0.append(contentsOf: isSimple ? [parenthesis, 0] : [0, parenthesis, 0, 0, 0])
            }
        }
        server.outstanding.append(isSimple ? .failingQuery : .failingParse)
    }

    /// What PostgreSQL says in a transaction that has failed.
    static let aborted = ServerMessage(
        severity: "ERROR", code: "25P02",
        text: "current transaction is aborted, commands ignored until end of transaction block")

    func refusal(of feature: String) -> ServerMessage {
        ServerMessage(
            severity: "ERROR", code: "0A000",
            text: "\(feature) is not possible in transaction pooling mode",
            hint: "It outlives its transaction, but the server connection does not stay with the client: "
                + "connect to a database with pool_mode = session, or set session_features = pin.")
    }
}

/// What is to be done about a statement's state.
enum StateVerdict {
    case pin(String)
    case refuse(String)
    /// EXECUTE and DEALLOCATE at SQL level of a statement that was prepared by the protocol: servers know it by another name.
    case execute(SQLName.Part, PreparedQuery)
    case deallocate(SQLName.Part, [UInt8], PreparedQuery)
}
