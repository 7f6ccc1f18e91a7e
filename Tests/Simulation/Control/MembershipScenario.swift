import Consensus
import Control
import Simulator

/// One history of a cluster in which voters go for longer than they are waited for: followers must vote in their place, one
/// after the other, and leases must have one owner all the while.
struct MembershipScenario {
    static let voters = 3
    static let replaceAfter: Duration = .seconds(20)
    /// Two changes of voters, each after the pause of its own, behind an election.
    static let replacing: Duration = .seconds(60)

    struct Report {
        var violation: String?
        var replaced = 0
        var faults = 0
        var simulated: Duration = .zero
        var nodes = 0
    }

    private var random: SeededRandom
    private let seed: UInt64
    private let flaw: ControlNode.Flaw
    private let waits: Duration?

    /// `waits` nil: a voter is waited for for ever.
    init(seed: UInt64, flaw: ControlNode.Flaw = .none, waits: Duration? = Self.replaceAfter) {
        random = SeededRandom(seed: seed)
        self.seed = seed
        self.flaw = flaw
        self.waits = waits
    }

    mutating func run() -> Report {
        var report = Report()
        let count = random.pick([4, 5, 6])
        report.nodes = count
        let machines = (0..<count).map { _ in
            ControlNode.Machine(
                DriftingClock(
                    offset: .seconds(100 + random.below(10_000)),
                    partsPerMillion: random.pick([-500, 0, 500])))
        }
        let (seed, flaw, waits) = (seed, flaw, waits)
        let conditions = NetworkConditions(
            lossPerMille: random.pick([0, 10, 50]), duplicatePerMille: random.pick([0, 20]),
            delay: .microseconds(200) ... .milliseconds(random.pick([2, 20])),
            lateness: .zero ... .milliseconds(5))
        let world = World(seed: seed ^ 0x3C3C, count: count, conditions: conditions) { index in
            ControlNode(
                UInt64(index) + 1, machine: machines[index], voters: Self.voters, members: count,
                replaceAfter: waits, seed: UInt32(truncatingIfNeeded: seed) &* 31 &+ UInt32(index), flaw: flaw
            )
        }
        let watch = LeaseWatch()
        world.observer = { world, _ in watch.observe(world) }
        world.start()
        world.run(until: .seconds(10))
        var dead: Int?
        for _ in 0..<4 where report.violation == nil {
            harass(world, &report)
            settle(world, except: nil)
            // Gone for less than it is waited for: nothing changes.
            let before = voters(world)
            if let short = random.pick(before.map { Optional($0) }) {
                world.apply(.crash(short))
                world.run(until: world.now + Self.replaceAfter / 2)
                check(
                    voters(world) == before, "a voter that was gone for a moment was replaced", world, &report
                )
                world.apply(.restart(short))
                world.run(until: world.now + .seconds(10))
            }
            // Gone for good.
            let lost = random.pick(voters(world))
            world.apply(random.happens(perMille: 500) ? .crash(lost) : .freeze(lost))
            report.faults += 2
            dead = lost
            world.run(until: world.now + Self.replaceAfter + Self.replacing)
            let now = voters(world)
            if waits == nil {
                check(now.contains(lost), "a voter was replaced that is to be waited for", world, &report)
            } else {
                check(
                    now.count == Self.voters && !now.contains(lost),
                    "voter \(lost + 1) is gone for good, and \(now.map { $0 + 1 }) vote", world, &report)
                report.replaced += 1
                // The full strength: a second one may die, and the rest goes on.
                if report.violation == nil, let next = now.first(where: { world.node($0).isLeading }) {
                    world.apply(.crash(next))
                    world.run(until: world.now + .seconds(12))
                    check(
                        now.contains { $0 != next && world.node($0).isLeading },
                        "after a second voter died nobody leads", world, &report)
                    world.apply(.restart(next))
                }
            }
            world.apply(.resume(lost))
            world.apply(.restart(lost))
            world.run(until: world.now + .seconds(30))
            if waits != nil, report.violation == nil, let dead {
                let role = leader(world).flatMap { world.node($0).membership[MemberID(dead) + 1]?.role }
                check(
                    role == .standby,
                    "voter \(dead + 1) has come back and is \(role.map { "\($0)" } ?? "nothing")",
                    world, &report)
            }
        }
        if report.violation == nil { report.violation = watch.violation }
        report.simulated = world.now
        return report
    }

    private func check(
        _ isTrue: Bool, _ sentence: String, _ world: World<ControlNode>, _ report: inout Report
    ) {
        if !isTrue, report.violation == nil { report.violation = "at \(world.now) \(sentence)" }
    }

    private func leader(_ world: World<ControlNode>) -> Int? {
        (0..<world.count).first { world.condition($0) == .running && world.node($0).isLeading }
    }

    /// Who votes, as the leader knows.
    private func voters(_ world: World<ControlNode>) -> [Int] {
        guard let leader = leader(world) else { return [] }
        return world.node(leader).membership.voters.map { Int($0.id) - 1 }.sorted()
    }

    private func settle(_ world: World<ControlNode>, except: Int?) {
        world.apply(.mendAll)
        for index in 0..<world.count {
            world.apply(.resume(index))
            world.apply(.restart(index))
        }
        world.run(until: world.now + .seconds(15))
    }

    /// Faults that are over before anybody is given up; a leader that stood still must not think that all others are gone.
    private mutating func harass(_ world: World<ControlNode>, _ report: inout Report) {
        for _ in 0..<6 {
            let victim = random.below(world.count)
            let leads = leader(world) ?? victim
            report.faults += 1
            switch random.below(4) {
            case 0: world.apply(.crash(victim))
            case 1: world.apply(.freeze(leads))
            case 2: world.apply(.suspend(leads))
            default: world.apply(.partition((0..<world.count).map { _ in random.below(2) }))
            }
            world.run(until: world.now + random.duration(in: .seconds(1) ... .seconds(6)))
            world.apply(.resume(victim))
            world.apply(.resume(leads))
            world.apply(.restart(victim))
            world.apply(.mendAll)
            world.run(until: world.now + random.duration(in: .zero ... .seconds(4)))
        }
    }
}
