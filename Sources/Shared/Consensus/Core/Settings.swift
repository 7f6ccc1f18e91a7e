/// Times and bounds of a member; the same for all members of a cluster.
public struct Settings: Sendable, Equatable {
    /// A follower that hears nothing from its leader for one to two of these (drawn anew each time) stands for election; a
    /// leader that hears nothing from a majority for one steps down. Whole milliseconds, at least 10 one-way delays.
    public var electionTimeout: Duration
    /// A leader says so often that it is there. Whole milliseconds, at most a third of `electionTimeout`.
    public var heartbeatInterval: Duration
    /// So long a snapshot may be on its way to a member before it is sent again.
    public var snapshotTimeout: Duration
    /// A snapshot is taken after so many entries…
    public var snapshotEntries: Int
    /// …or after entries of so many bytes.
    public var snapshotBytes: Int
    /// Entries before a snapshot that are kept for members that are a little behind.
    public var trailingEntries: Int
    /// Entries that may be under way to a member without an answer.
    public var inflightEntries: Int
    /// A leader takes no new commands when a majority has less room on its disks, in KiB (at most 65535).
    public var reservedKiB: UInt16

    /// Bytes that a command may have.
    public static let commandLimit = 64 << 10
    /// Bytes that a snapshot's data may have.
    public static let snapshotLimit = 16 << 20
    /// Proposals that may wait for their outcome; more are refused.
    public static let proposalLimit = 1024

    /// The defaults fit a shelf of Pis on one switch.
    public init(
        electionTimeout: Duration = .milliseconds(500), heartbeatInterval: Duration = .milliseconds(100),
        snapshotTimeout: Duration = .seconds(30), snapshotEntries: Int = 1024, snapshotBytes: Int = 1 << 20,
        trailingEntries: Int = 128, inflightEntries: Int = 32, reservedKiB: UInt16 = 4096
    ) {
        self.electionTimeout = electionTimeout
        self.heartbeatInterval = heartbeatInterval
        self.snapshotTimeout = snapshotTimeout
        self.snapshotEntries = snapshotEntries
        self.snapshotBytes = snapshotBytes
        self.trailingEntries = trailingEntries
        self.inflightEntries = inflightEntries
        self.reservedKiB = reservedKiB
    }
}

extension Duration {
    /// Whole milliseconds, rounded down; 0 for what is negative.
    var wholeMilliseconds: UInt64 {
        let (seconds, attoseconds) = components
        return UInt64(max(0, seconds * 1000 + attoseconds / 1_000_000_000_000_000))
    }
}
