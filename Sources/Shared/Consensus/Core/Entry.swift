/// What an entry of the log is for. The raw values are C-Raft's, on the wire and on disk.
public enum EntryKind: UInt8, Sendable {
    /// A command for the state machine.
    case command = 1
    /// Nothing: what a new leader commits first.
    case barrier = 2
    /// A new membership, encoded.
    case membership = 3
}

/// One entry of the log. Its index is its place.
public struct Entry: Sendable, Equatable {
    /// The term of the leader that made it; never 0.
    public var term: UInt64
    /// What it is for.
    public var kind: EntryKind
    /// A command's or a membership's bytes.
    public var data: [UInt8]

    /// An entry.
    public init(term: UInt64, kind: EntryKind, data: [UInt8]) {
        self.term = term
        self.kind = kind
        self.data = data
    }
}

/// The state of the machine after an entry, in place of all entries up to it.
public struct Snapshot: Sendable, Equatable {
    /// The last entry that it contains.
    public var index: UInt64
    /// That entry's term.
    public var term: UInt64
    /// The members as of that entry.
    public var membership: Membership
    /// The entry that made them so.
    public var membershipIndex: UInt64
    /// What the state machine wrote.
    public var data: [UInt8]

    /// A snapshot.
    public init(index: UInt64, term: UInt64, membership: Membership, membershipIndex: UInt64, data: [UInt8]) {
        self.index = index
        self.term = term
        self.membership = membership
        self.membershipIndex = membershipIndex
        self.data = data
    }
}

/// What a member finds on its disk when it starts.
public struct StoredState: Sendable, Equatable {
    /// The last term that was written, 0 at the very first start.
    public var term: UInt64
    /// Whom this member voted for in that term; 0 for nobody.
    public var votedFor: MemberID
    /// The newest snapshot.
    public var snapshot: Snapshot?
    /// The index of `entries`' first.
    public var firstIndex: UInt64
    /// Without a gap behind each other and behind the snapshot.
    public var entries: [Entry]

    /// What is there.
    public init(
        term: UInt64, votedFor: MemberID, snapshot: Snapshot? = nil, firstIndex: UInt64 = 1,
        entries: [Entry] = []
    ) {
        self.term = term
        self.votedFor = votedFor
        self.snapshot = snapshot
        self.firstIndex = firstIndex
        self.entries = entries
    }

    /// An empty disk: of a member that is to be taken into a cluster.
    public static let nothing = StoredState(term: 0, votedFor: 0)

    /// The disk of each of the first voters of a new cluster; the same on all of them.
    public static func founding(_ membership: Membership) -> StoredState {
        StoredState(
            term: 1, votedFor: 0, entries: [Entry(term: 1, kind: .membership, data: membership.encoded)])
    }

    /// The index of the last entry, or of the snapshot.
    public var lastIndex: UInt64 {
        max(snapshot?.index ?? 0, entries.isEmpty ? 0 : firstIndex + UInt64(entries.count) - 1)
    }
}

/// What must be on the disk before it is acknowledged, in the order in which it was asked for.
public enum Write: Sendable, Equatable {
    /// Term and vote. No message that is asked for later leaves before this is acknowledged.
    case vote(term: UInt64, votedFor: MemberID)
    /// All entries from this index on are void.
    case truncate(from: UInt64)
    /// Entries behind all others.
    case append(first: UInt64, [Entry])
    /// A snapshot; then entries before `keepFrom` may go.
    case snapshot(Snapshot, keepFrom: UInt64)
    /// A snapshot that replaces the whole log: the next entry is the one behind it.
    case replace(Snapshot)
}
