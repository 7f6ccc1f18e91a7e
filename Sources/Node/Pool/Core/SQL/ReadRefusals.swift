/// Names that no proof accepts, whatever the catalogue says of them.
extension StatementClassifier {
    /// Whether a function may be called by a read at all; then its volatility decides.
    ///
    /// What speaks of the server, the session or a sequence gives another answer on a standby although much of it is marked
    /// stable (pg_backend_pid, current_setting, txid_current in PostgreSQL 15).
    func mayBeRead(function name: SQLName) -> Bool {
        if name.name.isUncertain(in: text) { return false }
        if let schema = name.schema {
            if schema.isUncertain(in: text) || schema.begins("pg_temp", in: text) { return false }
        }
        for prefix in Self.ownAnswers where name.name.begins(prefix, in: text) { return false }
        return true
    }

    /// Whether a relation may be read on a standby at all; then its kind decides. Catalogues say other things there.
    func mayBeRead(relation name: SQLName) -> Bool {
        if name.name.isUncertain(in: text) || name.name.begins("pg_", in: text) { return false }
        if let schema = name.schema {
            if schema.isUncertain(in: text) || schema.begins("pg_", in: text)
                || schema.equals("information_schema", in: text)
            {
                return false
            }
        }
        return true
    }

    private static let ownAnswers: [StaticString] = [
        "pg_", "txid_", "nextval", "setval", "currval", "lastval", "set_config", "setseed", "current_setting",
        "inet_server_", "lo_", "dblink", "set_limit",
    ]
}
