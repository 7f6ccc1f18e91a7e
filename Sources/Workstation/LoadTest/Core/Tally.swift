/// Counts a run: what was started, how it ended, how long it took from the intended start, and all that again for
/// each second of the schedule.
public struct Tally: Sendable {
    /// Requests that the schedule has.
    public let scheduled: Int
    /// Requests that were sent.
    public private(set) var started = 0
    /// Requests with a good answer.
    public private(set) var answered = 0
    /// Requests that ended badly.
    public private(set) var failed = 0
    /// Requests that were never sent, because no connection became free within the limit.
    public private(set) var dropped = 0
    /// Requests that started later than intended because all connections were busy.
    public private(set) var waited = 0
    /// From the intended start to the whole answer, of the answered ones.
    public private(set) var latency = Latencies()
    /// From the intended start to the actual one, of all that were sent.
    public private(set) var lag = Latencies()
    /// The part of the lag that only the generator can be blamed for.
    public private(set) var ownLag = Latencies()
    /// Failures by kind.
    public private(set) var failures: [Failure: Int] = [:]
    /// Answers by the node that gave them; those without a name are not here.
    public private(set) var nodes: [String: Int] = [:]
    /// The seconds of the schedule whose requests have all ended, in order.
    public private(set) var seconds: [Second] = []

    private let schedule: Schedule
    private var open: [Int: OpenSecond] = [:]
    private var nextSecond = 0
    private var spare: [Latencies] = []

    /// What became of the requests that were meant to start in one second.
    public struct Second: Sendable, Equatable {
        /// Counted from 0.
        public var number: Int
        /// Requests meant to start in it.
        public var scheduled: Int
        /// Of these, those with a good answer.
        public var answered: Int
        /// Of these, those that ended badly.
        public var failed: Int
        /// Of these, those that were never sent.
        public var dropped: Int
        /// Of the answered ones; nil when there are none.
        public var p50: Duration?
        /// The 99th percentile of the answered ones.
        public var p99: Duration?
        /// The longest of the answered ones.
        public var longest: Duration?
    }

    private struct OpenSecond {
        var answered = 0
        var failed = 0
        var dropped = 0
        var latency: Latencies

        var ended: Int { answered + failed + dropped }
    }

    /// Nothing has happened yet.
    public init(_ schedule: Schedule) {
        self.schedule = schedule
        scheduled = schedule.count
    }

    /// A request was sent.
    public mutating func start(lag: Duration, ownLag: Duration) {
        started += 1
        if lag > ownLag { waited += 1 }
        self.lag.record(lag)
        self.ownLag.record(ownLag)
    }

    /// A request that was sent ended.
    public mutating func end(_ request: Int, _ outcome: Outcome, at now: Duration) {
        let intended = schedule.intendedStart(of: request)
        switch outcome {
        case .answered(let node):
            answered += 1
            latency.record(now - intended)
            if let node { nodes[node, default: 0] += 1 }
        case .failed(let failure):
            failed += 1
            failures[failure, default: 0] += 1
        }
        inSecond(of: intended) { second in
            if case .answered = outcome {
                second.answered += 1
                second.latency.record(now - intended)
            } else {
                second.failed += 1
            }
        }
    }

    /// A request was given up before it was sent.
    public mutating func drop(_ request: Int) {
        dropped += 1
        inSecond(of: schedule.intendedStart(of: request)) { $0.dropped += 1 }
    }

    /// The run ended early: seconds that were not finished count with what they have.
    public mutating func stop() {
        for number in open.keys.sorted() { close(number) }
    }

    private mutating func inSecond(of intended: Duration, _ change: (inout OpenSecond) -> Void) {
        let number = Int(intended.components.seconds)
        var second = open[number] ?? OpenSecond(latency: spare.popLast() ?? Latencies())
        change(&second)
        open[number] = second
        while let next = open[nextSecond], next.ended == schedule.count(inSecond: nextSecond) {
            close(nextSecond)
        }
    }

    private mutating func close(_ number: Int) {
        guard var second = open.removeValue(forKey: number) else { return }
        seconds.append(
            Second(
                number: number, scheduled: schedule.count(inSecond: number), answered: second.answered,
                failed: second.failed, dropped: second.dropped, p50: second.latency.percentile(50),
                p99: second.latency.percentile(99), longest: second.latency.longest))
        nextSecond = number + 1
        second.latency.reset()
        spare.append(second.latency)
    }
}
