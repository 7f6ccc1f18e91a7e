/// All that a run measured.
public struct LoadReport: Sendable {
    /// The cluster's name.
    public var cluster: String
    /// What was loaded.
    public var target: Target
    /// How it was meant to be loaded.
    public var options: LoadTest.Options
    /// From the run's beginning to the end of the last request.
    public var elapsed: Duration
    /// The load's figures.
    public var load: Tally
    /// The prober's figures; nil when there was none.
    public var probes: ProbeSummary?
    /// Who held the virtual address, from when on, as the neighbour cache of this machine had it. Empty where it
    /// cannot be known.
    public var holders: [Holder]
    /// What was broken.
    public var fault: FaultRecord?
    /// The thresholds and what became of them.
    public var thresholds: [ThresholdResult]
    /// The run ended before its schedule: Ctrl-C, or a fault that could not be injected.
    public var interrupted: Bool

    /// The outage prober's figures.
    public struct ProbeSummary: Sendable {
        /// Its schedule.
        public var options: LoadTest.ProbeOptions
        /// Probes that ended.
        public var count: Int
        /// Of these, the probes that had no good answer in time.
        public var failed: Int
        /// How late probes started.
        public var lag: Latencies
        /// In the order of time.
        public var outages: [Outage]

        /// The longest outage; zero when there was none.
        public var longest: Duration { outages.map(\.length).max() ?? .zero }
    }

    /// A node that held the virtual address since a time of the run.
    public struct Holder: Sendable, Equatable {
        /// From the run's beginning.
        public var since: Duration
        /// Its name, the hardware address when that is no node's, nil while nobody answered.
        public var node: String?
    }

    /// A fault that was injected.
    public struct FaultRecord: Sendable {
        /// As it was asked for.
        public var name: String
        /// The node that it hit.
        public var node: String?
        /// When injecting began and was done; nil when the run ended before.
        public var began: Duration?
        /// When injecting had returned.
        public var done: Duration?
        /// Why injecting, or undoing, failed.
        public var problems: [String]
    }

    /// One threshold's verdict.
    public struct ThresholdResult: Sendable, Equatable {
        /// As it was given.
        public var threshold: Threshold
        /// In the threshold's unit (seconds, percent, a number); nil when there is nothing to compare.
        public var actual: Double?
        /// Whether it held.
        public var passed: Bool
    }

    /// Good answers a second, over the schedule's time (or the elapsed one, of an interrupted run).
    public var rate: Double {
        let time = interrupted ? elapsed : max(options.schedule.duration, .milliseconds(1))
        return time > .zero ? Double(load.answered) / time.seconds : 0
    }

    /// Requests that were sent and had not ended when the run was interrupted.
    public var unfinished: Int { load.started - load.answered - load.failed }

    /// Why the figures do not say what was asked: the generator could not keep its schedule. Empty when it did.
    public var invalidity: [String] {
        var reasons: [String] = []
        let limit = options.lagLimit
        if let lag = load.lag.percentile(99), lag > limit {
            let own = load.ownLag.percentile(99) ?? .zero
            let cause =
                own > limit
                ? "this machine was too busy"
                : "all \(options.connections) connections were busy: give more --connections"
            reasons.append(
                "one request in a hundred started \(DurationText.words(lag)) late or later "
                    + "(limit \(DurationText.words(limit))); \(cause)")
        }
        if load.dropped > 0 {
            reasons.append(
                "\(load.dropped) of \(load.scheduled) requests were never sent: no connection became free within "
                    + "\(DurationText.words(options.startLimit)); give more --connections")
        }
        if let local = load.failures[.local] {
            reasons.append(
                "\(local) requests failed on this machine's own limits (descriptors, ports, memory)")
        }
        return reasons
    }

    /// 1 the fault could not be injected or undone; else 130 interrupted; else 4 the generator could not keep its
    /// schedule; else 3 a threshold failed; else 0.
    public var exitCode: Int32 {
        if let fault, !fault.problems.isEmpty { return 1 }
        if interrupted { return 130 }
        if !invalidity.isEmpty { return 4 }
        return thresholds.allSatisfy(\.passed) ? 0 : 3
    }

    /// Holds the thresholds against the figures.
    mutating func judge(_ thresholds: [Threshold]) {
        self.thresholds = thresholds.map { threshold in
            let actual = figure(threshold.metric)
            return ThresholdResult(
                threshold: threshold, actual: actual,
                passed: passes(threshold, actual))
        }
    }

    private func passes(_ threshold: Threshold, _ actual: Double?) -> Bool {
        guard let actual, threshold.comparison.holds(actual, threshold.limit) else { return false }
        // An outage that had not ended has no length yet.
        if threshold.metric == .outage { return probes?.outages.allSatisfy { $0.ended != nil } ?? false }
        return true
    }

    private func figure(_ metric: Threshold.Metric) -> Double? {
        switch metric {
        case .latency(let percentile): load.latency.percentile(percentile)?.seconds
        case .mean: load.latency.mean?.seconds
        case .errors(percent: true):
            load.started == 0 ? nil : 100 * Double(load.failed) / Double(load.started)
        case .errors(percent: false): Double(load.failed)
        case .outage: probes?.longest.seconds
        case .rate: rate
        case .dropped: Double(load.dropped)
        }
    }
}
