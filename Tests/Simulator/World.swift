/// Nodes, a network between them, and a clock that jumps from event to event. One seed, one history.
public final class World<Node: SimulatedNode> {
    /// How a node is.
    public enum Condition: Equatable, Sendable {
        case running
        case frozen(since: Duration)
        case suspended(since: Duration)
        case down
    }

    /// Something that an invariant may want to see.
    public enum Observation {
        /// `pausedFor`: the node has just resumed and what waited for it is still being handed over.
        case sent(from: Int, Node.Message, pausedFor: Duration?)
        /// An event was handled, by this node.
        case stepped(Int)
    }

    private enum Event {
        case deliver(Node.Message, from: Int, to: Int, life: Int)
        case wake(Int, life: Int, arming: Int)
        case fault(Fault<Node.Disturbance>)
    }

    private struct Slot {
        var node: Node
        var condition: Condition = .running
        /// Which life of the node this is: what was meant for an earlier one does not reach it.
        var life = 0
        var inbox: [(message: Node.Message, from: Int)] = []
        var armed: Duration?
        /// How often it was armed: only the newest deadline counts.
        var armings = 0
    }

    /// Since the world began.
    public private(set) var now: Duration = .zero
    /// Called after everything that happens.
    public var observer: (World, Observation) -> Void = { _, _ in }
    private var slots: [Slot]
    private let make: (Int) -> Node
    private var events = EventQueue<Event>()
    private var random: SeededRandom
    private var conditions: NetworkConditions
    private var isCut: [[Bool]]

    /// A world of `count` nodes that all boot at time zero.
    public init(
        seed: UInt64, count: Int, conditions: NetworkConditions, make: @escaping (Int) -> Node
    ) {
        random = SeededRandom(seed: seed)
        self.conditions = conditions
        self.make = make
        slots = (0..<count).map { Slot(node: make($0)) }
        isCut = [[Bool]](repeating: [Bool](repeating: false, count: count), count: count)
    }

    /// How many nodes there are, whatever condition they are in.
    public var count: Int { slots.count }

    /// A node's core, whatever condition it is in.
    public func node(_ index: Int) -> Node { slots[index].node }

    /// How a node is now.
    public func condition(_ index: Int) -> Condition { slots[index].condition }

    /// Boots all nodes.
    public func start() {
        for index in slots.indices { act(index) { $0.start(at: $1) } }
    }

    /// Something will be done.
    public func plan(_ fault: Fault<Node.Disturbance>, at time: Duration) {
        events.add(.fault(fault), at: time)
    }

    /// Something is done.
    public func apply(_ fault: Fault<Node.Disturbance>) {
        switch fault {
        case .crash(let index):
            slots[index].condition = .down
            slots[index].life += 1
            slots[index].inbox = []
        case .restart(let index):
            guard slots[index].condition == .down else { return }
            slots[index].node = make(index)
            slots[index].condition = .running
            slots[index].armed = nil
            act(index) { $0.start(at: $1) }
        case .freeze(let index):
            if slots[index].condition == .running { slots[index].condition = .frozen(since: now) }
        case .suspend(let index):
            if slots[index].condition == .running { slots[index].condition = .suspended(since: now) }
        case .resume(let index): resume(index)
        case .cut(let sender, let receiver): isCut[sender][receiver] = true
        case .mend(let sender, let receiver): isCut[sender][receiver] = false
        case .partition(let sides):
            for a in slots.indices { for b in slots.indices { isCut[a][b] = sides[a] != sides[b] } }
        case .mendAll:
            for a in slots.indices { for b in slots.indices { isCut[a][b] = false } }
        case .conditions(let new): conditions = new
        case .disturb(let index, let disturbance):
            guard slots[index].condition == .running else { return }
            act(index) { $0.disturb(disturbance, at: $1) }
        }
    }

    /// Until all that happens before `end` has happened.
    public func run(until end: Duration) {
        while let time = events.nextTime, time <= end, let (_, event) = events.removeFirst() {
            now = max(now, time)
            switch event {
            case .fault(let fault): apply(fault)
            case .wake(let index, let life, let arming): wake(index, life, arming)
            case .deliver(let message, let sender, let receiver, let life):
                deliver(message, from: sender, to: receiver, life)
            }
        }
        now = max(now, end)
    }

    // MARK: inside

    private func wake(_ index: Int, _ life: Int, _ arming: Int) {
        guard slots[index].life == life, slots[index].armings == arming, slots[index].condition == .running
        else { return }
        slots[index].armed = nil
        guard let deadline = slots[index].node.deadline else { return }
        if deadline <= now { act(index) { $0.wake(at: $1) } } else { arm(index) }
    }

    private func deliver(_ message: Node.Message, from sender: Int, to receiver: Int, _ life: Int) {
        guard slots[receiver].life == life else { return }
        switch slots[receiver].condition {
        case .running: act(receiver) { $0.receive(message, from: sender, at: $1) }
        case .frozen: slots[receiver].inbox.append((message, sender))
        case .suspended, .down: break
        }
    }

    private func resume(_ index: Int) {
        let since: Duration
        switch slots[index].condition {
        case .frozen(let time), .suspended(let time): since = time
        case .running, .down: return
        }
        slots[index].condition = .running
        let inbox = slots[index].inbox
        slots[index].inbox = []
        for (message, sender) in inbox {
            act(index, pausedFor: now - since) { $0.receive(message, from: sender, at: $1) }
        }
        if let deadline = slots[index].node.deadline, deadline <= now {
            act(index, pausedFor: inbox.isEmpty ? now - since : nil) { $0.wake(at: $1) }
        } else {
            arm(index)
        }
    }

    private func act(
        _ index: Int, pausedFor: Duration? = nil, _ body: (inout Node, Duration) -> [Outgoing<Node.Message>]
    ) {
        let outgoing = body(&slots[index].node, now)
        for item in outgoing {
            observer(self, .sent(from: index, item.message, pausedFor: pausedFor))
            if let receiver = item.receiver {
                send(item.message, from: index, to: receiver)
            } else {
                for receiver in slots.indices where receiver != index {
                    send(item.message, from: index, to: receiver)
                }
            }
        }
        arm(index)
        observer(self, .stepped(index))
    }

    private func send(_ message: Node.Message, from sender: Int, to receiver: Int) {
        guard !isCut[sender][receiver] else { return }
        let copies = random.happens(perMille: conditions.duplicatePerMille) ? 2 : 1
        for _ in 0..<copies where !random.happens(perMille: conditions.lossPerMille) {
            let arrival = now + random.duration(in: conditions.delay)
            events.add(
                .deliver(message, from: sender, to: receiver, life: slots[receiver].life), at: arrival)
        }
    }

    private func arm(_ index: Int) {
        guard let deadline = slots[index].node.deadline, deadline != slots[index].armed else { return }
        slots[index].armed = deadline
        slots[index].armings += 1
        let late = random.duration(in: conditions.lateness)
        events.add(
            .wake(index, life: slots[index].life, arming: slots[index].armings), at: max(now, deadline) + late
        )
    }
}
