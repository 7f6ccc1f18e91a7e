/// What is known of a statement that a server has not answered yet: for when the server dies before, or the client cancels.
enum InFlight: UInt8 {
    /// It ends a transaction by committing it, and does nothing else.
    case commit
    /// A transaction might be committed by it, or by what follows it in the same message.
    case mayCommit
    /// In a transaction that is open it commits nothing.
    case cannotCommit

    init(_ statement: Statement) {
        switch statement.control {
        case .commit, .prepareTransaction, .commitPrepared: self = .commit
        case .begin, .rollback(chain: _), .savepoint, .release, .rollbackToSavepoint, .setTransaction,
            .setCharacteristics, .rollbackPrepared:
            self = .cannotCommit
        case nil:
            self = statement.count > 1 || statement.effects.contains(.procedure) ? .mayCommit : .cannotCommit
        }
    }
}
