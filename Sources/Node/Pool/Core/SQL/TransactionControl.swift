/// What BEGIN, START TRANSACTION and SET TRANSACTION ask for. Of a thing said twice the last one counts, as in PostgreSQL.
public struct TransactionModes: Sendable, Equatable {
    /// Isolation levels; PostgreSQL treats READ UNCOMMITTED as READ COMMITTED.
    public enum Isolation: UInt8, Sendable {
        case readCommitted, repeatableRead, serializable
    }

    /// READ ONLY is true, READ WRITE is false, nil: as the session has it.
    public var readOnly: Bool?
    /// nil: as the session has it.
    public var isolation: Isolation?
    /// nil: as the session has it.
    public var deferrable: Bool?
    /// False: there was something that we do not know, so that none of the above may be relied on.
    public var understood = true

    /// Nothing asked for.
    public init() {}
}

/// A statement that begins, ends or divides a transaction.
public enum TransactionControl: Sendable, Equatable {
    /// BEGIN, START TRANSACTION
    case begin(TransactionModes)
    /// COMMIT, END; AND CHAIN begins the next one at once.
    case commit(chain: Bool)
    /// ROLLBACK, ABORT
    case rollback(chain: Bool)
    /// SAVEPOINT, RELEASE, ROLLBACK TO
    case savepoint, release, rollbackToSavepoint
    /// PREPARE TRANSACTION: the transaction is not the session's any more.
    case prepareTransaction
    /// COMMIT PREPARED, ROLLBACK PREPARED: of any session's.
    case commitPrepared, rollbackPrepared
    /// SET TRANSACTION: for the current one only.
    case setTransaction(TransactionModes)
    /// SET SESSION CHARACTERISTICS AS TRANSACTION: for all that follow, and so a session's state, too.
    case setCharacteristics(TransactionModes)
}
