import Testing

@testable import VRRP

@Suite struct StandingOrderTests {
    typealias Fixture = VirtualRouterTests
    /// Shortly after the fixture's router became Active; later it would have overslept.
    static let soon = Fixture.down + .milliseconds(10)

    @Test("an Active that yields removes the addresses, resigns and stands back with priority 1")
    func yields() {
        var router = Fixture.active()
        #expect(
            router.handle(.yield(for: .seconds(60)), at: Self.soon) == [
                .removeAddresses, .send(priority: 0), Fixture.changed(.active, .backup, .yielded),
            ])
        #expect(router.effectivePriority == 1)
        #expect(router.order?.until == Self.soon + .seconds(60))
    }

    @Test("it follows whoever takes over, however low its priority")
    func followsAfterYield() {
        var router = Fixture.active()
        _ = router.handle(.yield(for: .seconds(60)), at: Self.soon)
        for tick in 0..<50 {
            #expect(router.handle(Fixture.heard(2), at: Self.soon + Fixture.interval * tick) == [])
        }
        #expect(router.active?.address == Fixture.smaller)
    }

    @Test("it takes the addresses again when nobody else does")
    func alone() {
        var router = Fixture.active()
        _ = router.handle(.yield(for: .seconds(60)), at: Self.soon)
        // Longer than anybody else waits who has heard nothing of it.
        let down =
            ElectionTimers.activeDownInterval(priority: 1, interval: Fixture.interval) + Fixture.interval * 2
        #expect(router.deadline == Self.soon + down)
        let actions = router.handle(.time, at: Self.soon + down)
        #expect(actions.contains(Fixture.changed(.backup, .active, .nobodyHeard)))
        #expect(actions.first == .send(priority: 1))
    }

    @Test("a Backup that is told to yield loses the race against every other one")
    func backupYields() throws {
        var router = Fixture.backup()
        let before = try #require(router.deadline)
        #expect(router.handle(.yield(for: .seconds(60)), at: .milliseconds(10)) == [])
        #expect(try #require(router.deadline) > before)
    }

    @Test(
        "what yielded preempts as before once its time is over, or when it is told to",
        arguments: [true, false])
    func yieldEnds(byTime: Bool) throws {
        var router = Fixture.active()
        _ = router.handle(.yield(for: .seconds(2)), at: Self.soon)
        let end = Self.soon + .seconds(2)
        var now = Self.soon
        while now < end - Fixture.interval {
            now += Fixture.interval
            #expect(router.handle(Fixture.heard(100), at: now) == [])
        }
        #expect(router.effectivePriority == 1)
        if byTime {
            #expect(router.deadline == end)
            _ = router.handle(.time, at: end)
        } else {
            _ = router.handle(.resume, at: now)
        }
        #expect(router.order == nil)
        #expect(router.effectivePriority == 200)
        // Of lower priority: it no longer puts the takeover off.
        let deadline = try #require(router.deadline)
        _ = router.handle(Fixture.heard(100), at: now + Fixture.interval)
        #expect(router.deadline == deadline)
        _ = router.handle(.time, at: deadline)
        #expect(router.state == .active)
    }

    @Test(
        "a pinned Active says priority 254 at once and does not give way to the one it is usually beaten by")
    func pinned() {
        var router = Fixture.active()
        #expect(router.handle(.pin(for: .seconds(60)), at: Self.soon) == [.send(priority: 254)])
        _ = router.handle(Fixture.heard(250), at: Self.soon + Fixture.interval / 2)
        #expect(router.state == .active)
    }

    @Test("a pin ends by its time, and then the higher priority wins")
    func pinEnds() {
        var router = Fixture.active()
        _ = router.handle(.pin(for: Fixture.interval), at: Self.soon)
        _ = router.handle(.time, at: Self.soon + Fixture.interval)
        #expect(router.effectivePriority == 200)
        _ = router.handle(Fixture.heard(250), at: Self.soon + Fixture.interval * 3 / 2)
        #expect(router.state == .backup)
    }

    @Test("only an Active can be pinned: a Backup would take the addresses away from somebody")
    func pinsNoBackup() {
        var router = Fixture.backup()
        #expect(router.handle(.pin(for: .seconds(60)), at: .milliseconds(10)) == [])
        #expect(router.order == nil)
    }

    @Test("a pin does not outlive what makes the router give the addresses up")
    func pinEndsWithActive() {
        var router = Fixture.active()
        _ = router.handle(.pin(for: .seconds(60)), at: Self.soon)
        _ = router.handle(.tracking(adjustment: nil), at: Self.soon)
        #expect(router.state == .fault)
        #expect(router.order == nil)
        #expect(router.effectivePriority == 200)
    }

    @Test("what tracked processes add counts again after the order")
    func adjustmentStays() {
        var router = Fixture.backup()
        _ = router.handle(.yield(for: .seconds(60)), at: .milliseconds(10))
        _ = router.handle(.tracking(adjustment: -50), at: .milliseconds(20))
        #expect(router.effectivePriority == 1)
        _ = router.handle(.resume, at: .milliseconds(30))
        #expect(router.effectivePriority == 150)
    }

    @Test("an order wakes the router when it ends, also in fault")
    func deadlineInFault() {
        var router = Fixture.active()
        _ = router.handle(.yield(for: .seconds(60)), at: Self.soon)
        _ = router.handle(.tracking(adjustment: nil), at: Self.soon)
        #expect(router.deadline == Self.soon + .seconds(60))
        _ = router.handle(.time, at: Self.soon + .seconds(60))
        #expect(router.order == nil)
        #expect(router.deadline == nil)
    }
}
