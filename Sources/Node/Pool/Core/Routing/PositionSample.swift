/// Where a server's log was at a moment that lies after `askedAt`.
public struct PositionSample: Sendable, Equatable {
    /// Which node's server.
    public var node: UInt8
    /// The lease's epoch: of the primary, the one that it held when it was asked; of a standby, the one that it knew.
    public var epoch: UInt64
    /// The timeline that is written or replayed. Positions of two timelines are never compared.
    public var timeline: UInt32
    /// Of the primary, a place at or after every commit that it had made: `LogPosition.bound` of pg_current_wal_insert_lsn().
    /// Of a standby, pg_last_wal_replay_lsn().
    public var offset: UInt64
    /// A time of this pool's clock when the server had certainly not read its position yet. A sample that another node took
    /// says which of our beats it had heard before it asked; then this is when we sent that beat.
    public var askedAt: Duration

    /// A sample.
    public init(node: UInt8, epoch: UInt64, timeline: UInt32, offset: UInt64, askedAt: Duration) {
        self.node = node
        self.epoch = epoch
        self.timeline = timeline
        self.offset = offset
        self.askedAt = askedAt
    }
}

/// Places in the write-ahead log.
public enum LogPosition {
    /// An upper bound of all commits that a standby can reach: pg_current_wal_insert_lsn(), without a page header.
    ///
    /// The place of insertion and not the one flushed, because with `synchronous_commit = off` a commit is acknowledged before
    /// its record is flushed. At the beginning of a page it counts the page's header, which belongs to a record that is not
    /// there yet; a standby, which tells the ends of records, would not get there before the next one (24 bytes, 40 on a
    /// segment's first page: xlog_internal.h).
    public static func bound(insert offset: UInt64, segmentSize: UInt64) -> UInt64 {
        let inPage = offset % 8192
        let isFirst = segmentSize > 0 && (offset - inPage) % segmentSize == 0
        return inPage == (isFirst ? 40 : 24) ? offset - inPage : offset
    }
}
