/// A number that goes up and down, and the most it has been.
public struct Gauge: Sendable, Equatable {
    /// Now.
    public internal(set) var current: Int = 0
    /// The most since the start, or since the maxima were cleared.
    public internal(set) var maximum: Int = 0

    /// Zero, and never been more.
    public init() {}

    /// One more.
    public mutating func enter() {
        current += 1
        if current > maximum { maximum = current }
    }

    /// One less.
    public mutating func leave() { current -= 1 }

    /// Forgets what has been (`clear counters`).
    public mutating func clearMaximum() { maximum = current }
}

/// How many events the last second had, without remembering them.
///
/// Two counters, for the running second and the one before; the rate is the running one plus the share of
/// the earlier one that still lies within the last second. Exact after a quiet second, smooth in between.
public struct RateCounter: Sendable, Equatable {
    /// Most events in one second since the start, or since the maxima were cleared.
    public internal(set) var maximum: Int = 0
    /// All events.
    public internal(set) var total: UInt64 = 0

    var second: Int64 = 0
    var running = 0
    var previous = 0

    /// No event yet.
    public init() {}

    /// One event at this time since boot.
    public mutating func count(at now: Duration) { count(second: now.components.seconds) }

    /// One event in this second since boot.
    public mutating func count(second: Int64) {
        advance(to: second)
        running += 1
        total += 1
        if running > maximum { maximum = running }
    }

    /// When the last event was, since boot, to the second; nil before the first.
    public var last: Duration? { total > 0 ? .seconds(second) : nil }

    /// Events in the second that ends at this time.
    public func rate(at now: Duration) -> Int {
        var copy = self
        copy.advance(to: now.components.seconds)
        guard copy.previous > 0 else { return copy.running }
        let milliseconds = Int(now.components.attoseconds / 1_000_000_000_000_000)
        return copy.running + copy.previous * (1000 - milliseconds) / 1000
    }

    /// Forgets the maximum (`clear counters`).
    public mutating func clearMaximum() { maximum = 0 }

    mutating func advance(to now: Int64) {
        guard now > second else { return }
        previous = now == second + 1 ? running : 0
        running = 0
        second = now
    }
}

/// The mean of about the last 1024 values, and the largest of all (HAProxy's `qtime` and its kin).
public struct TimeAverage: Sendable, Equatable {
    /// The largest value since the start, or since the maxima were cleared.
    public var maximum: Duration { .microseconds(maximumInMicroseconds) }

    static let window: Int64 = 1024
    var samples: Int64 = 0
    var sumInMicroseconds: Int64 = 0
    var maximumInMicroseconds: Int64 = 0

    /// No value yet.
    public init() {}

    /// One more value.
    public mutating func add(_ value: Duration) { add(microseconds: value.inMicroseconds) }

    /// One more value, in microseconds.
    public mutating func add(microseconds value: Int64) {
        if value > maximumInMicroseconds { maximumInMicroseconds = value }
        if samples < Self.window {
            samples += 1
        } else {
            sumInMicroseconds -= sumInMicroseconds / Self.window
        }
        sumInMicroseconds += value
    }

    /// The mean, or zero before the first value.
    public var mean: Duration {
        samples == 0 ? .zero : .microseconds(sumInMicroseconds / samples)
    }

    /// Forgets the maximum (`clear counters`).
    public mutating func clearMaximum() { maximumInMicroseconds = 0 }
}

/// Answers by the first digit of their status.
public struct ResponseCounters: Sendable, Equatable {
    /// 100 to 199.
    public internal(set) var informational: UInt64 = 0
    /// 200 to 299.
    public internal(set) var success: UInt64 = 0
    /// 300 to 399.
    public internal(set) var redirection: UInt64 = 0
    /// 400 to 499.
    public internal(set) var clientError: UInt64 = 0
    /// 500 to 599.
    public internal(set) var serverError: UInt64 = 0
    /// Anything else.
    public internal(set) var other: UInt64 = 0

    /// None yet.
    public init() {}

    /// One answer with this status.
    public mutating func count(status: Int) {
        switch status {
        case 100...199: informational += 1
        case 200...299: success += 1
        case 300...399: redirection += 1
        case 400...499: clientError += 1
        case 500...599: serverError += 1
        default: other += 1
        }
    }

    /// All of them.
    public var total: UInt64 { informational + success + redirection + clientError + serverError + other }
}

extension Duration {
    var inMicroseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
    var inMilliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
