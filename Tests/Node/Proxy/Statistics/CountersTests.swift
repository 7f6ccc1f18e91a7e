import Proxy
import Testing

@Suite struct CountersTests {
    @Test("a gauge remembers its maximum until that is cleared")
    func gauge() {
        var gauge = Gauge()
        gauge.enter()
        gauge.enter()
        gauge.leave()
        #expect(gauge.current == 1)
        #expect(gauge.maximum == 2)
        gauge.clearMaximum()
        #expect(gauge.maximum == 1)
    }

    @Test("a rate is that of the last second, and fades as the second goes by")
    func rate() {
        var counter = RateCounter()
        for _ in 0..<10 { counter.count(at: .milliseconds(5500)) }
        #expect(counter.rate(at: .milliseconds(5900)) == 10)
        #expect(counter.rate(at: .milliseconds(6000)) == 10)
        #expect(counter.rate(at: .milliseconds(6500)) == 5)
        #expect(counter.rate(at: .milliseconds(7000)) == 0)
        #expect(counter.total == 10)
        #expect(counter.maximum == 10)
    }

    @Test("the last event is known to the second")
    func last() {
        var counter = RateCounter()
        #expect(counter.last == nil)
        counter.count(at: .milliseconds(5500))
        #expect(counter.last == .seconds(5))
    }

    @Test("events of seconds long ago do not count")
    func gap() {
        var counter = RateCounter()
        counter.count(at: .seconds(1))
        counter.count(at: .seconds(9))
        #expect(counter.rate(at: .seconds(9)) == 1)
    }

    @Test("a mean follows about the last 1024 values")
    func mean() {
        var average = TimeAverage()
        #expect(average.mean == .zero)
        average.add(.milliseconds(10))
        average.add(.milliseconds(20))
        #expect(average.mean == .milliseconds(15))
        #expect(average.maximum == .milliseconds(20))
        for _ in 0..<20_000 { average.add(.milliseconds(2)) }
        #expect(average.mean >= .milliseconds(2) && average.mean < .milliseconds(2) + .microseconds(20))
    }

    @Test(
        "an answer is counted by its first digit",
        arguments: [(100, 0), (204, 1), (301, 2), (404, 3), (503, 4), (600, 5), (99, 5)])
    func responses(status: Int, place: Int) {
        var counters = ResponseCounters()
        counters.count(status: status)
        let all = [
            counters.informational, counters.success, counters.redirection, counters.clientError,
            counters.serverError, counters.other,
        ]
        #expect(all.firstIndex(of: 1) == place)
        #expect(counters.total == 1)
    }
}
