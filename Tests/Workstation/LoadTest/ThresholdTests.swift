import Testing

@testable import LoadTest

@Suite struct ThresholdTests {
    @Test(
        "thresholds are read",
        arguments: [
            ("p99<200ms", Threshold.Metric.latency(percentile: 99), Threshold.Comparison.less, 0.2),
            ("p99.9 <= 1.5s", .latency(percentile: 99.9), .atMost, 1.5),
            ("p50<250us", .latency(percentile: 50), .less, 0.00025),
            ("max<2m", .latency(percentile: 100), .less, 120),
            ("mean<10ms", .mean, .less, 0.01),
            ("errors<0.1%", .errors(percent: true), .less, 0.1),
            ("errors==0", .errors(percent: false), .equal, 0),
            ("outage<3s", .outage, .less, 3),
            ("rate>495", .rate, .greater, 495),
            ("rate >= 99.5/s", .rate, .atLeast, 99.5),
            ("dropped<1", .dropped, .less, 1),
        ])
    func read(text: String, metric: Threshold.Metric, comparison: Threshold.Comparison, limit: Double) throws
    {
        let threshold = try Threshold(text)
        #expect(threshold.metric == metric)
        #expect(threshold.comparison == comparison)
        #expect(abs(threshold.limit - limit) < 1e-12)
        #expect(!threshold.text.contains(" "))
    }

    @Test(
        "what is no threshold is refused with a sentence that quotes it",
        arguments: [
            "", "p99", "p99<", "p99<200", "p99<ms", "p99=200ms", "p99>200ms", "p0<1s", "p101<1s", "p<1s",
            "q99<1s",
            "errors<%", "errors<101%", "errors<-1", "errors<1e3", "outage<3", "outage>3s", "rate<100",
            "rate>fast", "rate>100%", "dropped>1", "<200ms", "p99<.5s", "p99<1.s", "p99<0x10ms", "p99<nan s",
        ])
    func refused(text: String) {
        do {
            let threshold = try Threshold(text)
            Issue.record("\(text) was read as \(threshold)")
        } catch {
            #expect(error.sentence.contains("\"\(text)\""))
            #expect(error.sentence.hasSuffix("."))
        }
    }

    @Test(
        "durations are read",
        arguments: [
            ("200ms", Duration.milliseconds(200)), ("1.5s", .milliseconds(1500)),
            ("250us", .microseconds(250)),
            ("250µs", .microseconds(250)), ("2m", .seconds(120)), ("1h", .seconds(3600)), ("0s", .zero),
            ("10ns", .nanoseconds(10)),
        ])
    func durations(text: String, expected: Duration) { #expect(DurationText.parse(text) == expected) }

    @Test(
        "other texts are no durations",
        arguments: [
            "", "s", "5", "-1s", "+1s", "1 s", "1e3s", "1.s", ".5s", "1s2", "1.2.3s", "99999999h", "٣s",
        ])
    func noDurations(text: String) { #expect(DurationText.parse(text) == nil) }

    @Test(
        "durations are written with three digits and a unit",
        arguments: [
            (Duration.nanoseconds(42), "42 ns"), (.microseconds(412), "412 µs"),
            (.microseconds(1500), "1.5 ms"),
            (.milliseconds(3294), "3.29 s"), (.milliseconds(20), "20 ms"), (.seconds(125), "2 min 5 s"),
            (.seconds(180), "3 min"), (.zero, "0 ns"), (.nanoseconds(999_600), "1 ms"),
            (.milliseconds(99), "99 ms"),
        ])
    func words(duration: Duration, expected: String) { #expect(DurationText.words(duration) == expected) }
}
