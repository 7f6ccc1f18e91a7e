import ArgumentParser
import CrossBuild
import Events
import Inventory
import Lab
import LoadTest

struct LoadTestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loadtest",
        abstract: "Loads the virtual IP on an open-loop schedule and reports latencies and outages.",
        discussion: """
            Requests start on their schedule whatever the service does, and latency counts from the intended start, so
            that a stall is seen by all requests that it delays. Beside the load a prober opens a new connection every
            10 ms and says how long clients were without service.

              pidep loadtest inventory/lab.ini --rate 200 --duration 30s
              pidep loadtest inventory/lab.ini --rate 200 --duration 30s --threshold 'p99<200ms' --threshold 'errors<0.1%'
              pidep loadtest inventory/lab.ini --rate 200 --duration 15s --fault 'kill active' --threshold 'outage<5s'

            Exit codes: 0 passed, 1 error, 2 wrong usage, 3 a threshold failed, 4 the load could not keep its schedule
            (its figures are not valid), 130 interrupted. docs/loadtest.md tells all.
            """)

    @Argument(help: "The inventory file.") var inventory: String
    @Option(help: "Requests a second (1 to 100000).") var rate: Int
    @Option(help: "How long requests are started: 30s, 2m.", transform: readDuration) var duration: Duration
    @Option(help: "Connections at most, opened as needed (default: rate x timeout).") var connections: Int?
    @Option(
        help: ArgumentHelp(
            "What must hold: p99<200ms, errors<0.1%, outage<3s, rate>495. May be repeated.",
            valueName: "figure<limit"),
        transform: readThreshold) var threshold: [Threshold] = []
    @Option(help: "The path that is asked for.") var path = Target.defaultPath
    @Option(help: "How long a request may take.", transform: readDuration) var timeout: Duration = .seconds(5)
    @Option(
        help:
            "How late the load's own requests may start (99th percentile) before its figures are not valid.",
        transform: readDuration) var lagLimit: Duration = .milliseconds(25)
    @Flag(help: "Open a new connection for each request.") var newConnections = false
    @Flag(inversion: .prefixedNo, help: "Probe for outages beside the load.") var probe = true
    @Option(
        help:
            "Break a lab node after a third of the time and mend it at the end: kill, power, cut or freeze, and a node or active."
    ) var fault: String?
    @Flag(help: "Print one JSON object a line.") var json = false

    func run() throws {
        try enterLab(of: inventory)
        let cluster = try Cluster.load(inventory)
        var options = LoadTest.Options(
            rate: rate, duration: duration, connections: connections, timeout: timeout)
        options.lagLimit = lagLimit
        options.newConnections = newConnections
        options.thresholds = threshold
        if !probe { options.probe = nil }
        let report: LoadReport
        do {
            let injector = try cluster.lab.map { _ in
                try LabFaultInjector(Lab(cluster: cluster, root: PackageRoot.find().path))
            }
            report = try LoadTest.conduct(
                cluster, options: options, path: path, fault: fault, injector: injector,
                reporting: Renderer(.automatic(json: json)), interruption: .onSignals())
        } catch LoadTestError.usage(let sentence) {
            throw ValidationError(sentence)
        }
        guard report.exitCode == 0 else { throw ExitCode(report.exitCode) }
    }
}

private func readDuration(_ text: String) throws -> Duration {
    guard let duration = DurationText.parse(text) else {
        throw ValidationError("\"\(text)\" is no duration. Write \(DurationText.forms).")
    }
    return duration
}

private func readThreshold(_ text: String) throws -> Threshold {
    do { return try Threshold(text) } catch { throw ValidationError(error.sentence) }
}
