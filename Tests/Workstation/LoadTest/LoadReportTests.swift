import JSON
import Testing

@testable import LoadTest

@Suite struct LoadReportTests {
    /// 10 s at 10/s: nodes a and b in turn, 2 ms each, but requests 50 to 59 are refused; the prober sees that, too.
    private func report(
        own lag: Duration = .zero, thresholds: [String] = [], probe: Bool = true,
        _ change: (inout LoadReport) -> Void = { _ in }
    ) throws -> LoadReport {
        var options = LoadTest.Options(rate: 10, duration: .seconds(10))
        options.thresholds = try thresholds.map { try Threshold($0) }
        if !probe { options.probe = nil }
        var tally = Tally(options.schedule)
        for request in 0..<100 {
            tally.start(lag: lag, ownLag: lag)
            let start = options.schedule.intendedStart(of: request)
            let refused = (50..<60).contains(request)
            tally.end(
                request, refused ? .failed(.refused) : .answered(node: request % 2 == 0 ? "a" : "b"),
                at: start + .milliseconds(2))
        }
        let probes = (0..<1000).map { index in
            let start: Duration = .milliseconds(10 * index)
            let bad = (500..<600).contains(index)
            return Probe(
                intended: start, started: start, ended: start + .milliseconds(1),
                outcome: bad ? .failed(.refused) : .answered(node: index < 500 ? "a" : "b"))
        }
        let summary = options.probe.map {
            LoadReport.ProbeSummary(
                options: $0, count: 1000, failed: 100, lag: Latencies(), outages: Outage.all(in: probes))
        }
        var report = LoadReport(
            cluster: "c", target: try Target(address: "192.0.2.29"), options: options, elapsed: .seconds(10),
            load: tally, probes: summary,
            holders: [.init(since: .zero, node: "a"), .init(since: .milliseconds(5900), node: "b")],
            fault: nil,
            thresholds: [], interrupted: false)
        change(&report)
        report.judge(options.thresholds)
        return report
    }

    @Test("thresholds that hold: exit code 0")
    func passed() throws {
        let report = try report(thresholds: [
            "p99<3ms", "errors<=10%", "outage<1.1s", "rate>=9", "dropped==0",
        ])
        #expect(report.thresholds.map(\.passed) == [true, true, true, true, true])
        #expect(report.exitCode == 0)
    }

    @Test(
        "one threshold that does not hold: exit code 3",
        arguments: ["p50<2ms", "errors<10", "errors<10%", "outage<1s", "rate>9", "max<1ms", "mean<1us"])
    func failed(threshold: String) throws {
        let report = try report(thresholds: ["p99<3ms", threshold])
        #expect(report.thresholds.map(\.passed) == [true, false])
        #expect(report.exitCode == 3)
    }

    @Test("a generator that was late makes the figures invalid: exit code 4, whatever the thresholds say")
    func invalid() throws {
        let report = try report(own: .milliseconds(30), thresholds: ["p50<1ms"])
        #expect(report.exitCode == 4)
        #expect(report.invalidity.count == 1)
        #expect(report.text.contains("this machine was too busy"))
    }

    @Test("an interrupted run exits with 130, a fault that failed with 1")
    func otherCodes() throws {
        #expect(try report { $0.interrupted = true }.exitCode == 130)
        let fault = LoadReport.FaultRecord(name: "kill a", node: "a", problems: ["kill a failed: no lab"])
        #expect(
            try report {
                $0.interrupted = true; $0.fault = fault
            }.exitCode == 1)
    }

    @Test("an outage that has not ended fails every outage threshold")
    func openOutage() throws {
        let open = Outage.all(in: [
            Probe(intended: .zero, started: .zero, ended: .milliseconds(1), outcome: .failed(.refused))
        ])
        let report = try report(thresholds: ["outage<1h"]) { $0.probes?.outages = open }
        #expect(report.exitCode == 3)
    }

    @Test("the text says what clients lost, when the address moved, and who answered")
    func text() throws {
        let text = try report().text
        #expect(
            text.contains("clients were without service for 1 s (between 990 ms and 1.01 s), from 5 s to 6 s")
        )
        #expect(text.contains("100 probes failed (100 connection refused)"))
        #expect(text.contains("a answered last before, b first after"))
        #expect(text.contains("address moves to b"))
        #expect(text.contains("a 45 (50 %), b 45 (50 %)"))
    }

    @Test("the JSON has every figure of the documented shape")
    func json() throws {
        let event = try report(thresholds: ["p99<3ms", "outage<1s"]).event.json
        #expect(event["event"] == .string("result"))
        #expect(event["requests"]?["answered"] == .integer(90))
        #expect(event["failures"] == .object([.init("refused", .integer(10))]))
        #expect(event["latency_ms"]?["max"] == .number("2.000"))
        #expect(event["latency_ms"]?["p99.9"] == .number("2.000"))
        #expect(event["rate"] == .number("9.000"))
        #expect(event["seconds"]?.elements?.count == 10)
        #expect(event["seconds"]?.elements?[5]["failed"] == .integer(10))
        #expect(event["seconds"]?.elements?[5]["p99_ms"] == .null)
        #expect(event["probes"]?["longest_outage_ms"] == .number("1001.000"))
        let outage = event["probes"]?["outages"]?.elements?.first
        #expect(outage?["at_least_ms"] == .number("990.000"))
        #expect(outage?["at_most_ms"] == .number("1011.000"))
        #expect(outage?["node_after"] == .string("b"))
        #expect(event["thresholds"]?.elements?.map { $0["passed"]?.boolean } == [true, false])
        #expect(event["exit_code"] == .integer(3))
        #expect(try JSONValue.parse(event.compact) == event)
    }

    @Test("without the prober an outage threshold is refused, and the JSON says null")
    func noProber() throws {
        let report = try report(probe: false)
        #expect(report.event.json["probes"] == .null)
        var options = report.options
        options.thresholds = [try Threshold("outage<1s")]
        #expect(throws: LoadTestError.self) { try options.check() }
    }

    @Test("a long run has at most thirty rows, and the sum of all is in them")
    func longRun() throws {
        let options = LoadTest.Options(rate: 2, duration: .seconds(100))
        var tally = Tally(options.schedule)
        for request in 0..<200 {
            tally.start(lag: .zero, ownLag: .zero)
            tally.end(
                request, .answered(node: nil),
                at: options.schedule.intendedStart(of: request) + .milliseconds(1))
        }
        let text = try report { $0.load = tally }.text
        let rows = text.split(separator: "\n").filter { $0.contains("█") }
        #expect(rows.count == 25)
        #expect(rows.reduce(0) { $0 + (Int($1.split(separator: " ")[2]) ?? 0) } == 200)
    }

    @Test(
        "options that cannot be run are refused",
        arguments: [
            (0, Duration.seconds(1), 1), (100_001, .seconds(1), 1), (1, .milliseconds(99), 1),
            (1, .seconds(90_000), 1),
            (1, .seconds(1), 0), (1, .seconds(1), 10_001),
        ])
    func options(rate: Int, duration: Duration, connections: Int) {
        #expect(throws: LoadTestError.self) {
            try LoadTest.Options(rate: rate, duration: duration, connections: connections).check()
        }
    }

    @Test(
        "targets that cannot stand in a request are refused",
        arguments: [
            ("nustler1", "/"), ("192.0.2.300", "/"), ("192.0.2.1", "x"), ("192.0.2.1", "/a b"),
            ("192.0.2.1", "/\r\n"),
        ])
    func targets(address: String, path: String) {
        #expect(throws: LoadTestError.self) { try Target(address: address, path: path) }
    }

    @Test(
        "faults are read",
        arguments: [
            ("kill active", FaultText.Verb.kill, nil as String?), ("cut n1", .cut, "n1"),
            ("power n2", .power, "n2"), ("freeze active", .freeze, nil),
        ])
    func faults(text: String, verb: FaultText.Verb, node: String?) throws {
        let fault = try FaultText(text, nodes: ["n1", "n2"])
        #expect(fault.verb == verb)
        #expect(fault.node == node)
    }

    @Test("other faults are refused", arguments: ["", "kill", "kill n3", "burn n1", "kill n1 n2"])
    func noFaults(text: String) {
        #expect(throws: LoadTestError.self) { try FaultText(text, nodes: ["n1", "n2"]) }
    }
}
