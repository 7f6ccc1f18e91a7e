/// What a statement does to its session, or wants of it, beyond the transaction: all that is lost, or found by another
/// client, when the server connection goes back to the pool after a transaction.
public struct SessionEffects: OptionSet, Sendable, Hashable {
    /// The set as bits.
    public let rawValue: UInt32

    /// A set of bits.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// SET or RESET of a parameter, not LOCAL; `Statement.settings` has the names.
    public static let setting = Self(rawValue: 1 << 0)
    /// set_config() whose last argument is not plainly `true`, or UPDATE pg_settings: SET without a name that we would see.
    public static let settingByFunction = Self(rawValue: 1 << 1)
    /// RESET ALL
    public static let resetAll = Self(rawValue: 1 << 2)
    /// SET ROLE, SET SESSION AUTHORIZATION and their RESET
    public static let role = Self(rawValue: 1 << 3)
    /// LISTEN
    public static let listen = Self(rawValue: 1 << 4)
    /// UNLISTEN
    public static let unlisten = Self(rawValue: 1 << 5)
    /// pg_advisory_lock and its kind; those that end with the transaction (…_xact_…) do not count.
    public static let advisoryLock = Self(rawValue: 1 << 6)
    /// pg_advisory_unlock, pg_advisory_unlock_all
    public static let advisoryUnlock = Self(rawValue: 1 << 7)
    /// CREATE TEMPORARY …, SELECT INTO TEMPORARY, anything that names the schema pg_temp.
    public static let temporary = Self(rawValue: 1 << 8)
    /// DECLARE … WITH HOLD: the cursor outlives its transaction.
    public static let holdCursor = Self(rawValue: 1 << 9)
    /// PREPARE name
    public static let prepares = Self(rawValue: 1 << 10)
    /// EXECUTE name, also inside EXPLAIN and CREATE TABLE AS
    public static let executes = Self(rawValue: 1 << 11)
    /// DEALLOCATE name
    public static let deallocates = Self(rawValue: 1 << 12)
    /// DEALLOCATE ALL
    public static let deallocatesAll = Self(rawValue: 1 << 13)
    /// DISCARD ALL: all of the session's state is gone.
    public static let discardsAll = Self(rawValue: 1 << 14)
    /// DISCARD TEMP, PLANS or SEQUENCES
    public static let discardsSome = Self(rawValue: 1 << 15)
    /// LOAD: a library stays in the server process.
    public static let load = Self(rawValue: 1 << 16)
    /// LOCK: ends with the transaction, and needs one.
    public static let tableLock = Self(rawValue: 1 << 17)
    /// DO, CALL: code that we do not see; it may commit by itself and do any of the above.
    public static let procedure = Self(rawValue: 1 << 18)
    /// setseed(), pg_replication_origin_session_setup(), dblink_connect() and their kind: small state in the session.
    public static let otherState = Self(rawValue: 1 << 19)
    /// CLOSE, FETCH or MOVE, which want a cursor that is there.
    public static let usesCursor = Self(rawValue: 1 << 20)

    /// What stays in the session so that its next transaction misses it elsewhere, except parameters, which a pool may
    /// follow by their ParameterStatus.
    public static let pins: Self = [
        .settingByFunction, .role, .listen, .advisoryLock, .temporary, .holdCursor, .prepares, .load,
        .otherState,
    ]
}
