import CLinux

/// What a source of events is called for.
public protocol EventSource: AnyObject {
    /// The descriptor can be read or written, or has failed. Called from `Reactor.turn`.
    func ready(_ readiness: Readiness)
}

/// What a descriptor is ready for, or is watched for.
public struct Readiness: OptionSet, Sendable {
    /// Epoll's bits.
    public let rawValue: UInt32

    /// Epoll's bits (epoll_ctl(2)).
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// There is something to read, or the end.
    public static let read = Readiness(rawValue: 0x001)
    /// There is room to write.
    public static let write = Readiness(rawValue: 0x004)
    /// Always watched: the descriptor failed.
    public static let error = Readiness(rawValue: 0x008)
    /// Always watched: both directions are closed.
    public static let hangup = Readiness(rawValue: 0x010)
    /// The peer will write no more.
    public static let readHangup = Readiness(rawValue: 0x2000)
    /// Of several loops that watch a listener, not all wake for one connection (Linux 4.5).
    public static let exclusive = Readiness(rawValue: 1 << 28)
    /// Tell only of changes: the source remembers what it has not read or written yet, and `modify` is never needed.
    public static let edges = Readiness(rawValue: 1 << 31)
}

/// One event loop of one thread: epoll for descriptors, a heap for deadlines.
///
/// The clock is read once a turn. A Reactor is not thread-safe by design: one a core.
public final class Reactor {
    /// At most so many events are taken from the kernel in one call.
    public static let eventsPerTurn = 256

    /// Monotonic time since boot, as of the beginning of this turn.
    public var now: Duration { .nanoseconds(nowNanoseconds) }
    /// The same in nanoseconds, for paths where a 128-bit `Duration` would be felt.
    public private(set) var nowNanoseconds: Int64

    private let epoll: Int32
    private let events: UnsafeMutablePointer<epoll_event>
    /// By descriptor. An event carries the descriptor and its slot's generation, so that one which the kernel
    /// handed over before `remove` finds nobody, even when the number is in use again.
    private var slots: [Slot] = []
    private var deadlines = DeadlineHeap()
    private var running = false

    // Channels (folder Channel): new ones, those with something to send, those with something to do without an event.
    var newChannels: [Channel] = []
    var newAcceptors: [Acceptor] = []
    var outbox: [Channel] = []
    var backlog: [Channel] = []
    var spare: [Channel] = []
    var blocks = BlockPool()
    let receiveBuffer: UnsafeMutableRawBufferPointer
    let vectors: UnsafeMutablePointer<iovec>
    /// Kept beside `schedule`'s: these count for loops that keep their own time, too.
    var channelDeadlines = DeadlineHeap()

    private struct Slot {
        var source: (any EventSource)?
        var channel: Channel?
        var generation: UInt32 = 0
    }

    /// What this Reactor was asked to use.
    public let driver: IODriver
    /// What it does use: known after the first turn with a channel or an acceptor, until then `automatic`.
    public var driverInUse: IODriver { hasChosen ? (ring == nil ? .epoll : .ioUring) : .automatic }
    /// Why io_uring is not used although it was wanted: a kernel before 6.0, the sysctl io_uring_disabled, a seccomp
    /// filter, an emulator. For one line of a log.
    public internal(set) var refusal: SystemError?
    var hasChosen = false
    /// For tests: a number that is no power of two is refused by the kernel.
    var ringBuffers = Ring.buffers
    var ring: Ring?
    /// The epoll set behind the ring may have events.
    private var hasEvents = true

    /// A loop with nothing to do.
    public init(driver: IODriver = .fromEnvironment) throws(SystemError) {
        self.driver = driver
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw SystemError("epoll_create1") }
        events = .allocate(capacity: Self.eventsPerTurn)
        receiveBuffer = .allocate(byteCount: Self.receiveBufferSize, alignment: 64)
        vectors = .allocate(capacity: Self.vectorsPerCall)
        nowNanoseconds = Int64(cl_now_ns())
    }

    deinit {
        for slot in slots { slot.channel?.close() }
        for channel in newChannels { channel.close() }
        closeRing()
        close(epoll)
        events.deallocate()
        receiveBuffer.deallocate()
        vectors.deallocate()
        blocks.releaseAll()
    }

    /// Monotonic time since boot, read now.
    public static func clock() -> Duration { .nanoseconds(Int64(cl_now_ns())) }

    /// Watches a descriptor, level-triggered unless with `edges`. The caller keeps owning and closing it, after
    /// `remove` or `forget`.
    public func add(_ descriptor: Int32, for readiness: Readiness, _ source: any EventSource)
        throws(SystemError)
    {
        let index = Int(descriptor)
        while slots.count <= index { slots.append(Slot()) }
        var event = event(readiness, descriptor)
        guard epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 else { throw SystemError("epoll_ctl") }
        slots[index].source = source
    }

    /// Watches a channel's socket for both directions, once and for all: no further epoll_ctl(2) is needed.
    func watch(_ channel: Channel) {
        let index = Int(channel.socket)
        while slots.count <= index { slots.append(Slot()) }
        var event = event([.read, .write, .readHangup, .edges], channel.socket)
        guard epoll_ctl(epoll, EPOLL_CTL_ADD, channel.socket, &event) == 0 else {
            channel.failure = cl_errno()
            channel.failedCall = .watch
            return
        }
        slots[index].channel = channel
    }

    /// Changes what a watched descriptor is watched for.
    public func modify(_ descriptor: Int32, for readiness: Readiness) {
        guard isWatched(descriptor) else { return }
        var event = event(readiness, descriptor)
        epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event)
    }

    /// Watches a descriptor no more; its source is not called again, not even in this turn.
    public func remove(_ descriptor: Int32) {
        guard isWatched(descriptor) else { return }
        epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil)
        forget(descriptor)
    }

    /// As `remove`, for a descriptor that the caller closes at once and that no other descriptor shares its file
    /// with: close(2) takes it out of the kernel's set, so that a system call is saved.
    public func forget(_ descriptor: Int32) {
        guard isWatched(descriptor) else { return }
        slots[Int(descriptor)].source = nil
        slots[Int(descriptor)].channel = nil
        slots[Int(descriptor)].generation &+= 1
    }

    private func isWatched(_ descriptor: Int32) -> Bool {
        descriptor >= 0 && Int(descriptor) < slots.count
            && (slots[Int(descriptor)].source != nil || slots[Int(descriptor)].channel != nil)
    }

    private func event(_ readiness: Readiness, _ descriptor: Int32) -> epoll_event {
        var event = epoll_event()
        event.events = readiness.rawValue
        event.data.u64 =
            UInt64(slots[Int(descriptor)].generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
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
        attachAndFlush()
        ring?.enter(waiting: 0)
    }

    /// Ends `run` after this turn.
    public func stop() { running = false }

    /// Waits for events or the next deadline, at most `limit`, and handles what came.
    public func turn(limit: Duration = .seconds(60)) {
        var wait = limit
        if let next = deadlines.first { wait = min(wait, next - Self.clock()) }
        turn(waiting: wait.nanoseconds)
        while let due = deadlines.popDue(at: now) { due.fire() }
    }

    /// Waits for events, at most so many nanoseconds, and handles them; no deadline of `schedule` is looked at.
    /// For a loop that keeps its own time.
    public func turn(waiting: Int64) {
        attachAndFlush()
        var waiting = backlog.isEmpty && outbox.isEmpty && newAcceptors.isEmpty ? waiting : 0
        if let next = channelDeadlines.first { waiting = min(waiting, (next - Self.clock()).nanoseconds) }
        if let ring { turn(ring, waiting: waiting) } else { _ = handleEvents(waiting: waiting) }
        workOffBacklog()
        while let due = channelDeadlines.popDue(at: now) { due.fire() }
    }

    /// One system call hands over what waits and takes what has been done; a second one asks the epoll set, only
    /// when the ring tells that there is something. It is asked until it has nothing, because of sources that are
    /// level-triggered.
    private func turn(_ ring: Ring, waiting: Int64) {
        ring.watchEvents(of: epoll)
        ring.enter(waiting: hasEvents ? 0 : waiting)
        nowNanoseconds = Int64(cl_now_ns())
        if ring.handleCompletions() { hasEvents = true }
        if hasEvents { hasEvents = handleEvents(waiting: 0) }
    }

    /// Channels may have things under way: first the ring goes.
    private func closeRing() {
        guard let channels = ring?.channels() else { return }
        for channel in channels { channel.close() }
        ring = nil
        for channel in channels {
            channel.output.dropAll(to: &blocks)
            if channel.socket >= 0 { CLinux.close(channel.socket) }
            channel.socket = -1
        }
    }

    /// Whether there were any.
    private func handleEvents(waiting: Int64) -> Bool {
        // epoll_wait(2) takes whole milliseconds: rounded up, so that a deadline has passed when it returns.
        let milliseconds = waiting > 0 ? Int32(clamping: (waiting + 999_999) / 1_000_000) : 0
        let count = epoll_wait(epoll, events, Int32(Self.eventsPerTurn), milliseconds)
        nowNanoseconds = Int64(cl_now_ns())
        guard count > 0 else { return false }
        for index in 0..<Int(count) {
            let key = events[index].data.u64
            let slot = Int(truncatingIfNeeded: key & 0xFFFF_FFFF)
            guard slot < slots.count, slots[slot].generation == UInt32(truncatingIfNeeded: key >> 32) else {
                continue
            }
            let readiness = Readiness(rawValue: events[index].events)
            if let channel = slots[slot].channel {
                channel.ready(readiness)
            } else {
                slots[slot].source?.ready(readiness)
            }
        }
        return true
    }
}

extension Duration {
    /// Rounded up.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + (attoseconds + 999_999_999) / 1_000_000_000
    }
}
