/// Whose reads must see a write.
public enum MarkScope: UInt8, Sendable {
    /// The session that wrote: enough for applications with lasting connections.
    case session
    /// All sessions of the user in the database: for applications that connect anew for each page, as PHP's do.
    case user
    /// All sessions of the database.
    case database
}

/// The name of a mark. Names are hashed: where two share a mark, reads wait for more than they need, never for less.
public struct MarkKey: Sendable, Hashable {
    /// Whose.
    public var scope: MarkScope
    /// A session's number in this process, or a hash of names that is the same on every node.
    public var value: UInt64

    /// A key as it came from another pool.
    public init(scope: MarkScope, value: UInt64) {
        self.scope = scope
        self.value = value
    }

    /// The mark of one session of this pool.
    public static func session(_ number: UInt64) -> MarkKey { MarkKey(scope: .session, value: number) }

    /// The mark of a user in a database.
    public static func user(_ user: some Collection<UInt8>, database: some Collection<UInt8>) -> MarkKey {
        MarkKey(scope: .user, value: hash(user, hash([0], hash(database))))
    }

    /// The mark of a database.
    public static func database(_ database: some Collection<UInt8>) -> MarkKey {
        MarkKey(scope: .database, value: hash(database))
    }

    /// FNV-1a
    private static func hash(_ bytes: some Collection<UInt8>, _ start: UInt64 = 0xCBF2_9CE4_8422_2325)
        -> UInt64
    {
        var hash = start
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash
    }
}
