import Simulator

@testable import Consensus

/// What must be true, looked at at every step.
final class ConsensusWatch {
    private(set) var violation: String?
    /// A mark of the whole history: the same for the same seed.
    private(set) var digest: UInt64 = 0
    private(set) var elections = 0
    private(set) var steps = 0
    private struct Leader: Equatable {
        var index: Int
        var life: Int
    }
    private var leaders: [UInt64: Leader] = [:]
    /// The ledger's mark after a command, by the command's index.
    private var marks: [UInt64: UInt64] = [:]
    /// Entries that were applied somewhere: their terms, and the term in which that was first seen.
    private var committed: [UInt64: (term: UInt64, seen: UInt64)] = [:]
    private var newestCommitted: UInt64 = 0

    func observe(_ world: World<ConsensusNode>, _ observation: World<ConsensusNode>.Observation) {
        guard case .stepped(let index) = observation, violation == nil else { return }
        let node = world.node(index)
        steps += 1
        if let failure = node.failure, !node.isExcused {
            report("at \(world.now) member \(node.id) stopped: \(failure)")
        }
        guard let replica = node.replica else { return }
        let status = replica.status
        mark(UInt64(index) &+ status.term &* 1000 &+ status.commit &* 77)
        checkSteps(node, replica, status, world.now)
        if replica.isLeader { checkLeader(index, node, replica, status, world.now) }
    }

    /// At most one leader a term, and it has all that was committed before.
    private func checkLeader(
        _ index: Int, _ node: ConsensusNode, _ replica: Replica<Ledger>, _ status: Status, _ now: Duration
    ) {
        let leader = Leader(index: index, life: node.life)
        if let other = leaders[status.term] {
            if other != leader {
                report("at \(now) members \(other.index + 1) and \(node.id) both lead term \(status.term)")
            }
            return
        }
        leaders[status.term] = leader
        elections += 1
        guard newestCommitted > 0 else { return }
        for index in max(1, status.snapshot + 1)...max(newestCommitted, status.snapshot + 1) {
            guard let entry = committed[index], entry.seen < status.term else { continue }
            if replica.log[index]?.term != entry.term {
                let has = replica.log[index].map { "one of term \($0.term)" } ?? "none"
                return report(
                    "at \(now) member \(node.id) leads term \(status.term) and instead of committed entry \(index) of term "
                        + "\(entry.term) has \(has)")
            }
        }
    }

    /// All ledgers go through the same marks.
    private func checkSteps(
        _ node: ConsensusNode, _ replica: Replica<Ledger>, _ status: Status, _ now: Duration
    ) {
        for step in node.recorder.steps {
            if let mark = marks[step.index], mark != step.mark {
                report(
                    "at \(now) member \(node.id) applied something else than others at entry \(step.index)")
            }
            marks[step.index] = step.mark
        }
        node.recorder.steps = []
        var index = min(newestCommitted + 1, status.applied + 1)
        while index <= status.applied {
            if let entry = replica.log[index], committed[index] == nil {
                committed[index] = (entry.term, status.term)
            }
            index += 1
        }
        newestCommitted = max(newestCommitted, status.applied)
    }

    /// Two logs that have an entry of one index and term have the same entries before it.
    /// `depth`: how many entries from the end are looked at.
    func checkMatching(_ world: World<ConsensusNode>, depth: Int64 = .max) {
        for a in 0..<world.count {
            for b in 0..<a {
                guard let one = world.node(a).replica?.log, let other = world.node(b).replica?.log else {
                    continue
                }
                var hasMatched = false
                let last = Int64(min(one.last, other.last))
                for index in stride(from: last, through: max(1, last - min(last, depth)), by: -1) {
                    guard let left = one[UInt64(index)], let right = other[UInt64(index)] else { break }
                    if left.term == right.term { hasMatched = true }
                    if hasMatched, left != right {
                        return report(
                            "at \(world.now) the logs of members \(a + 1) and \(b + 1) agree after entry \(index), not in it"
                        )
                    }
                }
            }
        }
    }

    /// Everybody who belongs to the cluster has the same state, with all that clients were told is done.
    func checkConverged(_ world: World<ConsensusNode>, _ book: Book) {
        let leaders = (0..<world.count).filter {
            world.node($0).replica?.isLeader == true && world.condition($0) == .running
        }
        guard let newest = leaders.max(by: { term(world, $0) < term(world, $1) }),
            let leader = world.node(newest).replica
        else { return report("at \(world.now) nobody leads, although all is well:\(members(world))") }
        for member in leader.membership.members where member.role != .spare {
            guard let replica = world.node(Int(member.id) - 1).replica else {
                return report(
                    "at \(world.now) member \(member.id) did not start: \(world.node(Int(member.id) - 1).failure ?? "")"
                )
            }
            if replica.machine.mark != leader.machine.mark {
                return report("at \(world.now) member \(member.id) has not the state that the leader has")
            }
            let lost = book.acknowledged.subtracting(replica.machine.commands)
            if !lost.isEmpty {
                return report(
                    "at \(world.now) member \(member.id) has lost acknowledged commands \(lost.sorted().prefix(5))"
                )
            }
        }
    }

    /// All members, a line each.
    func members(_ world: World<ConsensusNode>) -> String {
        (0..<world.count).map { index in
            let node = world.node(index)
            guard let status = node.replica?.status else { return "\n  \(node.id): \(node.failure ?? "")" }
            let known = status.membership.members.map { "\($0.id) \($0.role)" }.joined(separator: ", ")
            return
                "\n  \(node.id), life \(node.life), \(world.condition(index)): \(status.standing) of term \(status.term), "
                + "log up to \(status.last) (on disk \(status.stored)), committed \(status.commit), snapshot \(status.snapshot), "
                + "members \(known)\(status.failure.map { ", stopped: \($0)" } ?? "")"
        }.joined()
    }

    func report(_ text: String) { violation = violation ?? text }

    private func term(_ world: World<ConsensusNode>, _ index: Int) -> UInt64 {
        world.node(index).replica?.status.term ?? 0
    }

    private func mark(_ value: UInt64) { digest = (digest ^ value) &* 1_099_511_628_211 }
}
