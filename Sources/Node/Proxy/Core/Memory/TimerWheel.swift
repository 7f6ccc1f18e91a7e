/// Nanoseconds since boot. The data path counts in these: `Duration` has 128 bits, which a 32-bit Pi would pay
/// for at every request.
public typealias Nanoseconds = Int64

extension Duration {
    /// Whole nanoseconds.
    public var nanoseconds: Nanoseconds {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}

/// What a timer wheel calls when its time has come.
public final class Timer {
    /// When it is due. May be moved later at any time for nothing; the wheel notices when it gets there.
    @usableFromInline var due: Nanoseconds = .max
    fileprivate var slot = -1
    fileprivate unowned(unsafe) var previous: Timer?
    fileprivate unowned(unsafe) var next: Timer?
    /// What it belongs to; whoever owns the timer sets and clears it.
    public let token: Int
    fileprivate var placed: Nanoseconds = .max

    /// A timer that is not set.
    public init(token: Int) { self.token = token }

    /// Whether it waits for a time.
    public var isSet: Bool { due != .max }
}

/// Deadlines of many connections: setting one costs a few instructions, and nothing when it only moves later,
/// which is what nearly every request does. Due times are met at most one `tick` late.
///
/// It does not own its timers: `clear` one before it goes.
public struct TimerWheel {
    /// How late a timer may be.
    public static let tick: Nanoseconds = 16_000_000
    /// Slots of the wheel: a round takes 4 s.
    static let slotCount = 256

    private var heads: [Unmanaged<Timer>?]
    private var current: Int64
    /// When `due` must be called next; `Nanoseconds.max` with no timer.
    public private(set) var next: Nanoseconds = .max

    /// A wheel without timers.
    public init(now: Nanoseconds) {
        heads = Array(repeating: nil, count: Self.slotCount)
        current = now / Self.tick
    }

    /// Sets or moves a timer.
    @inline(__always)
    public mutating func set(_ timer: Timer, at due: Nanoseconds) {
        timer.due = due
        // Already in a slot that comes no later: it will be moved on from there.
        if timer.slot >= 0, timer.placed <= due { return }
        place(timer)
    }

    /// Takes a timer out.
    public mutating func clear(_ timer: Timer) {
        timer.due = .max
        unlink(timer)
    }

    private mutating func place(_ timer: Timer) {
        unlink(timer)
        // A slot is looked at when its whole tick has passed, and never the one that is being looked at now.
        let tick = max(timer.due / Self.tick + 1, current + 1)
        let slot = Int(truncatingIfNeeded: tick & Int64(Self.slotCount - 1))
        timer.slot = slot
        next = min(next, tick * Self.tick)
        timer.placed = timer.due
        timer.previous = nil
        if let head = heads[slot] {
            let first = head.takeUnretainedValue()
            timer.next = first
            first.previous = timer
        } else {
            timer.next = nil
        }
        heads[slot] = Unmanaged.passUnretained(timer)
    }

    private mutating func unlink(_ timer: Timer) {
        guard timer.slot >= 0 else { return }
        if let previous = timer.previous {
            previous.next = timer.next
        } else if let next = timer.next {
            heads[timer.slot] = Unmanaged.passUnretained(next)
        } else {
            heads[timer.slot] = nil
        }
        if let next = timer.next { next.previous = timer.previous }
        timer.next = nil
        timer.previous = nil
        timer.slot = -1
        timer.placed = .max
    }

    private func firstSlot() -> Nanoseconds {
        for ahead in 1...Int64(Self.slotCount) {
            let tick = current + ahead
            if heads[Int(truncatingIfNeeded: tick & Int64(Self.slotCount - 1))] != nil {
                return tick * Self.tick
            }
        }
        return .max
    }

    /// The tokens of the timers that are due; they are out of the wheel then.
    public mutating func due(at now: Nanoseconds) -> [Int] {
        var tokens: [Int] = []
        let last = now / Self.tick
        guard last > current else {
            next = max(next, (current + 1) * Self.tick)
            return tokens
        }
        let first = max(current + 1, last - Int64(Self.slotCount) + 1)
        for tick in first...last {
            current = tick
            var cursor = heads[Int(truncatingIfNeeded: tick & Int64(Self.slotCount - 1))]
            while let entry = cursor {
                let timer = entry.takeUnretainedValue()
                cursor = timer.next.map { Unmanaged.passUnretained($0) }
                if timer.due <= now {
                    unlink(timer)
                    timer.due = .max
                    tokens.append(timer.token)
                } else {
                    place(timer)
                }
            }
        }
        current = last
        next = firstSlot()
        return tokens
    }
}
