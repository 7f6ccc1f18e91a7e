/// What the cluster's other pools have said of their marks.
public struct OtherPools: Sendable {
    struct Pool: Sendable {
        var life: UInt64 = 0
        var sequence: UInt64 = 0
        var heardAt: Duration?
        var isEverything = false
        var pending: [MarkKey] = []
    }

    /// After so long without a word from one of them nobody knows what was written through it: reads go to the primary.
    public var silence: Duration = .milliseconds(500)
    private(set) var pools: [UInt8: Pool] = [:]

    /// Whether one that should be there says nothing.
    func areUnheard(at now: Duration) -> Bool {
        for (_, pool) in pools {
            guard let heardAt = pool.heardAt, now - heardAt <= silence else { return true }
        }
        return false
    }

    /// Whether a write with this key is under way through one of them.
    func arePending(_ key: MarkKey) -> Bool {
        guard key.scope != .session else { return false }
        for (_, pool) in pools where pool.isEverything || pool.pending.contains(key) { return true }
        return false
    }

    /// Which pools there are; true if one is gone, whose last words may be missing.
    mutating func expect(_ numbers: [UInt8]) -> Bool {
        var isOneGone = false
        for number in pools.keys where !numbers.contains(number) {
            pools[number] = nil
            isOneGone = true
        }
        for number in numbers where pools[number] == nil { pools[number] = Pool() }
        return isOneGone
    }

    mutating func epochBegan() {
        for number in pools.keys {
            pools[number]?.pending = []
            pools[number]?.isEverything = false
        }
    }

    /// Takes a snapshot of this epoch. Nil: it is an old one, or of nobody; else whether something was missed before it.
    mutating func take(_ snapshot: MarkSnapshot, at now: Duration) -> Bool? {
        guard var pool = pools[snapshot.pool] else { return nil }
        let isNew = pool.heardAt == nil || pool.life != snapshot.life
        guard isNew || snapshot.sequence > pool.sequence else { return nil }
        let missed = isNew || pool.sequence < snapshot.since
        pool.life = snapshot.life
        pool.sequence = snapshot.sequence
        pool.heardAt = now
        pool.isEverything = snapshot.isEverything
        pool.pending = snapshot.entries.filter { $0.offset == 0 }.map { $0.key }
        pools[snapshot.pool] = pool
        return missed
    }

    /// One of an older epoch: the pool lives, no more.
    mutating func heard(_ pool: UInt8, at now: Duration) {
        if pools[pool]?.heardAt != nil { pools[pool]?.heardAt = now }
    }
}
