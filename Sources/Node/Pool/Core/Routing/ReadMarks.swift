/// Reads see the writes before them: who wrote reads only from standbys that have replayed what the primary had when the
/// write's end was known here.
///
/// No transaction pays a query for that: positions of the primary are sampled all the time, and the first sample that was
/// asked for *after* the end is at or past the commit. Until it is there, the reads go to the primary.
///
/// Everything that is forgotten goes into a floor which holds for all, so that bounds and expiry make reads slower at worst.
/// A new epoch does the same: what was acknowledged before is in the new primary's log, and so before its first sample.
public struct ReadMarks: Sendable {
    /// What a read needs.
    public enum Need: Sendable, Equatable {
        /// A server whose log reaches this place; zero is any.
        case position(UInt64)
        /// Not known yet: only the primary is certain.
        case primary
    }

    private struct Mark: Sendable {
        /// The place up to which reads must see; zero if none is known.
        var offset: UInt64 = 0
        /// When the last write ended that no sample covers yet.
        var owedSince: Duration?
        /// When the last sample for it came.
        var resolvedAt: Duration = .zero
    }

    /// Marks that are kept at the same time.
    public let capacity: Int
    /// After this time a mark becomes part of the floor. Longer than any lag of a standby that is read from, so that the
    /// floor keeps nobody.
    public let expiry: Duration

    /// The lease's epoch that all places belong to.
    public private(set) var epoch: UInt64 = 0
    private var marks: [MarkKey: Mark] = [:]
    private var floor = Mark()
    /// Keys that wait for a sample; each is here once.
    private var owed = Backlog<MarkKey>()
    /// Keys with a place, by when they got it.
    private var resolved = Backlog<(key: MarkKey, at: Duration)>()
    /// Write transactions that are open here.
    private var open: [MarkKey: Int] = [:]
    /// The other pools' marks.
    public var others = OtherPools()
    /// What the other pools must be told.
    private var outbox = MarkOutbox()

    /// No write yet. The floor is owed: what was written before this pool began is not known.
    public init(capacity: Int = 16_384, expiry: Duration = .seconds(60), at now: Duration) {
        self.capacity = max(1, capacity)
        self.expiry = expiry
        floor.owedSince = now
    }

    /// Marks that are kept.
    public var count: Int { marks.count }

    /// A transaction's first statement that may write is about to be sent to the primary. True: the other pools must hear
    /// of it before that, by `snapshot`.
    public mutating func writeBegan(_ key: MarkKey) -> Bool {
        open[key, default: 0] += 1
        guard key.scope != .session else { return false }
        return outbox.pending(key)
    }

    /// That transaction is over as far as can be known: its end was read from the primary's connection, or the connection is
    /// lost. Whether it committed does not matter.
    public mutating func writeEnded(_ key: MarkKey, at now: Duration) {
        if let count = open[key] { open[key] = count > 1 ? count - 1 : nil }
        var mark = marks[key] ?? Mark()
        if mark.owedSince == nil { owed.append(key) }
        mark.owedSince = now
        marks[key] = mark
        if owed.count > capacity { raiseFloor(at: now) }
    }

    /// A session is gone, and nobody can read with its mark.
    public mutating func ended(session key: MarkKey) {
        guard key.scope == .session else { return }
        marks[key] = nil
        open[key] = nil
    }

    /// The primary's position, asked for at `askedAt`, in the present epoch.
    public mutating func sampled(_ sample: PositionSample, at now: Duration) {
        if let since = floor.owedSince, sample.askedAt >= since {
            floor.offset = max(floor.offset, sample.offset)
            floor.owedSince = nil
        }
        for _ in 0..<owed.count {
            guard let key = owed.first else { break }
            owed.removeFirst()
            guard var mark = marks[key], let since = mark.owedSince else { continue }
            guard sample.askedAt >= since else {
                owed.append(key)
                continue
            }
            mark.offset = max(mark.offset, sample.offset)
            mark.owedSince = nil
            mark.resolvedAt = now
            marks[key] = mark
            resolved.append((key, now))
            if key.scope != .session, open[key] == nil { outbox.resolved(key, at: mark.offset) }
        }
        expire(at: now)
    }

    /// A new epoch of the lease. Positions of the old one are worth nothing, and not needed.
    public mutating func epochBegan(_ epoch: UInt64, at now: Duration) {
        self.epoch = epoch
        marks = [:]
        owed = Backlog()
        resolved = Backlog()
        floor = Mark(offset: 0, owedSince: now)
        others.epochBegan()
        outbox.everythingChanged(stillOpen: sharedOpen)
    }

    /// What a read of someone with this key needs now.
    public func need(of key: MarkKey?, at now: Duration) -> Need {
        guard floor.owedSince == nil, !others.areUnheard(at: now) else { return .primary }
        var offset = floor.offset
        if let key {
            if let mark = marks[key] {
                guard mark.owedSince == nil else { return .primary }
                offset = max(offset, mark.offset)
            }
            guard !others.arePending(key) else { return .primary }
        }
        return .position(offset)
    }

    /// What the other pools must hear now: at once when `writeBegan` says so, else at every beat.
    public mutating func snapshot(pool: UInt8, life: UInt64) -> MarkSnapshot {
        outbox.snapshot(pool: pool, life: life, epoch: epoch)
    }

    /// Which other pools there are.
    public mutating func expect(pools: [UInt8], at now: Duration) {
        if others.expect(pools) { floor.owedSince = now }
    }

    /// What another pool says. False: it knows a newer epoch, which must begin here before its snapshot is taken.
    public mutating func merge(_ snapshot: MarkSnapshot, at now: Duration) -> Bool {
        guard snapshot.epoch <= epoch else { return false }
        guard snapshot.epoch == epoch else {
            // What it wrote in an older epoch is before the floor.
            others.heard(snapshot.pool, at: now)
            return true
        }
        guard let missed = others.take(snapshot, at: now) else { return true }
        if missed { floor.owedSince = now }
        for entry in snapshot.entries where entry.offset > 0 { raise(entry.key, to: entry.offset, at: now) }
        return true
    }

    private var sharedOpen: [MarkKey] { open.keys.filter { $0.scope != .session } }

    /// Too many keys wait: from now on every read needs what the primary has now. Keys with open writes stay known.
    private mutating func raiseFloor(at now: Duration) {
        floor.owedSince = now
        marks = [:]
        owed = Backlog()
        resolved = Backlog()
        outbox.everythingChanged(stillOpen: sharedOpen)
    }

    /// A place that another pool found for a key.
    private mutating func raise(_ key: MarkKey, to offset: UInt64, at now: Duration) {
        var mark = marks[key] ?? Mark()
        guard offset > mark.offset else { return }
        mark.offset = offset
        mark.resolvedAt = now
        marks[key] = mark
        resolved.append((key, now))
        expire(at: now)
    }

    /// Old marks become part of the floor.
    private mutating func expire(at now: Duration) {
        while let oldest = resolved.first, resolved.count > capacity || now - oldest.at >= expiry {
            resolved.removeFirst()
            guard let mark = marks[oldest.key], mark.resolvedAt == oldest.at else { continue }
            floor.offset = max(floor.offset, mark.offset)
            if mark.owedSince == nil { marks[oldest.key] = nil }
        }
    }
}

/// First in, first out; taking the first does not move the others each time.
struct Backlog<Element>: Sendable where Element: Sendable {
    private var elements: [Element] = []
    private var start = 0

    var count: Int { elements.count - start }
    var first: Element? { start < elements.count ? elements[start] : nil }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func removeFirst() {
        start += 1
        if start > 64, start * 2 > elements.count {
            elements.removeSubrange(0..<start)
            start = 0
        }
    }
}
