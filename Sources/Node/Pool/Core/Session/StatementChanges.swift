/// A client has given a name to a prepared query, or taken it away, and the server has not come to it yet: behind an error it
/// never will.
struct StatementChange {
    var name: [UInt8]
    /// What had the name; still counts as used.
    var before: PreparedQuery?
    /// What has it now.
    var after: PreparedQuery?
}

/// A client's prepared statements while requests are under way: PostgreSQL does nothing of what follows an error up to the next
/// Sync, and neither must the pool.
extension Pooler {
    /// The longest pending change has happened.
    func settle(_ client: PoolClient) {
        guard !client.changes.isEmpty else { return }
        let change = client.changes.removeFirst()
        if change.after == nil, let before = change.before { queries.release(before) }
    }

    /// The first `count` pending changes have not happened.
    func undo(_ count: Int, _ client: PoolClient) {
        guard count > 0 else { return }
        // What was changed behind the Sync must not be changed back.
        let later = client.changes.dropFirst(count)
        /// What lost its name and does not get it back.
        var lost: [[UInt8]: PreparedQuery] = [:]
        for change in client.changes.prefix(count).reversed() {
            let isChangedLater = later.contains { $0.name == change.name }
            if let after = change.after {
                // A Close behind the Sync may hold what it took the name from.
                if !later.contains(where: { $0.name == change.name && $0.before === after }) {
                    queries.release(after)
                }
                lost[change.name] = nil
            } else if isChangedLater {
                lost[change.name] = change.before
            }
            if !isChangedLater { client.statements[change.name] = change.before }
        }
        for query in lost.values { queries.release(query) }
        client.changes = Array(later)
    }

    /// `DISCARD ALL` has happened: what the client has changed since it was sent stays.
    func forgetStatementsSoFar(of client: PoolClient) {
        var kept: [[UInt8]: PreparedQuery] = [:]
        for index in client.changes.indices {
            let change = client.changes[index]
            if change.after == nil, let before = change.before, kept[change.name] !== before {
                queries.release(before)
                client.changes[index].before = nil
            }
            kept[change.name] = change.after
        }
        for (name, query) in client.statements where kept[name] !== query { queries.release(query) }
        client.statements = kept
    }

    /// The client is gone.
    func forgetStatements(of client: PoolClient) {
        for query in client.statements.values { queries.release(query) }
        for change in client.changes where change.after == nil {
            if let before = change.before { queries.release(before) }
        }
        client.statements = [:]
        client.changes = []
    }
}
