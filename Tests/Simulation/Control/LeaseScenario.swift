import Control
import Simulator

/// One history of a few nodes that want to own the same lease, with trouble all the while.
struct LeaseScenario {
    /// What a history came to.
    struct Report {
        /// The first thing that was not as it must be.
        var violation: String?
        var takes = 0
        var renewals = 0
        var faults = 0
        /// How long somebody acted.
        var served: Duration = .zero
        /// In the calm at the end somebody must act.
        var length: Duration = .zero
        var nodes = 0
    }

    private static let quick = NetworkConditions(
        delay: .microseconds(100) ... .microseconds(300), lateness: .zero ... .microseconds(100))

    private var random: SeededRandom
    private let seed: UInt64
    private let flaw: ControlNode.Flaw

    init(seed: UInt64, flaw: ControlNode.Flaw = .none) {
        random = SeededRandom(seed: seed)
        self.seed = seed
        self.flaw = flaw
    }

    mutating func run(length: Duration = .seconds(60)) -> Report {
        var report = Report()
        report.length = length
        let count = random.pick([3, 3, 5])
        report.nodes = count
        let machines = (0..<count).map { _ in
            let drift = random.pick([-500, -100, 0, 100, 500])
            return ControlNode.Machine(
                DriftingClock(offset: .seconds(100 + random.below(10_000)), partsPerMillion: drift))
        }
        let (flaw, seed) = (flaw, seed)
        var conditions = NetworkConditions(
            lossPerMille: random.pick([0, 0, 10, 100]), duplicatePerMille: random.pick([0, 20]),
            delay: .microseconds(200) ... .milliseconds(random.pick([1, 5, 40, 150])),
            lateness: .zero ... .milliseconds(random.pick([1, 20])))
        let world = World(seed: seed ^ 0x5A5A, count: count, conditions: conditions) { index in
            ControlNode(
                UInt64(index) + 1, machine: machines[index], voters: count,
                seed: UInt32(truncatingIfNeeded: seed) &* 31 &+ UInt32(index), flaw: flaw)
        }
        let watch = LeaseWatch()
        world.observer = { world, _ in watch.observe(world) }
        world.start()
        while world.now < length {
            run(world, for: random.duration(in: .milliseconds(20) ... .seconds(4)), watch)
            report.faults += fault(world, &conditions)
            if random.happens(perMille: 150), part(world) {
                report.faults += 1
                // On a quick network what clocks do wrong is more than what messages take.
                if random.happens(perMille: 500) { world.apply(.conditions(Self.quick)) }
                run(world, for: .seconds(5), watch)
                world.apply(.mendAll)
                world.apply(.conditions(conditions))
            }
            if let violation = watch.violation {
                report.violation = violation
                return report
            }
        }
        world.apply(.mendAll)
        world.apply(.conditions(NetworkConditions(delay: .microseconds(200) ... .milliseconds(2))))
        for index in 0..<count {
            world.apply(.resume(index))
            world.apply(.restart(index))
        }
        world.run(until: world.now + .seconds(15))
        watch.observe(world)
        report.violation = watch.violation
        if report.violation == nil, !(0..<count).contains(where: { world.node($0).isActing(at: world.now) }) {
            report.violation = "15 s into the calm nobody has the lease"
        }
        report.served = watch.served
        for index in 0..<count {
            report.takes += world.node(index).takes
            report.renewals += world.node(index).renewals
        }
        return report
    }

    /// The end of a lease is where mistakes show: in short steps the observer sees every moment of it.
    private func run(_ world: World<ControlNode>, for pause: Duration, _ watch: LeaseWatch) {
        let end = world.now + pause
        while world.now < end {
            world.run(until: min(end, world.now + .milliseconds(1)))
            watch.observe(world)
        }
    }

    /// Cuts the owner from the leader alone. The leader takes the lease as soon as its own promise has run out, and a third one,
    /// which has promised the owner later, decides to the millisecond who acts.
    private func part(_ world: World<ControlNode>) -> Bool {
        guard let owner = (0..<world.count).first(where: { world.node($0).isActing(at: world.now) }),
            let leader = (0..<world.count).first(where: { world.node($0).isLeading && $0 != owner })
        else { return false }
        world.apply(.mendAll)
        world.apply(.cut(from: owner, to: leader))
        world.apply(.cut(from: leader, to: owner))
        return true
    }

    private mutating func fault(_ world: World<ControlNode>, _ conditions: inout NetworkConditions) -> Int {
        let index = random.below(world.count)
        let other = random.below(world.count)
        // Whoever acts is hit more often than the others.
        let victim =
            (0..<world.count).first {
                world.node($0).isActing(at: world.now) && random.happens(perMille: 500)
            }
            ?? index
        switch random.below(13) {
        case 0: world.apply(.crash(victim))
        case 1, 2: world.apply(.restart(index))
        case 3: world.apply(.freeze(victim))
        case 4, 5: world.apply(.resume(index))
        case 6: world.apply(.cut(from: victim, to: other))
        case 7: world.apply(.partition((0..<world.count).map { _ in random.below(2) }))
        case 8: world.apply(.mendAll)
        case 9, 10:
            // Whoever acts is alone, and all others have forgotten what they promised.
            for node in 0..<world.count where node != victim {
                world.apply(.crash(node))
                world.apply(.restart(node))
            }
            world.apply(.partition((0..<world.count).map { $0 == victim ? 1 : 0 }))
        case 11: world.apply(.disturb(victim, random.happens(perMille: 700) ? .release : .take))
        default:
            // The whole shelf, or all but one voter, at once.
            for node in 0..<world.count where random.happens(perMille: 800) {
                world.apply(.crash(node))
                if random.happens(perMille: 800) { world.apply(.restart(node)) }
            }
        }
        return 1
    }
}

/// Never two at once.
final class LeaseWatch {
    private(set) var violation: String?
    private(set) var served: Duration = .zero
    private var last: Duration = .zero
    private var highest: UInt64 = 0
    /// Who acted in an epoch.
    private var owners: [UInt64: Int] = [:]

    func observe(_ world: World<ControlNode>) {
        let acting = (0..<world.count).filter { index in
            // What stands still does nothing; when it goes on it must know what time it is.
            world.condition(index) == .running && world.node(index).isActing(at: world.now)
        }
        if !acting.isEmpty { served += world.now - last }
        last = world.now
        guard violation == nil else { return }
        if acting.count > 1 {
            let names = acting.map { "node \($0) in epoch \(world.node($0).epoch ?? 0)" }
            violation = "at \(world.now) \(names.joined(separator: " and ")) act both"
        }
        for index in acting {
            let epoch = world.node(index).epoch ?? 0
            if epoch < highest {
                violation = "at \(world.now) node \(index) acts in epoch \(epoch) after \(highest)"
            }
            if let other = owners[epoch], other != index {
                violation = "at \(world.now) node \(index) acts in epoch \(epoch), as node \(other) did"
            }
            owners[epoch] = index
            highest = max(highest, epoch)
        }
    }
}
