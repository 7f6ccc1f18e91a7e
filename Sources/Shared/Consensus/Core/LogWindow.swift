/// The part of the log that is in memory: all entries behind the newest snapshot, and some before it.
struct LogWindow {
    /// The index of the first entry, or of the next one while there is none.
    private(set) var first: UInt64
    private(set) var entries: [Entry]

    init(first: UInt64, entries: [Entry]) {
        self.first = first
        self.entries = entries
    }

    /// The index of the last entry; one less than `first` while there is none.
    var last: UInt64 { first + UInt64(entries.count) - 1 }

    var isEmpty: Bool { entries.isEmpty }

    subscript(index: UInt64) -> Entry? {
        index >= first && index <= last ? entries[Int(index - first)] : nil
    }

    func entries(from index: UInt64, count: Int) -> [Entry] {
        guard count > 0, index >= first, index <= last else { return [] }
        let start = Int(index - first)
        return Array(entries[start..<min(entries.count, start + count)])
    }

    mutating func append(_ new: [Entry]) { entries.append(contentsOf: new) }

    mutating func truncate(from index: UInt64) {
        guard index >= first, index <= last else { return }
        entries.removeSubrange(Int(index - first)...)
    }

    mutating func drop(upTo index: UInt64) {
        guard index >= first else { return }
        let count = min(entries.count, Int(index - first) + 1)
        entries.removeFirst(count)
        first += UInt64(count)
    }
}
