import Testing

@testable import Proxy

@Suite struct BalanceTests {
    @Test("turns are as many as the weights say, and evenly spread")
    func weights() {
        var balancer = Balancer(weights: [3, 1, 0])
        let turns = (0..<8).map { _ in balancer.next { _ in true } }
        #expect(turns == [0, 0, 1, 0, 0, 0, 1, 0])
        #expect(balancer.next { $0 == 2 } == nil)
    }

    private func result(_ status: ServerState.CheckStatus) -> ServerState.CheckResult {
        ServerState.CheckResult(status, duration: .zero, at: .zero)
    }

    @Test("a server starts up, but its first bad check takes it down; then rise good ones bring it up")
    func start() {
        var health = ServerState.Health(rise: 2, fall: 3)
        #expect(health.isUp)
        #expect(health.take(result(.layer4Failed)) == .down)
        #expect(health.take(result(.layer4Passed)) == nil)
        #expect(health.value == 1)
        #expect(health.take(result(.layer4Passed)) == .up)
        #expect(health.value == 4)
    }

    @Test("a steady server needs fall bad checks in a row")
    func fall() {
        var health = ServerState.Health(value: 4, rise: 2, fall: 3)
        #expect(health.take(result(.layer7WrongStatus)) == nil)
        #expect(health.take(result(.layer7TimedOut)) == nil)
        #expect(health.take(result(.layer4TimedOut)) == .down)
        #expect(health.failedChecks == 3)
        #expect(health.downs == 1)
    }

    @Test("a timer fires at most one tick late, also when it was moved later or beyond a whole round")
    func wheel() {
        var wheel = TimerWheel(now: 0)
        let timer = Timer(token: 7)
        wheel.set(timer, at: 1_000_000_000)
        wheel.set(timer, at: 9_000_000_000)
        var fired: Nanoseconds?
        var now: Nanoseconds = 0
        while fired == nil, now < 20_000_000_000 {
            now = max(wheel.next, now + 1)
            if wheel.due(at: now) == [7] { fired = now }
        }
        let late = (fired ?? 0) - 9_000_000_000
        #expect(late >= 0 && late <= TimerWheel.tick)
        #expect(wheel.next == .max)
    }

    @Test("a timer moved earlier fires at its new time, a cleared one never")
    func moved() {
        var wheel = TimerWheel(now: 0)
        let first = Timer(token: 1)
        let second = Timer(token: 2)
        wheel.set(first, at: 3_000_000_000)
        wheel.set(first, at: 100_000_000)
        wheel.set(second, at: 50_000_000)
        wheel.clear(second)
        #expect(wheel.due(at: 120_000_000) == [1])
        #expect(wheel.due(at: 10_000_000_000) == [])
    }
}
