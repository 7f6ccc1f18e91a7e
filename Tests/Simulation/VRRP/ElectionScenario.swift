import Languages
import Simulator
import VRRP

/// One history of a few routers: rounds of trouble, each followed by a calm in which the truth must show.
struct ElectionScenario {
    /// Rounds of trouble and calm.
    static let rounds = 3
    /// How long trouble lasts, in the longest advertisement interval of all.
    static let troubleIntervals = 20
    /// After so many of them a network that works must have settled: a down interval of at most four, one
    /// more for a Backup that woke late, one for the preemption to be heard, and the delays.
    static let settlingIntervals = 8
    /// For so long it is then watched at every step.
    static let watchedIntervals = 6

    /// An order that does not end by itself before the history does.
    static let longOrder: Duration = .seconds(3600)

    private var random: SeededRandom
    private let seed: UInt64
    private let flaw: RouterNode.Flaw
    private let interval: Duration
    private let settings: [VirtualRouter.Settings]
    private var unfit: Set<Int> = []
    private var down: Set<Int> = []

    init(seed: UInt64, flaw: RouterNode.Flaw = .none) {
        var random = SeededRandom(seed: seed)
        self.seed = seed
        self.flaw = flaw
        let interval = Duration.milliseconds(10 * random.pick([1, 2, 10, 50, 100]))
        self.interval = interval
        let count = random.happens(perMille: 50) ? 9 : 2 + random.below(4)
        let arePrioritiesEqual = random.happens(perMille: 250)
        let isPreempting = !random.happens(perMille: 200)
        let hasMixedIntervals = random.happens(perMille: 150)
        let mixed: Duration = interval < .milliseconds(100) ? .milliseconds(10) : interval / 5
        var priorities = Array(1...254)
        settings = (0..<count).map { _ in
            let place = random.below(priorities.count)
            let priority = arePrioritiesEqual ? 100 : priorities.remove(at: place)
            return VirtualRouter.Settings(
                virtualRouterID: 51, priority: UInt8(priority),
                interval: hasMixedIntervals && random.happens(perMille: 500) ? mixed : interval,
                preempt: isPreempting, addresses: [IPv4Address(bits: 0xC000_021D)])
        }
        self.random = random
    }

    /// The first thing that was not as it must be, or nil; and a mark of the whole history.
    mutating func run(isReplay: Bool = false) -> (violation: String?, digest: Int) {
        let settings = settings
        let flaw = flaw
        let world = World(seed: seed ^ 0xA5A5_A5A5, count: settings.count, conditions: trouble()) { index in
            RouterNode(settings[index], address: Self.address(index), flaw: flaw)
        }
        let watch = ElectionWatch(count: settings.count, interval: interval, isReplay: isReplay)
        world.observer = { watch.observe($0, $1) }
        world.start()
        for round in 1...Self.rounds {
            makeTrouble(world)
            let sides = calm(world)
            watch.beginCalm(sides)
            world.run(until: world.now + interval * Self.settlingIntervals)
            watch.isSettled = true
            watch.checkHolders(world)
            world.run(until: world.now + interval * Self.watchedIntervals)
            watch.checkHolders(world)
            watch.checkLastAnnouncement(world)
            if settings[0].preempt { watch.checkOrder(world) }
            if round == Self.rounds { moveAway(world, sides, watch) }
            watch.isSettled = false
            if let violation = watch.violation {
                return (
                    "round \(round): \(violation)\n\(watch.history.joined(separator: "\n"))", watch.digest
                )
            }
        }
        return (nil, watch.digest)
    }

    private static func address(_ index: Int) -> IPv4Address {
        // Across the sign bit, and not in the order of the nodes.
        IPv4Address(bits: index % 2 == 0 ? 0xC000_0200 + UInt32(index) : 0x0A00_0001 + UInt32(index) << 8)
    }

    // MARK: trouble

    private mutating func trouble() -> NetworkConditions {
        NetworkConditions(
            lossPerMille: random.pick([0, 10, 100, 400]), duplicatePerMille: random.pick([0, 0, 50]),
            delay: .microseconds(50)...(random.happens(perMille: 300) ? interval * 2 : interval / 5),
            lateness: .zero...(random.happens(perMille: 200) ? interval : interval / 20))
    }

    private mutating func makeTrouble(_ world: World<RouterNode>) {
        let end = world.now + interval * Self.troubleIntervals
        world.apply(.conditions(trouble()))
        for _ in 0..<(1 + random.below(7)) {
            let time = random.duration(in: world.now...end)
            let node = random.below(world.count)
            let other = random.below(world.count)
            let later = time + random.duration(in: interval / 2...interval * 10)
            switch random.below(10) {
            case 0: both(world, .crash(node), time, .restart(node), later)
            case 1: both(world, .freeze(node), time, .resume(node), later)
            case 2: both(world, .suspend(node), time, .resume(node), later)
            case 3:
                both(world, .cut(from: node, to: other), time, .mend(from: node, to: other), later)
            case 4:
                let sides = (0..<world.count).map { _ in random.below(2) }
                both(world, .partition(sides), time, .mendAll, later)
            case 5:
                both(
                    world, .disturb(node, .tracking(nil)), time, .disturb(node, .tracking(0)), later)
            case 6:
                both(
                    world, .disturb(node, .interface(false)), time, .disturb(node, .interface(true)), later)
            case 7: world.plan(.disturb(node, .yield(later - time)), at: time)
            case 8: world.plan(.disturb(node, .pin(later - time)), at: time)
            default: world.plan(.conditions(trouble()), at: time)
            }
        }
        world.run(until: end)
    }

    private func both(
        _ world: World<RouterNode>, _ first: Fault<RouterNode.Disturbance>, _ time: Duration,
        _ second: Fault<RouterNode.Disturbance>, _ later: Duration
    ) {
        world.plan(first, at: time)
        world.plan(second, at: later)
    }

    // MARK: calm

    /// All that was broken is mended or stays broken for good; returns the side of every node that counts.
    private mutating func calm(_ world: World<RouterNode>) -> [Int?] {
        let shortest = settings.map { $0.interval }.min() ?? interval
        // What trouble has planned beyond its end happens first.
        world.run(until: world.now + interval * 11)
        world.apply(
            .conditions(
                NetworkConditions(
                    duplicatePerMille: 20, delay: .microseconds(50)...(shortest / 5),
                    lateness: .zero...(shortest / 20))))
        let isSplit = random.happens(perMille: 300)
        let sides = (0..<world.count).map { _ in isSplit ? random.below(2) : 0 }
        world.apply(isSplit ? .partition(sides) : .mendAll)
        var counted: [Int?] = []
        for index in 0..<world.count {
            world.apply(.resume(index))
            world.apply(.restart(index))
            world.apply(.disturb(index, .interface(true)))
            let isUnfit = random.happens(perMille: 100)
            world.apply(.disturb(index, .tracking(isUnfit ? nil : 0)))
            world.apply(.disturb(index, .noOrder))
            if random.happens(perMille: 150) { world.apply(.disturb(index, .yield(Self.longOrder))) }
            let isDown = random.happens(perMille: 100)
            if isDown { world.apply(.crash(index)) }
            counted.append(isUnfit || isDown ? nil : sides[index])
        }
        return counted
    }

    // MARK: a move on purpose

    /// What a deploy does: the holder stands back, whoever took over is pinned, the first one is itself again or starts
    /// anew. Then nothing may move until the pin ends.
    private mutating func moveAway(_ world: World<RouterNode>, _ sides: [Int?], _ watch: ElectionWatch) {
        let members = (0..<world.count).filter { sides[$0] == 0 }
        let isRestarted = random.happens(perMille: 500)
        guard members.count > 1 else { return }
        watch.isSettled = false
        for index in members { world.apply(.disturb(index, .noOrder)) }
        world.run(until: world.now + interval * Self.settlingIntervals)
        guard let first = members.first(where: { world.node($0).holds }) else { return }
        world.apply(.disturb(first, .yield(Self.longOrder)))
        world.run(until: world.now + interval * Self.settlingIntervals)
        watch.checkHolders(world)
        guard let second = members.first(where: { $0 != first && world.node($0).holds }) else {
            return watch.checkMoved(to: members.first { $0 != first } ?? first, "\(first) stood back", world)
        }
        world.apply(.disturb(second, .pin(Self.longOrder)))
        world.run(until: world.now + interval)
        watch.isSettled = true
        if isRestarted { world.apply(.crash(first)) }
        world.apply(isRestarted ? .restart(first) : .disturb(first, .noOrder))
        world.run(until: world.now + interval * Self.settlingIntervals)
        watch.checkMoved(to: second, "it is pinned", world)
        watch.isSettled = false
        world.apply(.disturb(second, .noOrder))
        world.run(until: world.now + interval * Self.settlingIntervals)
        watch.checkHolders(world)
        watch.checkLastAnnouncement(world)
        if settings[0].preempt { watch.checkOrder(world) }
    }
}
