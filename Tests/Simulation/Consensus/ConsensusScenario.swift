import Consensus
import Simulator

/// One history of a cluster: rounds of trouble, each followed by a calm in which the truth must show.
struct ConsensusScenario {
    /// Rounds of trouble and calm.
    static let rounds = 3
    /// How long trouble lasts.
    static let trouble: Duration = .seconds(90)
    /// After so long a network that works must have a leader, and everybody all entries: elections, the longest time on the
    /// disk, a snapshot that was lost (it is sent again after its timeout).
    static let settling: Duration = .seconds(45)
    /// Of client's commands in a round of trouble.
    static let commands = 400

    struct Result {
        /// The first thing that was not as it must be.
        var violation: String?
        var digest: UInt64
        var faults: Int
        var elections: Int
        var steps: Int
        var acknowledged: Int
        var simulated: Duration
        var nodes: Int
    }

    private let seed: UInt64
    private let flaw: ConsensusNode.Flaw
    private let voters: Int
    private let count: Int
    private let settings: Settings
    private let book = Book()
    private let bench: Bench
    private var random: SeededRandom
    private var faults = 0
    /// Members that were never in the cluster.
    private var strangers: [MemberID]

    init(seed: UInt64, flaw: ConsensusNode.Flaw = .none) {
        var random = SeededRandom(seed: seed)
        self.seed = seed
        self.flaw = flaw
        voters = random.pick([1, 2, 3, 3, 3, 3, 4, 5, 5])
        count = voters + 2
        settings = Settings(
            snapshotTimeout: .seconds(5), snapshotEntries: random.pick([8, 40, 1000]),
            snapshotBytes: random.pick([2000, 1 << 20]), trailingEntries: random.pick([0, 1, 5, 128]),
            inflightEntries: random.pick([1, 4, 32]), reservedKiB: random.pick([0, 64]))
        strangers = [MemberID(voters + 1), MemberID(voters + 2)]
        self.random = random
        bench = Bench(count: count, seed: seed)
    }

    mutating func run() -> Result {
        let (flaw, settings, book, bench, voters, seed) = (flaw, settings, book, bench, voters, seed)
        let founding = Membership((1...MemberID(voters)).map { Member($0, at: "m\($0)", as: .voter) })
        let world = World(seed: seed ^ 0x5EED, count: count, conditions: conditions()) { index in
            bench.makeNode(index, flaw, index < voters ? founding : nil, settings, book)
        }
        let watch = ConsensusWatch()
        world.observer = { watch.observe($0, $1) }
        world.start()
        for _ in 0..<Self.rounds {
            makeTrouble(world, watch)
            watch.checkMatching(world)
            let isAnswering = calm(world)
            watch.checkMatching(world)
            watch.checkConverged(world, book)
            if !isAnswering {
                watch.report(
                    "at \(world.now) no command goes through, although all is well:\(watch.members(world))")
            }
            guard watch.violation == nil else { break }
        }
        return Result(
            violation: watch.violation, digest: watch.digest, faults: faults, elections: watch.elections,
            steps: watch.steps, acknowledged: book.acknowledged.count, simulated: world.now, nodes: count)
    }

    // MARK: trouble

    private mutating func conditions() -> NetworkConditions {
        NetworkConditions(
            lossPerMille: random.pick([0, 0, 10, 100, 300]), duplicatePerMille: random.pick([0, 0, 50]),
            delay: .microseconds(
                100)...random.pick([.milliseconds(2), .milliseconds(40), .milliseconds(400)]),
            lateness: .zero...random.pick([.milliseconds(1), .milliseconds(20), .milliseconds(300)]))
    }

    private mutating func makeTrouble(_ world: World<ConsensusNode>, _ watch: ConsensusWatch) {
        let end = world.now + Self.trouble
        world.apply(.conditions(conditions()))
        for _ in 0..<(2 + random.below(30)) { planFault(world, in: world.now...end) }
        for _ in 0..<random.below(6) { planChange(world, in: world.now...end) }
        for _ in 0..<Self.commands {
            let time = random.duration(in: world.now...end)
            let padding = random.below(random.below(20) == 0 ? 5000 : 60)
            for node in 0..<world.count {
                world.plan(.disturb(node, .propose(book.next, padding: padding)), at: time)
            }
            book.next += 1
        }
        while world.now < end {
            world.run(until: min(end, world.now + .seconds(3)))
            watch.checkMatching(world, depth: 30)
        }
    }

    private mutating func planFault(_ world: World<ConsensusNode>, in range: ClosedRange<Duration>) {
        faults += 1
        let time = random.duration(in: range)
        let node = random.below(world.count)
        let other = random.below(world.count)
        let later =
            time
            + random.duration(in: .milliseconds(1)...random.pick([.seconds(1), .seconds(10), .seconds(60)]))
        func both(_ first: Fault<ConsensusNode.Disturbance>, _ second: Fault<ConsensusNode.Disturbance>) {
            world.plan(first, at: time)
            world.plan(second, at: later)
        }
        switch random.below(13) {
        case 0, 1: both(.crash(node), .restart(node))
        case 2: both(.freeze(node), .resume(node))
        case 3: both(.suspend(node), .resume(node))
        case 4: both(.cut(from: node, to: other), .mend(from: node, to: other))
        case 5, 6: both(.partition((0..<world.count).map { _ in random.below(2) }), .mendAll)
        case 7: world.plan(.conditions(conditions()), at: time)
        case 8:
            // The whole shelf loses power.
            for node in 0..<world.count {
                world.plan(.crash(node), at: time)
                world.plan(.restart(node), at: later + random.duration(in: .zero ... .seconds(1)))
            }
        case 9: world.plan(.disturb(node, .room(random.below(3000))), at: time)
        case 10:
            let code = random.pick([DiskError.input, DiskError.readOnly])
            world.plan(.disturb(node, .diskFails(after: random.below(20), code: code)), at: time)
        case 11: world.plan(.disturb(node, .slowDisk(.milliseconds(1) ... .seconds(2))), at: time)
        default:
            world.plan(.disturb(node, .transfer(random.below(2) == 0 ? nil : MemberID(other) + 1)), at: time)
        }
        // Who stopped for its disk's sake is started again by its supervisor.
        world.plan(.crash(node), at: later + .milliseconds(1))
        world.plan(.restart(node), at: later + .milliseconds(2))
    }

    private mutating func planChange(_ world: World<ConsensusNode>, in range: ClosedRange<Duration>) {
        let change: ConsensusNode.Disturbance
        switch random.below(6) {
        case 0, 1:
            // One that was sent away never comes back under its number.
            guard let stranger = strangers.first else { return }
            change = .add(stranger)
            strangers.removeFirst()
        case 2, 3: change = .assign(.voter, MemberID(random.below(world.count)) + 1)
        case 4: change = .assign(random.pick([.standby, .spare]), MemberID(random.below(world.count)) + 1)
        default: change = .remove(MemberID(random.below(world.count)) + 1)
        }
        // Whoever leads; asked again, since it may be refused or lost.
        for _ in 0..<5 {
            let time = random.duration(in: range)
            for node in 0..<world.count { world.plan(.disturb(node, change), at: time) }
        }
    }

    // MARK: calm

    /// Whether a command goes through.
    private mutating func calm(_ world: World<ConsensusNode>) -> Bool {
        // What trouble has planned beyond its end happens first.
        world.run(until: world.now + .seconds(62))
        world.apply(
            .conditions(
                NetworkConditions(
                    duplicatePerMille: 5, delay: .microseconds(100) ... .milliseconds(5),
                    lateness: .zero ... .milliseconds(2))))
        world.apply(.mendAll)
        for node in 0..<world.count {
            world.apply(.resume(node))
            world.apply(.crash(node))
            world.apply(.restart(node))
        }
        world.run(until: world.now + Self.settling)
        // One more command must go through; a leader that was just asked to hand over refuses it.
        let before = book.acknowledged.count
        for _ in 0..<20 where book.acknowledged.count == before {
            for node in 0..<world.count { world.apply(.disturb(node, .propose(book.next, padding: 1))) }
            book.next += 1
            world.run(until: world.now + .seconds(1))
        }
        world.run(until: world.now + .seconds(5))
        return book.acknowledged.count > before
    }
}

/// The disks, which outlive their nodes.
final class Bench {
    private var disks: [SimulatedDisk]
    private var nodes: [ConsensusNode?]
    private var lives: [Int]
    private var random: SeededRandom
    private var clocks: [DriftingClock]

    init(count: Int, seed: UInt64) {
        random = SeededRandom(seed: seed ^ 0xD15C)
        disks = (0..<count).map { _ in SimulatedDisk() }
        nodes = [ConsensusNode?](repeating: nil, count: count)
        lives = [Int](repeating: 0, count: count)
        clocks = []
        for _ in 0..<count {
            clocks.append(
                DriftingClock(
                    offset: random.duration(in: .zero ... .seconds(1_000_000)),
                    partsPerMillion: random.below(1001) - 500))
        }
    }

    func makeNode(
        _ index: Int, _ flaw: ConsensusNode.Flaw, _ founding: Membership?, _ settings: Settings, _ book: Book
    ) -> ConsensusNode {
        nodes[index]?.die(withPower: random.below(2) == 0)
        lives[index] += 1
        let node = ConsensusNode(
            MemberID(index) + 1, life: lives[index], flaw: flaw, disk: disks[index], founding: founding,
            settings: settings, clock: clocks[index], book: book, seed: random.next())
        nodes[index] = node
        return node
    }
}
