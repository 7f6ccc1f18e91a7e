/// What the pool must know about the text of a simple query or of a Parse before it chooses a server.
///
/// Of several statements in one text the effects are added up; `control` and `copy` are told only of a text that is one
/// statement, because the server answers for each and says itself how the transaction stands.
public struct Statement: Sendable, Equatable {
    /// How much is wanted to be known.
    public enum Purpose: Sendable {
        /// Transactions and the session's state: every text of a pool in transaction mode.
        case pinning
        /// Whether it may go to a standby, too, and what must be looked up for that.
        case routing
    }

    /// A use of a prepared statement at SQL level.
    public enum PreparedUse: Sendable, Equatable {
        /// PREPARE name
        case prepare(SQLName.Part)
        /// EXECUTE name, also under EXPLAIN or CREATE TABLE AS
        case execute(SQLName.Part)
        /// DEALLOCATE name
        case deallocate(SQLName.Part)
        /// DEALLOCATE ALL
        case deallocateAll
    }

    /// Data that flows between client and server, in COPY's own messages.
    public enum Copy: UInt8, Sendable {
        /// COPY … TO STDOUT
        case toClient
        /// COPY … FROM STDIN
        case fromClient
    }

    /// How many statements the text has; empty ones do not count. Zero is an empty query.
    public var count = 0
    /// The word that the first one begins with, if it is one that we know; a query in parentheses begins with its SELECT.
    public var verb = SQLKeyword.none
    /// What it does with the transaction, if it is the only statement.
    public var control: TransactionControl?
    /// What any of them does to the session.
    public var effects: SessionEffects = []
    /// Names of parameters that are set or reset at session level, in order. SET TIME ZONE, NAMES, SCHEMA and their kind
    /// have the word in place of the parameter's name.
    public var settings: [SQLName] = []
    /// The last use of a SQL-level prepared statement.
    public var prepared: PreparedUse?
    /// Which way data flow, if it is the only statement.
    public var copy: Copy?
    /// Whether any of them may put other functions or relations behind known names: CREATE, ALTER, DROP, and DO and CALL,
    /// which may do anything. Temporary relations are their session's own.
    public var changesSchema = false
    /// PostgreSQL's scanner would refuse it; so nothing of the text would be executed.
    public var isMalformed = false

    /// One plain read, provided that all of `functions` are not volatile and all of `relations` are ordinary permanent tables,
    /// which only the catalogue knows. Everything doubtful is false. Only for `Purpose.routing`.
    ///
    /// What a text cannot show: views and operators that call volatile functions, and columns that are functions (`row.f`).
    /// A standby refuses their writes, and the router tries again on the primary.
    public var isProvenRead = false
    /// Functions that it calls and that must be looked up, each call once.
    public var functions: [SQLName] = []
    /// What may be a relation that it reads; also names of WITH and some columns, which the catalogue does not have.
    public var relations: [SQLName] = []
    /// The same for texts that differ only in constants, blanks, comments and case. Only for `Purpose.routing`.
    public var fingerprint: UInt64 = 0

    /// Reads a text without its terminating zero.
    public static func classify(
        _ text: RawSpan, dialect: SQLDialect = SQLDialect(), for purpose: Purpose = .pinning
    ) -> Statement {
        var classifier = StatementClassifier(text, dialect, proving: purpose == .routing)
        classifier.run()
        return classifier.finish()
    }

    /// Reads a text without its terminating zero.
    public static func classify(
        _ text: [UInt8], dialect: SQLDialect = SQLDialect(), for purpose: Purpose = .pinning
    ) -> Statement {
        classify(text.span.bytes, dialect: dialect, for: purpose)
    }
}
