import Database
import Simulator

/// One history of a shelf: trouble, then a calm in which all must stream again.
struct DatabaseScenario {
    static let trouble: Duration = .seconds(60)
    /// In a calm, writes resume and all stream within this.
    static let bound: Duration = .seconds(60)
    static let rounds = 3

    struct Outcome {
        var violation: String?
        var digest = 0
        var acknowledged = 0
        var elections = 0
        var faults = 0
        var simulated: Duration = .zero
        var nodes = 0
    }

    private var random: SeededRandom
    private let seed: UInt64
    private let flaw: DatabaseFlaw
    private let count: Int
    private let durability: Durability
    private var faults = 0

    init(seed: UInt64, flaw: DatabaseFlaw = .none) {
        random = SeededRandom(seed: seed)
        self.seed = seed
        self.flaw = flaw
        count = random.pick([2, 3, 3, 4, 4, 5])
        durability = random.pick([.strict, .strict, .available])
    }

    mutating func run(isReplay: Bool = false) -> Outcome {
        let ledger = WriteLedger(isLossless: durability != .async, isReplay: isReplay)
        let count = count
        let disks = (0..<count).map { _ in DatabaseDisk() }
        let store = SimulatedControl.Store()
        let clocks = (0...count).map { _ in
            let drift = random.below(1001) - 500
            return DriftingClock(
                offset: random.duration(in: .zero ... .seconds(100_000)), partsPerMillion: drift)
        }
        let isTalkative = random.happens(perMille: 500)
        let members = MemberSet((1...count).map { MemberID($0)! })
        let durability = durability
        let flaw = flaw
        var lives: UInt64 = 0
        let seed = seed
        var theWorld: World<ShelfNode>?
        let world = World<ShelfNode>(seed: seed ^ 0x5A5A, count: count + 1, conditions: Self.calmNetwork) {
            index in
            lives += 1
            let now = theWorld?.now ?? .zero
            if index == count {
                return .control(SimulatedControl(store, clock: clocks[count], isTalkative: isTalkative))
            }
            let settings = MemberSettings(id: MemberID(index + 1)!, members: members, durability: durability)
            return .member(
                DatabaseNode(
                    settings, index: index, control: count, disk: disks[index], ledger: ledger,
                    clock: clocks[index], flaw: flaw, seed: seed &* 1_000_003 &+ lives, at: now))
        }
        theWorld = world
        let watch = ShelfWatch(ledger, count: count, store: store, disks: disks)
        world.observer = { watch.observe($0, $1) }
        world.start()
        var outcome = Outcome()
        calm(world, ledger, watch, disks, "at the beginning")
        for round in 1...Self.rounds where ledger.violation == nil {
            makeTrouble(world, disks, ledger)
            calm(world, ledger, watch, disks, "round \(round)")
        }
        theWorld = nil
        outcome.violation = ledger.violation.map {
            "\(count) nodes, \(durability): \($0)\n\(ledger.history.joined(separator: "\n"))"
        }
        outcome.digest = ledger.digest
        outcome.acknowledged = ledger.acknowledgedCount
        outcome.elections = ledger.elections
        outcome.faults = faults
        outcome.simulated = world.now
        outcome.nodes = count
        return outcome
    }

    // MARK: trouble

    private static let calmNetwork = NetworkConditions(
        duplicatePerMille: 5, delay: .microseconds(100) ... .milliseconds(3),
        lateness: .zero ... .milliseconds(5))

    private mutating func network() -> NetworkConditions {
        NetworkConditions(
            lossPerMille: random.pick([0, 0, 5, 50, 300]), duplicatePerMille: random.pick([0, 20]),
            delay: .microseconds(
                100)...random.pick([.milliseconds(2), .milliseconds(30), .milliseconds(400)]),
            lateness: .zero...random.pick([.milliseconds(2), .milliseconds(20), .milliseconds(200)]))
    }

    private mutating func makeTrouble(
        _ world: World<ShelfNode>, _ disks: [DatabaseDisk], _ ledger: WriteLedger
    ) {
        let end = world.now + Self.trouble
        ledger.tell("\(world.now) trouble")
        world.apply(.conditions(network()))
        var time = world.now
        while true {
            time += random.duration(in: .milliseconds(100) ... .seconds(12))
            if time >= end { break }
            world.run(until: time)
            faults += 1
            let node = target(world)
            let other = random.below(count + 1)
            let later = time + random.duration(in: .milliseconds(100) ... .seconds(15))
            ledger.tell("\(time) fault")
            switch random.below(18) {
            case 0, 1: crash(world, [node], disks, time)
            case 2:
                let freeze = random.duration(
                    in: .zero...(random.happens(perMille: 600) ? .seconds(5) : .seconds(60)))
                world.apply(random.happens(perMille: 500) ? .freeze(node) : .suspend(node))
                world.plan(.resume(node), at: time + freeze)
            case 3:
                world.apply(.cut(from: node, to: other))
                world.plan(.mend(from: node, to: other), at: later)
            case 4:
                for peer in 0...count where peer != node {
                    world.apply(.cut(from: node, to: peer))
                    world.apply(.cut(from: peer, to: node))
                    world.plan(.mend(from: node, to: peer), at: later)
                    world.plan(.mend(from: peer, to: node), at: later)
                }
            case 5:
                world.apply(.partition((0...count).map { _ in random.below(2) }))
                world.plan(.mendAll, at: later)
            case 6, 7: world.apply(.disturb(node, .killPostgres))
            case 8: world.apply(.disturb(node, .killAgent))
            case 9:
                world.apply(
                    .disturb(node, .freezeAgent(random.duration(in: .zero ... .seconds(20)))))
            case 10:
                world.apply(.disturb(node, .diskFull(true)))
                world.plan(.disturb(node, .diskFull(false)), at: later)
            case 11: world.apply(.disturb(node, .switchover))
            case 12:
                world.apply(.crash(count))
                world.plan(.restart(count), at: time + random.duration(in: .zero ... .seconds(4)))
            case 14, 15: squeeze(world, node, time)
            case 16: crashBusy(world, disks, time)
            case 13: if random.happens(perMille: 300) { crash(world, Array(0..<count), disks, time) }
            default: world.apply(.conditions(network()))
            }
        }
        world.run(until: end)
    }

    /// A primary's agent stands still while its lease is renewed, and goes on when control does not answer any more: what counts then
    /// is from when it counts the lease.
    private mutating func squeeze(_ world: World<ShelfNode>, _ node: Int, _ time: Duration) {
        world.apply(
            .disturb(node, .freezeAgent(random.duration(in: .milliseconds(800) ... .milliseconds(1900)))))
        let cut = time + .milliseconds(60)
        let mend = time + random.duration(in: .seconds(3) ... .seconds(9))
        for (sender, receiver) in [(node, count), (count, node)] {
            world.plan(.cut(from: sender, to: receiver), at: cut)
            world.plan(.mend(from: sender, to: receiver), at: mend)
        }
    }

    /// In the middle of a copy or a rewind.
    private mutating func crashBusy(_ world: World<ShelfNode>, _ disks: [DatabaseDisk], _ time: Duration) {
        let busy = (0..<count).filter {
            disks[$0].record.folder == .copying || disks[$0].record.folder == .rewinding
        }
        guard let node = busy.first else { return }
        if random.happens(perMille: 500) {
            crash(world, [node], disks, time)
        } else {
            world.apply(.disturb(node, .killAgent))
        }
    }

    /// The primary is hit as often as all others together: there it hurts.
    private mutating func target(_ world: World<ShelfNode>) -> Int {
        let any = random.below(count)
        guard random.happens(perMille: 500) else { return any }
        return (0..<count).first { index in
            if case .member(let node) = world.node(index) { node.core.role == .primary } else { false }
        } ?? any
    }

    /// Power cuts: what was not flushed is gone.
    private mutating func crash(
        _ world: World<ShelfNode>, _ nodes: [Int], _ disks: [DatabaseDisk], _ time: Duration
    ) {
        for node in nodes {
            world.apply(.crash(node))
            disks[node].cut()
            world.plan(.restart(node), at: time + random.duration(in: .milliseconds(200) ... .seconds(20)))
        }
    }

    // MARK: calm

    private mutating func calm(
        _ world: World<ShelfNode>, _ ledger: WriteLedger, _ watch: ShelfWatch, _ disks: [DatabaseDisk],
        _ name: String
    ) {
        ledger.tell("\(world.now) calm")
        world.apply(.conditions(Self.calmNetwork))
        world.apply(.mendAll)
        for index in 0...count {
            world.apply(.resume(index))
            world.apply(.restart(index))
            if index < count { disks[index].isFull = false }
        }
        let start = world.now
        // What trouble planned beyond its end: frozen agents and nodes.
        while world.now < start + Self.bound, ledger.violation == nil {
            world.run(until: world.now + .seconds(1))
            if watch.isWhole(world, disks) { break }
        }
        if ledger.violation == nil, let why = watch.why(world, disks) {
            ledger.report("\(name): \(Self.bound) after the last fault \(why)")
        }
        let before = ledger.acknowledgedCount
        world.run(until: world.now + .seconds(3))
        if ledger.violation == nil, ledger.acknowledgedCount == before {
            ledger.report("\(name): all stream and no write is acknowledged")
        }
    }
}
