/// Decides which request starts when and on which connection: the schedule's requests in their order, each as
/// soon as it is due and a connection is free.
///
/// It opens no socket and reads no clock: the generator passes `now`, measured from the run's beginning, and does
/// the actions. Connections are numbers; the last one that became free is taken first, so that no more are opened
/// than the load needs.
public struct OpenLoop: Sendable {
    /// What the generator must do, in this order.
    public enum Action: Sendable, Equatable {
        /// Send the request. `lag` is how late that is; `ownLag` is the part of it that passed although a connection
        /// was free, so that only the generator (or its machine) can be blamed.
        case start(request: Int, connection: Int, lag: Duration, ownLag: Duration)
        /// The request has had no answer within the timeout: give the connection up. It is free again.
        case expire(request: Int, connection: Int)
        /// The request could not be started within the limit and never will be.
        case drop(request: Int)
    }

    /// The times of the requests.
    public let schedule: Schedule
    /// How many connections there are at most.
    public let connections: Int
    /// How long a request may take from its actual start.
    public let timeout: Duration
    /// How late a request may start; it is dropped afterwards.
    public let startLimit: Duration

    private var next = 0
    private var idle: [Int]
    private var running: [Int]
    private var busy = 0
    /// In the order of their times, because all have the same timeout. The first is always under way.
    private var expiries = Fifo<Expiry>()
    /// The last time at which no connection was free.
    private var lastStarved: Duration = .zero
    private var stopped = false

    private struct Expiry {
        var time: Duration
        var request: Int
        var connection: Int
    }

    /// A run that has not begun. `connections` is at least 1.
    public init(schedule: Schedule, connections: Int, timeout: Duration, startLimit: Duration) {
        self.schedule = schedule
        self.connections = max(1, connections)
        self.timeout = timeout
        self.startLimit = startLimit
        idle = (0..<max(1, connections)).reversed()
        running = Array(repeating: -1, count: max(1, connections))
    }

    /// All requests have been started or dropped, and those started have ended.
    public var isDone: Bool { busy == 0 && (stopped || next == schedule.count) }

    /// Requests under way.
    public var underWay: Int { busy }

    /// Starts nothing more; what is under way may end.
    public mutating func stop() { stopped = true }

    /// A request ended, well or not: its connection is free. Nothing happens when it had expired before.
    public mutating func finish(request: Int, connection: Int, at now: Duration) {
        guard running[connection] == request else { return }
        release(connection, at: now)
    }

    private mutating func release(_ connection: Int, at now: Duration) {
        if idle.isEmpty { lastStarved = now }
        running[connection] = -1
        busy -= 1
        idle.append(connection)
        while let first = expiries.first, running[first.connection] != first.request {
            expiries.removeFirst()
        }
    }

    /// What is to be done at `now`.
    public mutating func advance(to now: Duration) -> [Action] {
        var actions: [Action] = []
        while let first = expiries.first, first.time <= now {
            release(first.connection, at: now)
            actions.append(.expire(request: first.request, connection: first.connection))
        }
        while !stopped, next < schedule.count {
            let intended = schedule.intendedStart(of: next)
            guard intended <= now else { break }
            if now - intended > startLimit {
                actions.append(.drop(request: next))
            } else if let connection = idle.popLast() {
                running[connection] = next
                busy += 1
                expiries.append(Expiry(time: now + timeout, request: next, connection: connection))
                actions.append(
                    .start(
                        request: next, connection: connection, lag: now - intended,
                        ownLag: now - max(intended, min(lastStarved, now))))
            } else {
                break
            }
            next += 1
        }
        return actions
    }

    /// When the generator must call `advance` again, unless a request ends before; nil when nothing is left to do.
    public var deadline: Duration? {
        let earliest = expiries.first?.time
        guard !stopped, next < schedule.count else { return earliest }
        let intended = schedule.intendedStart(of: next)
        let start = idle.isEmpty ? intended + startLimit + .nanoseconds(1) : intended
        return min(earliest ?? start, start)
    }
}

/// A queue over an array: what was taken out leaves when it is half of all.
struct Fifo<Element: Sendable>: Sendable {
    private var elements: [Element] = []
    private var head = 0

    var first: Element? { head < elements.count ? elements[head] : nil }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func removeFirst() {
        head += 1
        guard head > 64, head * 2 > elements.count else { return }
        elements.removeFirst(head)
        head = 0
    }
}
