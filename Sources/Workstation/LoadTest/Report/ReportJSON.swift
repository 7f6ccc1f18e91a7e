import Events
import Foundation
import JSON

extension LoadReport {
    /// The last event of a run: `text` for people, all figures for machines (docs/loadtest.md has the shape).
    public var event: Event { Event(.result, command: LoadTest.command, message: text, data: data) }

    /// All figures. Durations are milliseconds with three decimals.
    public var data: [JSONValue.Member] {
        [
            .init("cluster", .string(cluster)),
            .init("url", .string(target.url)),
            .init("options", .object(optionData)),
            .init("elapsed_ms", .milliseconds(elapsed)),
            .init("interrupted", .boolean(interrupted)),
            .init("valid", .boolean(invalidity.isEmpty)),
            .init("invalid_because", .strings(invalidity)),
            .init("requests", .object(requestData)),
            .init("rate", .fraction(rate)),
            .init("latency_ms", Self.json(load.latency)),
            .init("lag_ms", Self.json(load.lag)),
            .init("own_lag_ms", Self.json(load.ownLag)),
            .init("failures", Self.json(load.failures)),
            .init(
                "nodes",
                .object(load.nodes.sorted { $0.key < $1.key }.map { .init($0.key, .count($0.value)) })),
            .init("seconds", .array(load.seconds.map(Self.json))),
            .init("probes", probes.map(Self.json) ?? .null),
            .init("holders", .array(holders.map(Self.json))),
            .init("fault", fault.map(Self.json) ?? .null),
            .init("thresholds", .array(thresholds.map(Self.json))),
            .init("exit_code", .integer(Int64(exitCode))),
        ]
    }

    private var optionData: [JSONValue.Member] {
        [
            .init("rate", .count(options.rate)),
            .init("duration_ms", .milliseconds(options.duration)),
            .init("connections", .count(options.connections)),
            .init("new_connections", .boolean(options.newConnections)),
            .init("timeout_ms", .milliseconds(options.timeout)),
            .init("start_limit_ms", .milliseconds(options.startLimit)),
            .init("lag_limit_ms", .milliseconds(options.lagLimit)),
        ]
    }

    private var requestData: [JSONValue.Member] {
        [
            .init("scheduled", .count(load.scheduled)), .init("started", .count(load.started)),
            .init("answered", .count(load.answered)), .init("failed", .count(load.failed)),
            .init("dropped", .count(load.dropped)), .init("waited", .count(load.waited)),
            .init("unfinished", .count(unfinished)),
        ]
    }

    private static func json(_ latencies: Latencies) -> JSONValue {
        .object([
            .init("min", .milliseconds(latencies.minimum)), .init("mean", .milliseconds(latencies.mean)),
            .init("p50", .milliseconds(latencies.percentile(50))),
            .init("p90", .milliseconds(latencies.percentile(90))),
            .init("p99", .milliseconds(latencies.percentile(99))),
            .init("p99.9", .milliseconds(latencies.percentile(99.9))),
            .init("max", .milliseconds(latencies.longest)),
        ])
    }

    private static func json(_ failures: [Failure: Int]) -> JSONValue {
        .object(
            Failure.allCases.compactMap { kind in failures[kind].map { .init(kind.rawValue, .count($0)) } })
    }

    private static func json(_ second: Tally.Second) -> JSONValue {
        .object([
            .init("second", .count(second.number)), .init("scheduled", .count(second.scheduled)),
            .init("answered", .count(second.answered)), .init("failed", .count(second.failed)),
            .init("dropped", .count(second.dropped)), .init("p50_ms", .milliseconds(second.p50)),
            .init("p99_ms", .milliseconds(second.p99)), .init("max_ms", .milliseconds(second.longest)),
        ])
    }

    private static func json(_ probes: ProbeSummary) -> JSONValue {
        .object([
            .init("interval_ms", .milliseconds(probes.options.interval)),
            .init("timeout_ms", .milliseconds(probes.options.timeout)),
            .init("count", .count(probes.count)), .init("failed", .count(probes.failed)),
            .init("lag_ms", json(probes.lag)),
            .init("longest_outage_ms", .milliseconds(probes.longest)),
            .init("outages", .array(probes.outages.map(json))),
        ])
    }

    private static func json(_ outage: Outage) -> JSONValue {
        .object([
            .init("began_ms", .milliseconds(outage.began)), .init("ended_ms", .milliseconds(outage.ended)),
            .init("length_ms", .milliseconds(outage.length)),
            .init("at_least_ms", .milliseconds(outage.atLeast)),
            .init("at_most_ms", .milliseconds(outage.atMost)), .init("failed", .count(outage.failed)),
            .init("succeeded_between", .count(outage.succeededBetween)),
            .init("failures", json(outage.failures)),
            .init("node_before", .text(outage.nodeBefore)), .init("node_after", .text(outage.nodeAfter)),
        ])
    }

    private static func json(_ holder: Holder) -> JSONValue {
        .object([.init("since_ms", .milliseconds(holder.since)), .init("node", .text(holder.node))])
    }

    private static func json(_ fault: FaultRecord) -> JSONValue {
        .object([
            .init("fault", .string(fault.name)), .init("node", .text(fault.node)),
            .init("began_ms", .milliseconds(fault.began)), .init("done_ms", .milliseconds(fault.done)),
            .init("problems", .strings(fault.problems)),
        ])
    }

    private static func json(_ result: ThresholdResult) -> JSONValue {
        .object([
            .init("threshold", .string(result.threshold.text)),
            .init("actual", result.actual.map { .string(result.threshold.words($0)) } ?? .null),
            .init("passed", .boolean(result.passed)),
        ])
    }
}

extension JSONValue {
    fileprivate static func count(_ value: Int) -> JSONValue { .integer(Int64(value)) }

    fileprivate static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

    fileprivate static func fraction(_ value: Double) -> JSONValue {
        .decimal(Int64((value * 1000).rounded()), places: 3)
    }
}
