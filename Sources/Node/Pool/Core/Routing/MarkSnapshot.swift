/// What one pool tells the others about its marks: everything that matters now, so that a lost datagram is made good by the
/// next and an old one changes nothing.
public struct MarkSnapshot: Sendable, Equatable {
    /// One key.
    public struct Entry: Sendable, Equatable {
        /// Whose reads.
        public var key: MarkKey
        /// The place that they need; zero: a write is under way, and only the primary will do.
        public var offset: UInt64
    }

    /// The most that a datagram of 1,200 bytes has room for.
    public static let mostEntries = 64

    /// The pool's number in the cluster.
    public var pool: UInt8
    /// Another number each time that the pool's process starts.
    public var life: UInt64
    /// The epoch in which the offsets count.
    public var epoch: UInt64
    /// Counts this life's snapshots, from 1.
    public var sequence: UInt64
    /// Who has heard this snapshot, or a later one, misses nothing; who has not takes a floor.
    public var since: UInt64
    /// More writes are under way than have room: all keys count as written.
    public var isEverything: Bool
    /// No key twice.
    public var entries: [Entry]

    private static let form: UInt8 = 1

    /// The datagram, highest bytes first: form, pool, flag, life, epoch, sequence, since, count, and for each entry scope,
    /// value, offset.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = [Self.form, pool, isEverything ? 1 : 0]
        func add(_ value: UInt64) {
            for shift in stride(from: UInt64(56), through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: value >> shift))
            }
        }
        add(life)
        add(epoch)
        add(sequence)
        add(since)
        bytes.append(UInt8(truncatingIfNeeded: entries.count))
        for entry in entries {
            bytes.append(entry.key.scope.rawValue)
            add(entry.key.value)
            add(entry.offset)
        }
        return bytes
    }

    /// Reads a datagram; nil if it is anything else.
    public init?(_ bytes: [UInt8]) {
        let head = 36
        guard bytes.count >= head, bytes[0] == Self.form, bytes[2] <= 1 else { return nil }
        func number(_ at: Int) -> UInt64 {
            var value: UInt64 = 0
            for index in at..<(at + 8) { value = value << 8 | UInt64(bytes[index]) }
            return value
        }
        let count = Int(bytes[head - 1])
        guard count <= Self.mostEntries, bytes.count == head + count * 17 else { return nil }
        pool = bytes[1]
        isEverything = bytes[2] == 1
        life = number(3)
        epoch = number(11)
        sequence = number(19)
        since = number(27)
        guard since <= sequence else { return nil }
        entries = []
        for index in 0..<count {
            let at = head + index * 17
            guard let scope = MarkScope(rawValue: bytes[at]), scope != .session else { return nil }
            entries.append(
                Entry(key: MarkKey(scope: scope, value: number(at + 1)), offset: number(at + 9)))
        }
    }

    init(
        pool: UInt8, life: UInt64, epoch: UInt64, sequence: UInt64, since: UInt64, isEverything: Bool,
        entries: [Entry]
    ) {
        self.pool = pool
        self.life = life
        self.epoch = epoch
        self.sequence = sequence
        self.since = since
        self.isEverything = isEverything
        self.entries = entries
    }
}
