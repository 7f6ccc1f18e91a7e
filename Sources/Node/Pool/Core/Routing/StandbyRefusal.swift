/// What to do with an error that a standby answered to a read, before it sent any row.
public enum StandbyRefusal: Sendable, Equatable {
    /// The statement cannot be executed on a standby: the primary executes it, now and in the future.
    case notOnStandby
    /// The standby could not, this time: replay needed what the read was looking at, or the server is going.
    case notNow
    /// The client's own error.
    case none

    /// Judges by SQLSTATE; texts are translated.
    public init(sqlState: some Collection<UInt8>) {
        self = .none
        for (code, refusal) in Self.refusals where sqlState.elementsEqual(code.utf8) { self = refusal }
    }

    /// PostgreSQL 15 manual, appendix A and 27.4; what a standby says was tried with 15.
    private static let refusals: [(String, StandbyRefusal)] = [
        // cannot execute … in a read-only transaction, during recovery
        ("25006", .notOnStandby),
        // cannot access temporary or unlogged relations during recovery; cannot use serializable mode in a hot standby
        ("0A000", .notOnStandby),
        // recovery is in progress: functions about the log's writing
        ("55000", .notOnStandby),
        // canceling statement due to conflict with recovery; a read by itself has no other serialization failure
        ("40001", .notNow),
        // the same when a buffer is waited for in a circle
        ("40P01", .notNow),
        // the server shuts down, its process crashed, it starts; its database was dropped
        ("57P01", .notNow), ("57P02", .notNow), ("57P03", .notNow), ("57P04", .notNow),
    ]
}

/// Texts that a standby refused, by fingerprint. Two of one fingerprint go to the primary together, which is no mistake.
public struct RefusedTexts: Sendable {
    private var ring: [UInt64] = []
    private var next = 0
    private var known: Set<UInt64> = []
    private let capacity: Int

    /// Remembers so many; the oldest is forgotten, and tried again.
    public init(capacity: Int = 1024) { self.capacity = max(1, capacity) }

    /// Whether a standby has refused such a text.
    public func contains(_ fingerprint: UInt64) -> Bool { known.contains(fingerprint) }

    /// A standby has refused it.
    public mutating func insert(_ fingerprint: UInt64) {
        guard known.insert(fingerprint).inserted else { return }
        if ring.count < capacity {
            ring.append(fingerprint)
        } else {
            known.remove(ring[next])
            ring[next] = fingerprint
            next = (next + 1) % capacity
        }
    }
}
