import Testing

@testable import VRRP

@Suite struct ElectionTimersTests {
    @Test("skew and down interval are the RFC's to a microsecond, for all priorities and intervals")
    func table() {
        for centiseconds in [1, 2, 3, 7, 10, 99, 100, 4095] as [Int64] {
            let interval = Duration.milliseconds(10 * centiseconds)
            for priority in 1...254 as ClosedRange<Int64> {
                let skew = ElectionTimers.skew(priority: UInt8(priority), interval: interval)
                // Keepalived's arithmetic: whole microseconds.
                let expected = Duration.microseconds((256 - priority) * centiseconds * 10_000 / 256)
                #expect(skew >= expected && skew - expected < .microseconds(1))
                let down = ElectionTimers.activeDownInterval(priority: UInt8(priority), interval: interval)
                #expect(down == interval * 3 + skew)
            }
        }
    }

    @Test("at 10 ms neighbouring priorities still have different skews")
    func distinct() {
        for priority in 1...253 as ClosedRange<UInt8> {
            let slower = ElectionTimers.skew(priority: priority, interval: .milliseconds(10))
            let faster = ElectionTimers.skew(priority: priority + 1, interval: .milliseconds(10))
            #expect(slower - faster >= .microseconds(39))
        }
    }
}
