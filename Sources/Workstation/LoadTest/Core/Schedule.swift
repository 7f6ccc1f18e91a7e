/// When each request of a run is meant to start, counted from the run's beginning: at even distances,
/// whatever the server does (an open-loop schedule).
public struct Schedule: Sendable, Equatable {
    /// Requests a second that a schedule may ask for.
    public static let rates = 1...100_000
    /// How long a run may last.
    public static let longest: Duration = .seconds(24 * 3600)

    /// How many requests there are.
    public let count: Int
    /// When the schedule ends.
    public let duration: Duration
    private let requests: Int64
    private let period: Int64

    /// `rate` requests a second for `duration`. Values outside `rates` and `longest` are brought inside.
    public init(rate: Int, for duration: Duration) {
        self.init(requests: Int64(rate.clamped(to: Self.rates)), each: .seconds(1), for: duration)
    }

    /// One request every `interval` (at least 10 µs) for `duration`.
    public init(every interval: Duration, for duration: Duration) {
        self.init(requests: 1, each: max(interval, .microseconds(10)), for: duration)
    }

    private init(requests: Int64, each period: Duration, for duration: Duration) {
        let duration = min(max(duration, .zero), Self.longest)
        self.requests = requests
        self.period = period.nanoseconds
        self.duration = duration
        // The first request that would start at the end or later is the first that does not exist. At most
        // 100,000 a second for a day: far from the range's end.
        let whole = duration.nanoseconds / self.period
        let rest = duration.nanoseconds % self.period
        count = Int(whole * requests + (rest * requests + self.period - 1) / self.period)
    }

    /// When the request with this number, from 0, is meant to start.
    public func intendedStart(of request: Int) -> Duration {
        let request = Int64(request)
        return .nanoseconds(request / requests * period + request % requests * period / requests)
    }

    /// How many requests are meant to start in the second with this number, from 0.
    public func count(inSecond second: Int) -> Int {
        first(at: .seconds(second + 1)) - first(at: .seconds(second))
    }

    /// The first request that is meant to start at this time or later.
    private func first(at time: Duration) -> Int {
        let time = time.nanoseconds
        let estimate = time / period * requests + (time % period * requests + period - 1) / period
        return min(count, Int(estimate))
    }
}

extension Duration {
    /// Whole nanoseconds, towards zero.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    /// Whole microseconds, towards zero.
    var microseconds: Int64 { nanoseconds / 1000 }
}

extension Int {
    func clamped(to range: ClosedRange<Int>) -> Int {
        Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}
