/// A binary heap of events by time; those of one time keep their order. The heap holds numbers only:
/// events are large and would be copied at every level.
public struct EventQueue<Event> {
    private struct Entry {
        var nanoseconds: Int64
        var sequence: Int
        var place: Int

        func isBefore(_ other: Entry) -> Bool {
            nanoseconds != other.nanoseconds ? nanoseconds < other.nanoseconds : sequence < other.sequence
        }
    }

    private var entries: [Entry] = []
    private var events: [Event?] = []
    private var free: [Int] = []
    private var sequence = 0

    /// Nothing will happen.
    public init() {}

    var nextTime: Duration? { entries.first.map { .nanoseconds($0.nanoseconds) } }

    /// Something will happen.
    public mutating func add(_ event: Event, at time: Duration) {
        let (seconds, attoseconds) = time.components
        let place: Int
        if let old = free.popLast() {
            place = old
            events[place] = event
        } else {
            place = events.count
            events.append(event)
        }
        entries.append(
            Entry(
                nanoseconds: seconds * 1_000_000_000 + attoseconds / 1_000_000_000, sequence: sequence,
                place: place))
        sequence += 1
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].isBefore(entries[parent]) else { return }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    /// What happens next.
    public mutating func removeFirst() -> (time: Duration, event: Event)? {
        guard let first = entries.first, let event = events[first.place] else { return nil }
        events[first.place] = nil
        free.append(first.place)
        entries.swapAt(0, entries.count - 1)
        entries.removeLast()
        var parent = 0
        while true {
            let left = 2 * parent + 1
            var smallest = parent
            if left < entries.count, entries[left].isBefore(entries[smallest]) { smallest = left }
            if left + 1 < entries.count, entries[left + 1].isBefore(entries[smallest]) { smallest = left + 1 }
            guard smallest != parent else { return (.nanoseconds(first.nanoseconds), event) }
            entries.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
