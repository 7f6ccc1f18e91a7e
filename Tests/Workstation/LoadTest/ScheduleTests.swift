import Testing

@testable import LoadTest

@Suite struct ScheduleTests {
    @Test(
        "a schedule has the requests that start before its end",
        arguments: [
            (1, 1000, 1), (3, 1000, 3), (3, 1001, 4), (200, 15_000, 3000), (7, 500, 4), (1000, 1, 1),
            (5, 0, 0),
        ])
    func count(rate: Int, milliseconds: Int, expected: Int) {
        let schedule = Schedule(rate: rate, for: .milliseconds(milliseconds))
        #expect(schedule.count == expected)
        if expected > 0 {
            #expect(schedule.intendedStart(of: expected - 1) < schedule.duration)
            #expect(schedule.intendedStart(of: expected) >= schedule.duration)
        }
    }

    @Test("starts are evenly spaced and do not drift")
    func spacing() {
        let schedule = Schedule(rate: 3, for: .seconds(24 * 3600))
        #expect(schedule.intendedStart(of: 0) == .zero)
        #expect(schedule.intendedStart(of: 1) == .nanoseconds(333_333_333))
        #expect(schedule.intendedStart(of: 3 * 86_399) == .seconds(86_399))
    }

    @Test("every request is counted in exactly one second", arguments: [1, 3, 7, 333, 1000])
    func seconds(rate: Int) {
        let schedule = Schedule(rate: rate, for: .milliseconds(4500))
        var counted = Array(repeating: 0, count: 6)
        for request in 0..<schedule.count {
            counted[Int(schedule.intendedStart(of: request).components.seconds)] += 1
        }
        #expect(counted == (0..<6).map { schedule.count(inSecond: $0) })
    }

    @Test("an interval between probes is kept")
    func interval() {
        let schedule = Schedule(every: .milliseconds(10), for: .seconds(1))
        #expect(schedule.count == 100)
        #expect(schedule.intendedStart(of: 99) == .milliseconds(990))
    }
}
