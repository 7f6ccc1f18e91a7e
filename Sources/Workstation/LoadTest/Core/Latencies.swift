import Histogram

/// Durations from 1 µs to 60 s with three digits, in an HdrHistogram. What is longer counts as 60 s.
public struct Latencies: Sendable {
    /// The longest that is told apart.
    public static let highest: Duration = .seconds(60)

    private var histogram = Histogram<UInt64>(
        lowestDiscernibleValue: 1, highestTrackableValue: UInt64(Latencies.highest.microseconds),
        numberOfSignificantValueDigits: .three)
    /// The longest, exactly; nil before the first.
    public private(set) var longest: Duration?
    private var shortest: Duration?

    /// None yet.
    public init() {}

    /// How many there are.
    public var count: Int { Int(histogram.totalCount) }

    /// Adds one.
    public mutating func record(_ duration: Duration) {
        let microseconds = min(max(duration, .zero), Self.highest).microseconds
        _ = histogram.record(UInt64(microseconds))
        longest = max(longest ?? duration, duration)
        shortest = min(shortest ?? duration, duration)
    }

    /// Back to none, keeping the memory.
    public mutating func reset() {
        histogram.reset()
        longest = nil
        shortest = nil
    }

    /// The duration that this share (0 to 100) of all did not exceed; nil when there are none.
    public func percentile(_ percent: Double) -> Duration? {
        guard let longest, let shortest else { return nil }
        if percent >= 100 { return longest }
        return min(max(.microseconds(Int64(histogram.valueAtPercentile(percent))), shortest), longest)
    }

    /// The shortest, exactly.
    public var minimum: Duration? { shortest }

    /// The mean; nil when there are none.
    public var mean: Duration? { longest == nil ? nil : .microseconds(Int64(histogram.mean)) }
}
