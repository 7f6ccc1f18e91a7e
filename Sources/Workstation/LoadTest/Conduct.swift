import Events
import Inventory

extension LoadTest {
    /// What `pidep loadtest` does: warms up, runs with or without a fault, reports. The report goes to `sink`, too.
    ///
    /// A fault (`kill active`, see `FaultText`) is only for a lab, whose `injector` breaks and mends the node.
    public static func conduct(
        _ cluster: Cluster, options: Options, path: String = Target.defaultPath, fault: String? = nil,
        injector: (any FaultInjector)? = nil, reporting sink: any EventSink,
        interruption: Interruption = Interruption()
    ) throws(LoadTestError) -> LoadReport {
        try options.check()
        let fault = try fault.map { text throws(LoadTestError) in
            try FaultText(text, nodes: cluster.nodes.map(\.name))
        }
        if fault != nil, cluster.lab == nil || injector == nil {
            throw .usage("\(cluster.file) is no lab: faults are injected in a lab only.")
        }
        let test = try LoadTest(cluster, options: options, path: path)
        try test.warmUp()
        let report: LoadReport
        if let fault, let injector {
            report = try FailoverMeasurement(test, fault: fault, injector: injector)
                .run(reporting: sink, interruption: interruption)
        } else {
            report = try test.run(reporting: sink, interruption: interruption)
        }
        sink.report(report.finished)
        sink.report(report.event)
        return report
    }
}

extension LoadReport {
    /// Ends the line of progress.
    var finished: Event {
        Event(
            invalidity.isEmpty ? .finished : .failed, command: LoadTest.command,
            message: "\(load.answered) of \(load.started) requests answered")
    }
}
