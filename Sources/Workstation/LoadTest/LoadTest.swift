import CLinux
import Events
import Foundation
import Inventory
import Lab
import Reactor

/// Loads a cluster's virtual address on an open-loop schedule, probes it for outages beside that, breaks something
/// in the middle when asked, and reports.
public struct LoadTest: Sendable {
    /// What is asked of a run. Every default is finite.
    public struct Options: Sendable, Equatable {
        /// How many requests a second, evenly spaced.
        public var rate: Int
        /// How long requests are started.
        public var duration: Duration
        /// Connections at most; they are opened as needed.
        public var connections: Int
        /// How long a request may take from its actual start.
        public var timeout: Duration = .seconds(5)
        /// How late a request may start before it is dropped.
        public var startLimit: Duration = .seconds(1)
        /// The 99th percentile of how late requests start must not exceed it, or the figures are not valid.
        public var lagLimit: Duration = .milliseconds(25)
        /// Whether each request has a connection of its own.
        public var newConnections = false
        /// The outage prober; nil for none.
        public var probe: ProbeOptions? = ProbeOptions()
        /// What the run must keep.
        public var thresholds: [Threshold] = []

        /// Connections where nobody says: so many that a server which stalls for a whole timeout delays no start,
        /// and no more than `mostConnections`.
        public static func defaultConnections(rate: Int, timeout: Duration) -> Int {
            let needed = Double(rate) * timeout.seconds + 16
            return Int(min(needed, Double(mostConnections)))
        }

        /// The most connections that a run may have.
        public static let mostConnections = 10_000

        /// Options with defaults; `connections` nil means `defaultConnections`.
        public init(rate: Int, duration: Duration, connections: Int? = nil, timeout: Duration = .seconds(5)) {
            self.rate = rate
            self.duration = duration
            self.timeout = timeout
            self.connections = connections ?? Self.defaultConnections(rate: rate, timeout: timeout)
        }

        /// The times of the requests.
        public var schedule: Schedule { Schedule(rate: rate, for: duration) }

        /// Refuses what cannot be run, as a sentence.
        public func check() throws(LoadTestError) {
            guard Schedule.rates.contains(rate) else {
                throw .usage(
                    "a rate of \(rate) requests a second cannot be kept: 1 to 100,000 can be asked for.")
            }
            guard duration >= .milliseconds(100), duration <= Schedule.longest else {
                throw .usage(
                    "a run of \(DurationText.words(duration)) cannot be made: from 100 ms to 24 h it can.")
            }
            guard (1...Self.mostConnections).contains(connections) else {
                throw .usage("\(connections) connections cannot be had: 1 to \(Self.mostConnections) can.")
            }
            guard timeout >= .milliseconds(1), timeout <= .seconds(60) else {
                throw .usage("a timeout of \(DurationText.words(timeout)) cannot be had: 1 ms to 60 s can.")
            }
            if let probe, probe.interval < .milliseconds(1) || probe.timeout < probe.interval {
                throw .usage("the prober's interval must be at least 1 ms and not exceed its timeout.")
            }
            if probe == nil, thresholds.contains(where: { $0.metric == .outage }) {
                throw .usage("an outage threshold needs the prober: leave --no-probe out.")
            }
        }
    }

    /// The outage prober's schedule.
    public struct ProbeOptions: Sendable, Equatable {
        /// From one probe's intended start to the next one's.
        public var interval: Duration = .milliseconds(10)
        /// How long a probe may take.
        public var timeout: Duration = .milliseconds(250)

        /// The defaults.
        public init() {}
    }

    /// The command's name in events.
    static let command = "loadtest"
    /// From the start of a run's threads to its first request: time enough to get ready.
    static let leadTime: Duration = .milliseconds(50)

    /// The name in the report.
    public var cluster: String
    /// What is loaded.
    public var target: Target
    /// How it is loaded.
    public var options: Options
    /// Names and addresses of the nodes, to tell who holds the virtual address; may be empty.
    public var nodes: [(name: String, address: String)]

    /// A load test of any address.
    public init(
        cluster: String, target: Target, options: Options, nodes: [(name: String, address: String)] = []
    ) {
        self.cluster = cluster
        self.target = target
        self.options = options
        self.nodes = nodes
    }

    /// A load test of a cluster's virtual address.
    public init(_ cluster: Cluster, options: Options, path: String = Target.defaultPath) throws(LoadTestError)
    {
        self.init(
            cluster: cluster.name, target: try Target(cluster, path: path), options: options,
            nodes: cluster.nodes.map { ($0.name, $0.address) })
    }

    /// Asks once before the load, so that a service that is not there is an error and not a report, and so that the
    /// neighbour cache of this machine is warm: a cold one would be measured as an outage.
    public func warmUp() throws(LoadTestError) {
        NeighbourWarmUp(target: target, nodes: nodes).run()
        let first: Tally
        do { first = try OneRequest(target: target, timeout: options.timeout).run() } catch {
            throw .failed("no request could be sent: \(Self.sentence(error))")
        }
        guard let failure = first.failures.keys.first else { return }
        throw .failed(
            "\(target.url) does not answer as it should before the load: \(failure.words). "
                + "Type: pidep status, then pidep smoke, with this inventory.")
    }

    /// Runs to the end, or to the interruption, and reports. Progress goes to `sink`, once a second.
    public func run(
        reporting sink: any EventSink, breaking fault: Fault? = nil,
        interruption: Interruption = Interruption()
    ) throws(LoadTestError) -> LoadReport {
        try options.check()
        _ = cl_raise_file_limit()
        let run = LoadRun(test: self, fault: fault, interruption: interruption)
        return try run.run(reporting: sink)
    }

    /// Which node holds the virtual address now, as this machine's neighbour cache has it.
    public func holder() -> String? {
        holderTable().flatMap { table in Neighbours.read().flatMap { table.holder($0) } }
    }

    func holderTable() -> HolderTable? {
        guard !nodes.isEmpty, let now = Neighbours.read() else { return nil }
        let table = HolderTable(virtualAddress: target.address, nodes: nodes, device: target.device, now)
        return table.known > 0 ? table : nil
    }

    static func sentence(_ error: any Error) -> String {
        switch error {
        case let error as SystemError: error.sentence
        case let error as LoadTestError: error.sentence
        case let error as LabFailure: error.sentence
        default: "\(error)"
        }
    }
}
