/// Something to be done at a time; `cancel` takes it back.
public final class Deadline {
    /// When, on the Reactor's clock.
    public let time: Duration
    private var action: (() -> Void)?

    init(at time: Duration, _ action: @escaping () -> Void) {
        self.time = time
        self.action = action
    }

    /// Never calls the action, if it has not been called yet.
    public func cancel() { action = nil }

    var isCancelled: Bool { action == nil }

    func fire() {
        let action = action
        self.action = nil
        action?()
    }
}

/// A binary heap with the earliest deadline first. Cancelled entries leave when they reach the top.
struct DeadlineHeap {
    private var entries: [Deadline] = []

    /// The earliest deadline that still stands.
    var first: Duration? {
        mutating get {
            while let top = entries.first, top.isCancelled { removeTop() }
            return entries.first?.time
        }
    }

    mutating func insert(_ entry: Deadline) {
        entries.append(entry)
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].time < entries[parent].time else { return }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    mutating func popDue(at now: Duration) -> Deadline? {
        guard let time = first, time <= now else { return nil }
        let entry = entries[0]
        removeTop()
        return entry
    }

    private mutating func removeTop() {
        entries.swapAt(0, entries.count - 1)
        entries.removeLast()
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count {
                if entries[child].time < entries[smallest].time { smallest = child }
            }
            guard smallest != parent else { return }
            entries.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
