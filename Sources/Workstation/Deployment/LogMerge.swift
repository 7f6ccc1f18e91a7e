/// Puts the lines of several nodes, which arrive as they like, into the order of their times: a line waits for a
/// short while, so that an older one that took longer still gets before it.
///
/// Time never comes from a clock here: the driver passes `now`.
struct LogMerge: Sendable {
    /// How long a line waits.
    let window: Duration
    /// Until when nothing is shown: at first all nodes send old lines, some of them sooner than others.
    let settling: Duration
    private var waiting: [(entry: LogEntry, due: Duration)] = []

    init(window: Duration, settling: Duration = .zero) {
        self.window = window
        self.settling = settling
    }

    /// A line that has just arrived.
    mutating func add(_ entry: LogEntry, at now: Duration) {
        waiting.append((entry, max(now + window, settling)))
    }

    /// Lines to show now, oldest first: those that have waited long enough, and all that are older than one of these.
    mutating func take(at now: Duration) -> [LogEntry] {
        guard let newest = waiting.filter({ $0.due <= now }).map(\.entry.time).max() else { return [] }
        let ready = waiting.filter { $0.entry.time <= newest }.map(\.entry)
        waiting.removeAll { $0.entry.time <= newest }
        return Self.sorted(ready)
    }

    /// All that still waits, oldest first.
    mutating func takeAll() -> [LogEntry] {
        defer { waiting = [] }
        return Self.sorted(waiting.map(\.entry))
    }

    /// By time; lines of one moment stay in the order in which they came.
    static func sorted(_ entries: [LogEntry]) -> [LogEntry] {
        entries.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
            .map(\.element)
    }
}
