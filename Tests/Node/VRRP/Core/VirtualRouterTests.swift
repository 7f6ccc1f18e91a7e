import Languages
import Testing

@testable import VRRP

@Suite struct VirtualRouterTests {
    typealias Action = VirtualRouter.Action
    static let local = IPv4Address("192.0.2.3")!
    static let smaller = IPv4Address("192.0.2.2")!
    static let greater = IPv4Address("192.0.2.4")!
    static let interval = Duration.milliseconds(100)
    /// Active_Down_Interval at priority 200 and 100 ms.
    static let down = Duration.milliseconds(300) + .microseconds(21_875)

    static func router(priority: UInt8 = 200, preempt: Bool = true, preemptDelay: Duration = .zero)
        -> VirtualRouter
    {
        VirtualRouter(
            VirtualRouter.Settings(
                virtualRouterID: 51, priority: priority, interval: interval, preempt: preempt,
                preemptDelay: preemptDelay, addresses: [IPv4Address("192.0.2.29")!]))
    }

    static func backup(_ router: VirtualRouter = router()) -> VirtualRouter {
        var router = router
        _ = router.handle(.interface(local), at: .zero)
        return router
    }

    /// Active since `down`.
    static func active(_ router: VirtualRouter = router()) -> VirtualRouter {
        var router = backup(router)
        _ = router.handle(.time, at: router.deadline ?? .zero)
        return router
    }

    static func heard(
        _ priority: UInt8, interval: Duration = interval, checksum: ChecksumForm = .pseudoHeader,
        from source: IPv4Address = smaller
    ) -> VirtualRouter.Event {
        .advertisement(
            Advertisement(
                virtualRouterID: 51, priority: priority, interval: interval,
                addresses: [IPv4Address("192.0.2.29")!], checksum: checksum), from: source)
    }

    static func changed(
        _ from: VirtualRouter.State, _ to: VirtualRouter.State, _ cause: VirtualRouter.Cause
    ) -> Action {
        .changed(VirtualRouter.Transition(from: from, to: to, cause: cause))
    }

    // MARK: Initialize and Fault

    @Test("it listens for a whole down interval once its interface is ready")
    func start() {
        var router = Self.router()
        #expect(router.deadline == nil)
        #expect(
            router.handle(.interface(Self.local), at: .seconds(7))
                == [Self.changed(.initialize, .backup, .interfaceReady)])
        #expect(router.deadline == .seconds(7) + Self.down)
    }

    @Test("it takes no part until its interface is ready and what it tracks runs")
    func obstacles() {
        var router = Self.router()
        #expect(
            router.handle(.tracking(adjustment: nil), at: .zero)
                == [Self.changed(.initialize, .fault, .trackingFailed)])
        #expect(router.handle(.interface(Self.local), at: .zero) == [])
        #expect(router.handle(Self.heard(100), at: .zero) == [])
        #expect(router.deadline == nil)
        #expect(
            router.handle(.tracking(adjustment: 0), at: .zero)
                == [Self.changed(.fault, .backup, .trackingRecovered)])
    }

    @Test(
        "an Active that may not go on removes the addresses, tells the others and is in fault",
        arguments: [true, false])
    func activeFails(isTracking: Bool) {
        var router = Self.active()
        #expect(
            router.handle(isTracking ? .tracking(adjustment: nil) : .interface(nil), at: .seconds(1)) == [
                .removeAddresses, .send(priority: 0),
                Self.changed(.active, .fault, isTracking ? .trackingFailed : .interfaceUnusable),
            ])
        #expect(router.deadline == nil)
    }

    @Test("the successor of an Active goes on as Active, and says so at once")
    func succeeds() {
        var router = Self.router()
        #expect(router.handle(.succeed, at: .zero).isEmpty)
        #expect(router.handle(.tracking(adjustment: 0), at: .zero).isEmpty)
        #expect(
            router.handle(.interface(Self.local), at: .zero) == [
                .send(priority: 200), .addAddresses, Self.changed(.initialize, .active, .succession),
                .announce,
            ])
    }

    @Test("the successor of an Active that finds something in its way is as any other router")
    func succeedsNot() {
        var router = Self.router()
        _ = router.handle(.succeed, at: .zero)
        _ = router.handle(.tracking(adjustment: nil), at: .zero)
        _ = router.handle(.interface(Self.local), at: .zero)
        #expect(router.state == .fault)
        _ = router.handle(.tracking(adjustment: 0), at: .zero)
        #expect(router.state == .backup)
    }

    @Test("addresses that the kernel refuses are left to the others for a while, then tried again")
    func refused() {
        var router = Self.active()
        let now = Duration.seconds(1)
        #expect(router.handle(.addressesRefused, at: now).first == .removeAddresses)
        #expect(router.state == .fault)
        #expect(router.deadline == now + VirtualRouter.refusalHold)
        #expect(
            router.handle(.time, at: now + VirtualRouter.refusalHold)
                == [Self.changed(.fault, .backup, .addressesRetried)])
    }

    @Test("stopping as Active resigns, as Backup is silent")
    func stop() {
        var router = Self.active()
        #expect(
            router.handle(.stop, at: .seconds(1)) == [
                .removeAddresses, .send(priority: 0), Self.changed(.active, .initialize, .stopped),
            ])
        var silent = Self.backup()
        #expect(silent.handle(.stop, at: .zero) == [Self.changed(.backup, .initialize, .stopped)])
    }

    // MARK: Backup

    @Test("a Backup whose timer fires speaks first, then takes the addresses and announces them")
    func takesOver() {
        var router = Self.backup()
        #expect(router.handle(.time, at: Self.down - .nanoseconds(1)) == [])
        #expect(
            router.handle(.time, at: Self.down) == [
                .send(priority: 200), .addAddresses, Self.changed(.backup, .active, .nobodyHeard), .announce,
            ])
    }

    @Test("an advertisement of the same or a higher priority restarts the timer", arguments: [200, 201, 255])
    func follows(priority: UInt8) {
        var router = Self.backup()
        #expect(router.handle(Self.heard(priority), at: .milliseconds(200)) == [])
        #expect(router.deadline == .milliseconds(200) + Self.down)
        #expect(router.active?.address == Self.smaller)
    }

    @Test("a lower priority is discarded and the timer runs on: that is preemption")
    func preempts() {
        var router = Self.backup()
        _ = router.handle(Self.heard(199), at: .milliseconds(200))
        #expect(router.deadline == Self.down)
        let actions = router.handle(.time, at: Self.down)
        #expect(actions[2] == Self.changed(.backup, .active, .preempting(Self.smaller, priority: 199)))
    }

    @Test("with nopreempt a lower priority is followed")
    func noPreemption() {
        var router = Self.backup(Self.router(preempt: false))
        _ = router.handle(Self.heard(1), at: .milliseconds(200))
        #expect(router.deadline == .milliseconds(200) + Self.down)
    }

    @Test("preempt_delay counts from the first advertisement of a lower priority")
    func preemptDelay() {
        var router = Self.backup(Self.router(preemptDelay: .seconds(1)))
        _ = router.handle(Self.heard(100), at: .milliseconds(100))
        _ = router.handle(Self.heard(100), at: .milliseconds(1099))
        #expect(router.deadline == .milliseconds(1099) + Self.down)
        _ = router.handle(Self.heard(100), at: .milliseconds(1100))
        #expect(router.deadline == .milliseconds(1099) + Self.down)
    }

    @Test("the interval of the Active is adopted, and our own is sent once we are Active")
    func adoptsInterval() {
        var router = Self.backup()
        _ = router.handle(Self.heard(250, interval: .seconds(1)), at: .zero)
        #expect(router.deadline == .seconds(3) + .microseconds(218_750))
        _ = router.handle(.time, at: router.deadline ?? .zero)
        #expect(router.advertisement(priority: 1).interval == Self.interval)
    }

    @Test("a resignation leaves the skew only, and says so")
    func resigned() {
        var router = Self.backup()
        _ = router.handle(Self.heard(250), at: .zero)
        _ = router.handle(Self.heard(0), at: .milliseconds(50))
        #expect(router.deadline == .milliseconds(50) + .microseconds(21_875))
        let actions = router.handle(.time, at: router.deadline ?? .zero)
        #expect(actions[2] == Self.changed(.backup, .active, .activeResigned(Self.smaller)))
    }

    @Test("a storm of resignations does not put the takeover off")
    func resignationStorm() {
        var router = Self.backup()
        _ = router.handle(Self.heard(250), at: .zero)
        for time in 50..<70 { _ = router.handle(Self.heard(0), at: .milliseconds(time)) }
        #expect(router.deadline == .milliseconds(50) + .microseconds(21_875))
    }

    @Test("a resignation of a router that is not followed does not count")
    func resignedOther() {
        var router = Self.backup()
        _ = router.handle(Self.heard(250), at: .zero)
        let before = router.deadline
        _ = router.handle(Self.heard(0, from: Self.greater), at: .milliseconds(50))
        #expect(router.deadline == before)
    }

    @Test("a Backup that finds itself late listens for one more interval, but not for ever")
    func lateBackup() {
        var router = Self.backup()
        var now = Self.down
        for _ in 0..<VirtualRouter.maximumLateListens {
            now += Self.interval + .nanoseconds(1)
            #expect(router.handle(.time, at: now) == [])
            now += Self.interval
            #expect(router.deadline == now)
        }
        #expect(router.handle(.time, at: now + .seconds(5)).first == .send(priority: 200))
    }

    @Test("a changed priority moves the running timer by the difference of the skews")
    func priorityOfBackup() {
        var router = Self.backup()
        _ = router.handle(.tracking(adjustment: -100), at: .milliseconds(10))
        #expect(router.deadline == .milliseconds(300) + .microseconds(60_937) + .nanoseconds(500))
        #expect(router.effectivePriority == 100)
    }

    @Test("the effective priority stays between 1 and 254", arguments: [(-254, 1), (254, 254), (10, 210)])
    func clamped(adjustment: Int, expected: UInt8) {
        var router = Self.backup()
        _ = router.handle(.tracking(adjustment: adjustment), at: .zero)
        #expect(router.effectivePriority == expected)
    }

    // MARK: Active

    @Test("an Active advertises at its interval without drifting")
    func advertises() {
        var router = Self.active()
        for step in 1...50 {
            let due = Self.down + Self.interval * step
            #expect(router.handle(.time, at: due + .milliseconds(3)).contains(.send(priority: 200)))
        }
        // Every call was 3 ms late; the next is due as if none had been.
        var waits = router
        #expect(
            !waits.handle(.time, at: Self.down + Self.interval * 51 - .nanoseconds(1))
                .contains(.send(priority: 200)))
    }

    @Test("to a lower priority an Active answers at once and announces itself again")
    func answersLower() {
        var router = Self.active()
        let now = Self.down + .milliseconds(150)
        #expect(
            router.handle(Self.heard(199), at: now)
                == [.rival(Self.smaller, priority: 199), .send(priority: 200), .announce])
        #expect(router.handle(Self.heard(0), at: now + .milliseconds(50)).first == .send(priority: 200))
    }

    @Test("the last word of a router that was just preempted makes no rival of it")
    func lastWord() {
        var router = Self.active()
        #expect(
            router.handle(Self.heard(199), at: Self.down + .milliseconds(1)).first == .send(priority: 200))
    }

    @Test(
        "to a higher priority it gives up: addresses first, then a last word that makes the winner announce")
    func yields() {
        var router = Self.active()
        #expect(
            router.handle(Self.heard(201), at: .milliseconds(400)) == [
                .removeAddresses, .send(priority: 200),
                Self.changed(.active, .backup, .higherPriority(Self.smaller, priority: 201)),
            ])
        #expect(router.deadline == .milliseconds(400) + Self.down)
    }

    @Test("even with nopreempt an Active yields to a higher priority")
    func yieldsWithoutPreemption() {
        var router = Self.active(Self.router(preempt: false))
        _ = router.handle(Self.heard(201), at: .milliseconds(400))
        #expect(router.state == .backup)
    }

    @Test("of two with one priority the greater address stays")
    func tie() {
        var yields = Self.active()
        _ = yields.handle(Self.heard(200, from: Self.greater), at: .milliseconds(400))
        #expect(yields.state == .backup)
        var stays = Self.active()
        _ = stays.handle(Self.heard(200, from: Self.smaller), at: .milliseconds(400))
        #expect(stays.state == .active)
    }

    @Test("addresses compare as unsigned numbers in network order")
    func unsigned() {
        #expect(IPv4Address("200.0.0.1")! > IPv4Address("100.0.0.9")!)
        #expect(IPv4Address("10.0.0.200")! < IPv4Address("10.0.1.1")!)
    }

    @Test("an Active that overslept removes the addresses and listens before it speaks")
    func overslept() {
        var router = Self.active()
        let due = Self.down + Self.interval
        let now = due + Self.interval * 2 + .nanoseconds(1)
        #expect(
            router.handle(.time, at: now)
                == [.removeAddresses, Self.changed(.active, .backup, .overslept(now - due))])
        #expect(router.deadline == now + Self.interval + .microseconds(21_875))
    }

    @Test("what a queue held while an Active slept is heard before it speaks", arguments: [100, 250])
    func oversleptWithQueue(priority: UInt8) {
        var router = Self.active()
        let now = Self.down + Self.interval * 4
        let actions = router.handle(Self.heard(priority), at: now)
        #expect(actions == [.removeAddresses, Self.changed(.active, .backup, .overslept(Self.interval * 3))])
    }

    @Test("two intervals late is not overslept: no backup can have taken over")
    func almostOverslept() {
        var router = Self.active()
        _ = router.handle(.time, at: Self.down + Self.interval * 3)
        #expect(router.state == .active)
    }

    @Test("the announcements come at 20, 100, 500 ms, 2 and 5 s, then every 60 s")
    func announcements() {
        var router = Self.active()
        var times: [Duration] = []
        while let now = router.deadline, now < Self.down + .seconds(130) {
            if router.handle(.time, at: now).contains(.announce) { times.append(now - Self.down) }
        }
        #expect(
            times == [
                .milliseconds(20), .milliseconds(100), .milliseconds(500), .seconds(2), .seconds(5),
                .seconds(65), .seconds(125),
            ])
    }

    @Test("a flood of foreign advertisements does not make a flood of announcements")
    func announcementFlood() {
        var router = Self.active()
        var count = 0
        for step in 0..<1000 {
            let now = Self.down + .milliseconds(150) + .microseconds(200 * step)
            count += router.handle(Self.heard(100), at: now).filter { $0 == .announce }.count
            count += router.handle(.time, at: now).filter { $0 == .announce }.count
        }
        #expect(count > 0 && count <= 11)
    }

    @Test("addresses that somebody removes are added again and announced, at most ten times a second")
    func lostAddresses() {
        var router = Self.active()
        let now = Self.down + .milliseconds(50)
        #expect(router.handle(.addressesLost, at: now) == [])
        #expect(
            router.handle(.time, at: Self.down + VirtualRouter.addressRetry).starts(with: [
                .send(priority: 200), .addAddresses, .announce,
            ]))
        #expect(router.handle(.addressesLost, at: Self.down + .milliseconds(201)).first == .addAddresses)
    }

    @Test("advertisements are sent with the checksum of the router heard last")
    func adoptsChecksum() {
        var router = Self.backup()
        #expect(router.advertisement(priority: 1).checksum == .pseudoHeader)
        _ = router.handle(Self.heard(250, checksum: .messageOnly), at: .zero)
        #expect(router.advertisement(priority: 1).checksum == .messageOnly)
    }
}
