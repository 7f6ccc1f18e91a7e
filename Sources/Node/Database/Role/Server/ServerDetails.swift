import Database

/// What a running PostgreSQL says of itself.
struct ServerDetails {
    /// A standby as its primary sees it.
    struct Follower {
        var member: MemberID
        var flushed: UInt64
        var replayed: UInt64
        /// `streaming`, `catchup` …
        var state: String
        /// `quorum`, `async` …
        var synchronous: String
        /// Until it has replayed what the primary wrote, in milliseconds; nil: nothing to tell.
        var lag: Int64?
        /// The walsender's process.
        var process: Int
    }

    /// A replication slot.
    struct Slot {
        var name: String
        var isActive: Bool
        /// Bytes of log that it keeps.
        var retained: Int64
    }

    var isInRecovery = true
    /// Replayed by a standby, flushed by a primary.
    var offset: UInt64 = 0
    /// What a standby's receiver has flushed.
    var received: UInt64 = 0
    /// The receiver's timeline; a primary's own.
    var timeline: UInt32?
    /// There is a receiver, connected or not.
    var hasReceiver = false
    /// It streams.
    var isReceiving = false
    /// What recovery waits for.
    var recoveryWait = ""
    /// Sessions that wait for a standby's confirmation.
    var waiting = 0
    var followers: [Follower] = []
    /// Since a standby has replayed the last transaction it knows of, in milliseconds.
    var replayAge: Int64?

    /// Recovery has gone through all that there is, and looks for more now and then.
    var isAtEnd: Bool { recoveryWait == "RecoveryRetrieveRetryInterval" }

    /// Recovery from a backup has reached what was asked for.
    var isPaused: Bool { recoveryWait == "RecoveryPause" }

    static let query = """
        SELECT 'server', pg_is_in_recovery(), \
        CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END, \
        CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() END, \
        CASE WHEN pg_is_in_recovery() THEN NULL ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END, \
        (extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::bigint; \
        SELECT 'process', backend_type, wait_event FROM pg_stat_activity \
        WHERE backend_type IN ('startup', 'walreceiver') OR wait_event = 'SyncRep'; \
        SELECT 'receiver', status, received_tli FROM pg_stat_wal_receiver; \
        SELECT 'follower', application_name, flush_lsn, replay_lsn, state, sync_state, \
        (extract(epoch FROM replay_lag) * 1000)::bigint, pid FROM pg_stat_replication \
        WHERE application_name LIKE 'pidep\\_%' AND NOT pg_is_in_recovery()
        """

    init() {}

    /// From the rows of `query`.
    init(_ rows: [[String?]]) {
        for row in rows {
            func text(_ index: Int) -> String { index < row.count ? row[index] ?? "" : "" }
            switch text(0) {
            case "server":
                isInRecovery = text(1) == "t"
                offset = LSN.offset(Array(text(2).utf8)) ?? 0
                received = LSN.offset(Array(text(3).utf8)) ?? 0
                if !isInRecovery { timeline = LSN.number(Array(text(4).utf8)).map { UInt32($0) } }
                replayAge = Int64(text(5))
            case "process":
                if text(1) == "startup" { recoveryWait = text(2) }
                if text(1) == "walreceiver" { hasReceiver = true }
                if text(2) == "SyncRep" { waiting += 1 }
            case "receiver":
                isReceiving = text(1) == "streaming"
                timeline = UInt32(text(2))
            case "follower":
                guard let member = ClusterRole.member(text(1)) else { continue }
                followers.append(
                    Follower(
                        member: member, flushed: LSN.offset(Array(text(2).utf8)) ?? 0,
                        replayed: LSN.offset(Array(text(3).utf8)) ?? 0, state: text(4), synchronous: text(5),
                        lag: Int64(text(6)), process: Int(text(7)) ?? 0))
            default: break
            }
        }
    }
}
