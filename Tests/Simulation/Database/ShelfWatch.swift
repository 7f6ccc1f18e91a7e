import Database
import Simulator

/// What must be true of the shelf, looked at at every step.
final class ShelfWatch {
    /// A node that slept may have a primary on it for so long after it woke: until its agent has run.
    static let wakingTime: Duration = .milliseconds(400)

    private let ledger: WriteLedger
    private let count: Int
    private let store: SimulatedControl.Store
    private let disks: [DatabaseDisk]
    private var agreed: (version: UInt64, agreement: Agreement?) = (0, nil)

    init(_ ledger: WriteLedger, count: Int, store: SimulatedControl.Store, disks: [DatabaseDisk]) {
        self.ledger = ledger
        self.disks = disks
        self.count = count
        self.store = store
    }

    private func member(_ world: World<ShelfNode>, _ index: Int) -> DatabaseNode? {
        guard case .member(let node) = world.node(index) else { return nil }
        return node
    }

    func observe(_ world: World<ShelfNode>, _ observation: World<ShelfNode>.Observation) {
        guard case .stepped(let index) = observation, ledger.violation == nil else { return }
        if index == count { checkElectorate(world.now) }
        guard index < count, case .member(let node) = world.node(index), node.isWritable
        else { return }
        checkAlone(world, index)
        checkRule(world, node)
    }

    /// Every acknowledged write is on the leader and on enough of those who elect.
    private func checkElectorate(_ now: Duration) {
        guard store.version != agreed.version else { return }
        let before = agreed.agreement
        agreed = (store.version, store.agreement)
        guard let next = store.agreement, let before, before.epoch == next.epoch,
            before.electorate != next.electorate
        else { return }
        let logs = next.electorate.voters.map { member in
            let disk = disks[Int(member.number) - 1]
            return Array(disk.log.prefix(disk.flushed))
        }
        ledger.checkElectorate(logs, needed: next.electorate.acknowledgements + 1, now)
    }

    /// Never two writable primaries.
    private func checkAlone(_ world: World<ShelfNode>, _ index: Int) {
        for other in 0..<count where other != index && world.condition(other) == .running {
            guard let rival = member(world, other), rival.isWritable, let node = member(world, index) else {
                continue
            }
            let isWaking =
                world.now - rival.wokeAt < Self.wakingTime || world.now - node.wokeAt < Self.wakingTime
                || world.now - rival.ranAt > .seconds(1)
            if !isWaking {
                ledger.report(
                    "at \(world.now) nodes \(index) and \(other) both take writes, in epochs "
                        + "\(node.postgres.epoch) and \(rival.postgres.epoch)")
            }
        }
    }

    /// D3: whoever may acknowledge overlaps whoever may elect.
    private func checkRule(_ world: World<ShelfNode>, _ node: DatabaseNode) {
        guard let agreement = store.agreement, agreement.epoch == node.postgres.epoch,
            let leader = MemberID(node.index + 1)
        else { return }
        if !agreement.electorate.isSafe(under: node.postgres.rule, leader: leader) {
            ledger.report(
                "at \(world.now) node \(node.index) acknowledges by \(node.postgres.rule.count) of "
                    + "\(node.postgres.rule.members.bits), and \(agreement.electorate.electors) of "
                    + "\(agreement.electorate.voters.bits) elect")
        }
    }

    // MARK: the calm

    /// One primary, all others stream from it with the same log, all are voters.
    func isWhole(_ world: World<ShelfNode>, _ disks: [DatabaseDisk]) -> Bool { why(world, disks) == nil }

    func why(_ world: World<ShelfNode>, _ disks: [DatabaseDisk]) -> String? {
        // A frozen agent may believe that it is primary long after its supervisor has ended PostgreSQL.
        let primaries = (0..<count).filter { index in
            guard let node = member(world, index) else { return false }
            return node.isWritable && node.core.role == .primary && node.postgres.epoch == ledger.lastEpoch
        }
        guard primaries.count == 1, let primary = primaries.first else {
            return "\(primaries.count) nodes are primary"
        }
        let log = disks[primary].log
        if ledger.isLossless, let lost = ledger.firstLost(in: log) {
            ledger.report(
                "at \(world.now) the primary \(primary) does not have the acknowledged write \(lost)")
        }
        for index in 0..<count where index != primary {
            guard let node = member(world, index) else { continue }
            guard node.postgres.state == .standby else {
                return "node \(index) does not run (\(node.disk.record), \(node.core.roleName))"
            }
            guard node.postgres.isConnected, node.postgres.source == primary else {
                return "node \(index) does not stream"
            }
            let part = disks[index].log
            if part.count > log.count || part != Array(log.prefix(part.count)) {
                ledger.report("at \(world.now) node \(index) streams and has another log than its primary")
            }
        }
        guard store.agreement?.electorate.voters.count == count else {
            return "only \(store.agreement?.electorate.voters.count ?? 0) are voters"
        }
        return nil
    }
}
