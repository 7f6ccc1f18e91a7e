import Consensus
import Control
import Simulator

/// A cluster that loses its majority for good, goes on alone on one node, and meets the logs of its former life.
struct LifeScenario {
    /// What was not as it must be.
    func run(_ seed: UInt64) -> String? {
        var random = SeededRandom(seed: seed)
        let count = random.pick([3, 5])
        let machines = (0..<count).map { _ in
            ControlNode.Machine(
                DriftingClock(
                    offset: .seconds(100 + random.below(10_000)), partsPerMillion: random.pick([-500, 500])))
        }
        let world = World(
            seed: seed ^ 0x1FE, count: count,
            conditions: NetworkConditions(delay: .microseconds(200) ... .milliseconds(random.pick([2, 30])))
        ) { index in
            ControlNode(
                UInt64(index) + 1, machine: machines[index], voters: count,
                seed: UInt32(truncatingIfNeeded: seed) &* 31 &+ UInt32(index), flaw: .none)
        }
        let watch = LeaseWatch()
        world.observer = { world, _ in watch.observe(world) }
        world.start()
        world.run(until: .seconds(8))
        // The lost ones may know more than the one that is left.
        let heir = random.below(count)
        if random.happens(perMille: 500) {
            world.apply(.partition((0..<count).map { $0 == heir ? 1 : 0 }))
            world.run(until: world.now + .seconds(6))
        }
        for index in 0..<count {
            world.apply(.crash(index))
            var dice = random
            machines[index].disk.crash(&dice)
        }
        world.apply(.mendAll)
        for life in 1...2 as ClosedRange<UInt64> {
            guard recover(machines[heir].disk, heir, &random) else { return "recovery did not work" }
            world.apply(.restart(heir))
            world.run(until: world.now + .seconds(4))
            // Old logs come back, some of them at once, before or after the new cluster has taken them in.
            for index in 0..<count where index != heir {
                world.apply(.restart(index))
                if random.happens(perMille: 500) { take(world, index, by: heir) }
                world.run(until: world.now + random.duration(in: .zero ... .seconds(3)))
            }
            world.run(until: world.now + .seconds(5))
            for index in 0..<count where index != heir {
                take(world, index, by: heir)
                world.run(until: world.now + .seconds(2))
            }
            guard world.node(heir).isLeading else { return "life \(life): the recovered node does not lead" }
            for index in 0..<count where index != heir {
                guard world.node(index).stopped?.contains("is over") == true else {
                    return
                        "life \(life): node \(index) goes on with an old log (\(world.node(index).stopped ?? ""))"
                }
                world.apply(.crash(index))
                world.apply(.restart(index))
                guard world.node(index).stopped?.contains("is over") == true else {
                    return "life \(life): node \(index) has forgotten that its log is worth nothing"
                }
                world.apply(.crash(index))
                var store = LogStore(machines[index].disk, member: MemberID(index) + 1)
                guard (try? store.discard()) != nil else { return "the log could not be thrown away" }
                world.apply(.restart(index))
            }
            world.run(until: world.now + .seconds(5))
            let members = world.node(heir).membership.members
            for member in members
            where world.node(Int(member.id) - 1).membership != world.node(heir).membership {
                return "life \(life): member \(member.id) knows other members than the leader"
            }
            guard members.count == count, watch.violation == nil else {
                return watch.violation ?? "life \(life): \(members.count) members"
            }
            // The next life begins from this one, in which nobody else has a vote.
            for index in 0..<count { world.apply(.crash(index)) }
        }
        return watch.violation
    }

    private func take(_ world: World<ControlNode>, _ index: Int, by heir: Int) {
        let id = MemberID(index) + 1
        world.apply(.disturb(heir, .change(.add(id, address: "192.0.2.\(id):4100"))))
    }

    private func recover(_ disk: SimulatedDisk, _ heir: Int, _ random: inout SeededRandom) -> Bool {
        var store = LogStore(disk, member: MemberID(heir) + 1)
        guard let state = try? store.load() else { return false }
        var known = ControlState()
        if let snapshot = state.snapshot, !known.restore(snapshot.data) { return false }
        for (offset, entry) in state.entries.enumerated() where entry.kind == .command {
            let index = state.firstIndex + UInt64(offset)
            if index > state.snapshot?.index ?? 0 { _ = known.apply(entry.data, at: index) }
        }
        let member = Member(MemberID(heir) + 1, at: "192.0.2.\(heir + 1):4100", as: .voter)
        return
            (try? store.recover(
                member, on: state, data: known.recovered.snapshot(),
                drawn: UInt32(truncatingIfNeeded: random.next()))) != nil
    }
}
