import CLinux

/// What a source of events is called for.
public protocol EventSource: AnyObject {
    /// The descriptor can be read or written, or has failed. Called from `Reactor.turn`.
    func ready(_ readiness: Readiness)
}

/// What a descriptor is ready for, or is watched for.
public struct Readiness: OptionSet, Sendable {
    /// Epoll's bits (epoll_ctl(2)).
    public let rawValue: UInt32

    /// Epoll's bits (epoll_ctl(2)).
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// There is something to read, or the peer has closed.
    public static let read = Readiness(rawValue: 0x001)
    /// There is room to write.
    public static let write = Readiness(rawValue: 0x004)
    /// Always watched: the descriptor failed.
    public static let error = Readiness(rawValue: 0x008)
    /// Always watched: both directions are closed.
    public static let hangup = Readiness(rawValue: 0x010)
    /// The peer will write no more.
    public static let readHangup = Readiness(rawValue: 0x2000)
}

/// One event loop of one thread: epoll for descriptors, a heap for deadlines.
///
/// The clock is read once a turn. A Reactor is not thread-safe by design: one a core.
public final class Reactor {
    /// At most so many events are taken from the kernel in one call.
    public static let eventsPerTurn = 256

    /// Monotonic time since boot, as of the beginning of this turn.
    public private(set) var now: Duration

    private let epoll: Int32
    private let events: UnsafeMutablePointer<epoll_event>
    private var watches: [Int32: Watch] = [:]
    /// Watches taken out in this turn: an event that the kernel already handed over may still point at them.
    private var retired: [Watch] = []
    private var deadlines = DeadlineHeap()
    private var running = false

    final class Watch {
        let descriptor: Int32
        var source: (any EventSource)?

        init(_ descriptor: Int32, _ source: any EventSource) {
            self.descriptor = descriptor
            self.source = source
        }
    }

    /// A loop with nothing to do.
    public init() throws(SystemError) {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw SystemError("epoll_create1") }
        events = .allocate(capacity: Self.eventsPerTurn)
        now = Self.clock()
    }

    deinit {
        close(epoll)
        events.deallocate()
    }

    /// Monotonic time since boot, read now.
    public static func clock() -> Duration { .nanoseconds(Int64(cl_now_ns())) }

    /// Watches a descriptor, level-triggered. The caller keeps owning and closing it, after `remove`.
    public func add(_ descriptor: Int32, for readiness: Readiness, _ source: any EventSource)
        throws(SystemError)
    {
        let watch = Watch(descriptor, source)
        var event = Self.event(readiness, watch)
        guard epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 else { throw SystemError("epoll_ctl") }
        watches[descriptor] = watch
    }

    /// Changes what a watched descriptor is watched for.
    public func modify(_ descriptor: Int32, for readiness: Readiness) {
        guard let watch = watches[descriptor] else { return }
        var event = Self.event(readiness, watch)
        epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event)
    }

    /// Watches a descriptor no more; its source is not called again, not even in this turn.
    public func remove(_ descriptor: Int32) {
        guard let watch = watches.removeValue(forKey: descriptor) else { return }
        epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil)
        watch.source = nil
        retired.append(watch)
    }

    private static func event(_ readiness: Readiness, _ watch: Watch) -> epoll_event {
        var event = epoll_event()
        event.events = readiness.rawValue
        event.data.ptr = Unmanaged.passUnretained(watch).toOpaque()
        return event
    }

    /// Calls `action` in the turn that begins at or after `deadline` (`now`'s clock).
    @discardableResult
    public func schedule(at deadline: Duration, _ action: @escaping () -> Void) -> Deadline {
        let entry = Deadline(at: deadline, action)
        deadlines.insert(entry)
        return entry
    }

    /// Calls `action` once `delay` has passed.
    @discardableResult
    public func schedule(after delay: Duration, _ action: @escaping () -> Void) -> Deadline {
        schedule(at: Self.clock() + delay, action)
    }

    /// Turns until `stop`.
    public func run() {
        running = true
        while running { turn() }
    }

    /// Ends `run` after this turn.
    public func stop() { running = false }

    /// Waits for events or the next deadline, at most `limit`, and handles what came.
    public func turn(limit: Duration = .seconds(60)) {
        let count = epoll_wait(epoll, events, Int32(Self.eventsPerTurn), timeout(limit: limit))
        now = Self.clock()
        if count > 0 {
            for index in 0..<Int(count) {
                let event = events[index]
                guard let pointer = event.data.ptr else { continue }
                let watch = Unmanaged<Watch>.fromOpaque(pointer).takeUnretainedValue()
                watch.source?.ready(Readiness(rawValue: event.events))
            }
        }
        retired.removeAll(keepingCapacity: true)
        while let due = deadlines.popDue(at: now) { due.fire() }
    }

    /// Whole milliseconds for epoll_wait(2), rounded up so that a deadline has passed when it returns.
    private func timeout(limit: Duration) -> Int32 {
        var wait = limit
        if let next = deadlines.first { wait = min(wait, next - Self.clock()) }
        guard wait > .zero else { return 0 }
        let (seconds, attoseconds) = wait.components
        let milliseconds = seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(clamping: milliseconds)
    }
}
