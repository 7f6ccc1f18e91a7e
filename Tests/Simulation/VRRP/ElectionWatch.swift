import Simulator
import VRRP

/// What must be true, looked at at every step.
final class ElectionWatch {
    /// The side of the network on which a node is; nil: it is down or unfit and must hold nothing.
    private var sides: [Int?] = []
    /// Whether the network has had its time to settle.
    var isSettled = false
    private(set) var violation: String?
    /// A mark of the whole history: the same for the same seed.
    private(set) var digest = 0
    /// The last lines of the history, kept only when one seed is replayed.
    private(set) var history: [String] = []
    private static let historyLines = 80
    private let isReplay: Bool
    private let interval: Duration
    private var lastAnnouncer: [Int]
    private var announcements = 0

    init(count: Int, interval: Duration, isReplay: Bool) {
        self.isReplay = isReplay
        self.interval = interval
        lastAnnouncer = [Int](repeating: -1, count: count)
    }

    func observe(_ world: World<RouterNode>, _ observation: World<RouterNode>.Observation) {
        if isReplay, violation == nil { tell(world, observation) }
        switch observation {
        case .sent(let sender, .announcement, _):
            announcements += 1
            lastAnnouncer[sender] = announcements
            mark(sender + 1000)
        case .sent(let sender, .packet(let bytes), let pause):
            mark(sender)
            // Longer than a Backup waits, by more than it may be late: somebody else may be Active.
            if let pause, pause > interval * 6, bytes[22] > 0 {
                report("at \(world.now) node \(sender) spoke after \(pause) before it had heard what waited")
            }
        case .stepped(let index):
            let node = world.node(index)
            mark(node.router.state == .active ? 1 : 2)
            if let groundless = node.groundless {
                report("at \(world.now) node \(index): \(groundless)")
            }
            if isSettled { checkHolders(world) }
        }
    }

    /// On every connected side exactly one node holds the address, and on no other node does it lie.
    func checkHolders(_ world: World<RouterNode>) {
        for side in [0, 1] {
            let members = (0..<world.count).filter { sides[$0] == side }
            let holders = members.filter { world.node($0).holds }
            if !members.isEmpty, holders.count != 1 {
                report("at \(world.now) of nodes \(members) on one side \(holders) hold the address")
            }
        }
        for index in 0..<world.count where sides[index] == nil && world.condition(index) == .running {
            if world.node(index).holds { report("at \(world.now) node \(index) holds it and must not") }
        }
    }

    /// The network works from now on. What was announced while it lost packets, a refresh mends
    /// (AnnouncementSchedule), later than a history is long.
    func beginCalm(_ sides: [Int?]) {
        self.sides = sides
        for index in lastAnnouncer.indices { lastAnnouncer[index] = -1 }
    }

    /// Clients believe the last announcement: it must be the holder's.
    func checkLastAnnouncement(_ world: World<RouterNode>) {
        for side in [0, 1] {
            let members = (0..<world.count).filter { sides[$0] == side }
            let last = members.max { lastAnnouncer[$0] < lastAnnouncer[$1] }
            if let last, lastAnnouncer[last] >= 0, !world.node(last).holds {
                report("at \(world.now) node \(last) announced last and does not hold the address")
            }
        }
    }

    /// The holder has the highest priority and, among equals, the greatest address.
    func checkOrder(_ world: World<RouterNode>) {
        for side in [0, 1] {
            let members = (0..<world.count).filter { sides[$0] == side }
            let best = members.max { a, b in
                let (one, other) = (world.node(a), world.node(b))
                return (one.rightPriority(at: world.now), one.address)
                    < (other.rightPriority(at: world.now), other.address)
            }
            guard let best, !world.node(best).holds else { continue }
            // Equal priorities do not preempt: whoever of them was first stays.
            let holder = members.first { world.node($0).holds }
            let isEqual =
                holder.map { world.node($0).rightPriority(at: world.now) }
                == world.node(best).rightPriority(at: world.now)
            if !isEqual { report("at \(world.now) node \(best) should hold the address and does not") }
        }
    }

    /// After a move that an operator made: it is there and nowhere else.
    func checkMoved(to node: Int, _ what: String, _ world: World<RouterNode>) {
        if !world.node(node).holds { report("at \(world.now) node \(node) should hold the address: \(what)") }
    }

    private func tell(_ world: World<RouterNode>, _ observation: World<RouterNode>.Observation) {
        switch observation {
        case .sent(let sender, .announcement, _): history.append("\(world.now) \(sender) announces")
        case .sent(let sender, .packet(let bytes), _):
            history.append("\(world.now) \(sender) advertises \(bytes[22])")
        case .stepped(let index):
            let node = world.node(index)
            history.append(
                "\(world.now) \(index) \(node.router.state)\(node.holds ? " holds" : "")")
        }
        if history.count > Self.historyLines { history.removeFirst() }
    }

    private func mark(_ value: Int) { digest = (digest &* 31 &+ value) & 0xFFFF_FFFF }

    private func report(_ text: String) { violation = violation ?? text }
}
