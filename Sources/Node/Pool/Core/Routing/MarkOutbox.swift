/// What this pool's snapshots say: writes under way until their place is known, then the place for a while.
struct MarkOutbox: Sendable {
    private struct Entry {
        /// Zero: under way.
        var offset: UInt64 = 0
        /// The first snapshot that said so; nil: none yet.
        var told: UInt64?
    }

    /// So many snapshots say a place before it is left out.
    static let repeats: UInt64 = 16

    private var entries: [MarkKey: Entry] = [:]
    private var sequence: UInt64 = 0
    private var since: UInt64 = 0

    /// Whether there is anything to repeat.
    var isEmpty: Bool { entries.isEmpty }

    /// A write begins; true if no snapshot has said so yet.
    mutating func pending(_ key: MarkKey) -> Bool {
        if let entry = entries[key], entry.offset == 0 { return entry.told == nil }
        entries[key] = Entry()
        return true
    }

    mutating func resolved(_ key: MarkKey, at offset: UInt64) {
        entries[key] = Entry(offset: max(1, offset), told: nil)
    }

    /// Places were given up: whoever hears the next snapshot must take a floor.
    mutating func everythingChanged(stillOpen: [MarkKey]) {
        entries = [:]
        for key in stillOpen { entries[key] = Entry() }
        since = sequence + 1
    }

    mutating func snapshot(pool: UInt8, life: UInt64, epoch: UInt64) -> MarkSnapshot {
        sequence += 1
        for (key, entry) in entries {
            guard entry.offset > 0, let told = entry.told, told + Self.repeats <= sequence else { continue }
            entries[key] = nil
            since = max(since, told)
        }
        let isEverything = entries.count > MarkSnapshot.mostEntries
        // Who hears only this does not know the places that are left out.
        if isEverything { since = sequence + 1 }
        var list: [MarkSnapshot.Entry] = []
        if !isEverything {
            for (key, entry) in entries {
                list.append(MarkSnapshot.Entry(key: key, offset: entry.offset))
                if entry.told == nil { entries[key]?.told = sequence }
            }
        } else {
            // A place that is not told now would not be missed: the next snapshot that lists keys makes for a floor.
            for (key, entry) in entries where entry.offset > 0 { entries[key] = nil }
        }
        return MarkSnapshot(
            pool: pool, life: life, epoch: epoch, sequence: sequence, since: min(since, sequence),
            isEverything: isEverything, entries: list)
    }
}
