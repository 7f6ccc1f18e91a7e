import Consensus
import Control
import Simulator

/// Control on a simulated node, with its disk, its clock and a client that wants to be the owner of a lease.
///
/// The client stands for every role that uses one: it takes the lease when nobody seems to have it, renews it, gives it
/// back now and then, and acts while it is valid.
struct ControlNode: SimulatedNode {
    enum Message {
        case consensus(Consensus.Message)
        case control(ControlMessage)
    }

    enum Disturbance {
        /// The client gives its lease back.
        case release
        /// The client takes the lease without looking whether somebody has it.
        case take
        /// Somebody asks for a change of the members here.
        case change(ControlChange)
    }

    /// Cores that are broken on purpose.
    enum Flaw: CaseIterable {
        case none
        /// The owner counts its lease from the answer.
        case countsFromAnswer
        /// A voter that has restarted makes promises at once.
        case speaksAfterRestart
        /// A voter forgets its promise when somebody else became owner.
        case forgetsPromises
        /// The owner counts on the whole promise, whatever clocks do.
        case ignoresDrift
        /// The owner acts until it is told otherwise.
        case neverEnds
    }

    /// What outlives a crash: the disk. And what is the machine's own: how its clock runs.
    final class Machine {
        let disk = SimulatedDisk()
        let clock: DriftingClock
        var hasLived = false

        init(_ clock: DriftingClock) { self.clock = clock }
    }

    static let lease = "primary"
    static let terms = LeaseTerms(length: .milliseconds(1500))
    /// How often the client wants to go on.
    static let renewInterval: Duration = .milliseconds(400)
    /// How soon a new owner asks again while voters have promised to the one before.
    static let retryInterval: Duration = .microseconds(500)

    let id: MemberID
    let machine: Machine
    let flaw: Flaw
    private let voters: Int
    private let members: Int
    private let replaceAfter: Duration?
    private let seed: UInt32
    private var replica: Replica<ControlState>!
    private var core: ControlCore!
    private var store: LogStore<SimulatedDisk>!
    private var failure: String?
    private var proposals: [ProposalID: UInt64] = [:]

    /// The epoch in which the client is the owner, as it knows.
    private(set) var epoch: UInt64?
    /// Until when it may act, by its own clock.
    private(set) var validUntil: Duration = .zero
    private var nextAction: Duration = .zero
    private var isTaking = false
    private var asked: [UInt64: Duration] = [:]
    private var requests: UInt64 = 0
    /// What was answered as done: facts with their values.
    private(set) var takes = 0
    private(set) var renewals = 0

    /// `members`: with those that follow; as many as voters, unless said otherwise.
    init(
        _ id: MemberID, machine: Machine, voters: Int, members: Int? = nil, replaceAfter: Duration? = nil,
        seed: UInt32, flaw: Flaw
    ) {
        self.id = id
        self.machine = machine
        self.voters = voters
        self.members = members ?? voters
        self.replaceAfter = replaceAfter
        self.seed = seed
        self.flaw = flaw
    }

    var deadline: Duration? {
        guard failure == nil, let replica else { return nil }
        return [replica.deadline, core.deadline, nextAction].compactMap { $0 }.min().map(machine.clock.world)
    }

    /// Whether the client does now what only the owner may do.
    func isActing(at now: Duration) -> Bool {
        guard failure == nil, epoch != nil else { return false }
        return flaw == .neverEnds ? validUntil > .zero : machine.clock.local(now) < validUntil
    }

    /// Who belongs to the cluster, as far as it knows.
    var membership: Membership { replica?.membership ?? .empty }
    /// Why it has stopped.
    var stopped: String? { failure }

    /// Whether it leads, as far as it knows.
    var isLeading: Bool { failure == nil && replica?.isLeader == true }

    /// Bytes and flushes of its disk so far.
    var written: (bytes: Int, syncs: Int) { (machine.disk.writtenBytes, machine.disk.syncs) }

    mutating func start(at now: Duration) -> [Outgoing<Message>] {
        let local = machine.clock.local(now)
        store = LogStore(machine.disk, member: id)
        do throws(LogError) {
            var state = try store.load()
            if !machine.hasLived {
                let membership = Membership(
                    (1...UInt64(members)).map {
                        Member($0, at: "192.0.2.\($0):4100", as: $0 <= UInt64(voters) ? .voter : .standby)
                    })!
                state = try store.found(membership)
            }
            replica = Replica(id, seed: seed, machine: ControlState(), state: state, at: local)
        } catch {
            failure = error.sentence
            return []
        }
        var birth = local
        if flaw == .speaksAfterRestart || !machine.hasLived { birth -= .seconds(60) }
        machine.hasLived = true
        core = ControlCore(
            id, terms: Self.terms, keeper: MemberKeeper(replaceAfter: replaceAfter), at: birth)
        nextAction = local
        return act(at: local)
    }

    mutating func receive(_ message: Message, from sender: Int, at now: Duration) -> [Outgoing<Message>] {
        guard failure == nil else { return [] }
        let local = machine.clock.local(now)
        switch message {
        case .consensus(let message):
            replica.receive(message, from: MemberID(sender) + 1, at: local)
        case .control(let message):
            core.foresee(replica.unapplied)
            core.receive(message, from: MemberID(sender) + 1, at: local)
        }
        return act(at: local)
    }

    mutating func wake(at now: Duration) -> [Outgoing<Message>] {
        guard failure == nil else { return [] }
        let local = machine.clock.local(now)
        if let deadline = replica.deadline, deadline <= local { replica.wake(at: local) }
        if let deadline = core.deadline, deadline <= local {
            core.foresee(replica.unapplied)
            core.wake(at: local)
        }
        return act(at: local)
    }

    mutating func disturb(_ disturbance: Disturbance, at now: Duration) -> [Outgoing<Message>] {
        guard failure == nil else { return [] }
        let local = machine.clock.local(now)
        switch disturbance {
        case .release:
            guard let epoch else { return [] }
            // First it stops, then it says so.
            self.epoch = nil
            request(.command(.release(lease: Self.lease, owner: id, epoch: epoch)), at: local)
        case .take: take(at: local)
        case .change(let change): request(change, at: local)
        }
        return act(at: local)
    }

    // MARK: client

    private mutating func client(at local: Duration) {
        guard local >= nextAction else { return }
        nextAction = local + Self.renewInterval
        guard let epoch else {
            let lease = replica.machine.lease(Self.lease)
            // Whoever has it is asked by the leader, which knows whether it is renewed.
            if !isTaking, lease.owner != id || lease.released == lease.epoch { take(at: local) }
            return
        }
        requests += 1
        asked[requests] = local
        core.foresee(replica.unapplied)
        core.renew(
            Self.lease, epoch: epoch, asked: local, by: .init(client: 1, request: requests), at: local)
    }

    private mutating func take(at local: Duration) {
        isTaking = true
        let epoch = replica.machine.lease(Self.lease).epoch
        request(.command(.take(lease: Self.lease, owner: id, after: epoch)), at: local)
    }

    private mutating func request(_ change: ControlChange, at local: Duration) {
        requests += 1
        core.request(change, by: .init(client: 1, request: requests), at: local)
    }

    private mutating func answered(_ result: ControlResult, at local: Duration) {
        switch result {
        case .applied(_, .taken(let epoch)):
            isTaking = false
            takes += 1
            self.epoch = epoch
            validUntil = .zero
            nextAction = local
        case .applied(_, .released): break
        default: isTaking = false
        }
    }

    // MARK: driver

    private mutating func act(at local: Duration) -> [Outgoing<Message>] {
        var outgoing: [Outgoing<Message>] = []
        client(at: local)
        while failure == nil {
            let done = (replica.takeActions(), core.takeActions())
            guard !done.0.isEmpty || !done.1.isEmpty else { break }
            for action in done.0 { perform(action, &outgoing, at: local) }
            for action in done.1 { perform(action, &outgoing, at: local) }
            let status = replica.status
            core.update(
                .init(
                    state: flaw == .forgetsPromises ? forgetful(replica.machine) : replica.machine,
                    applied: status.applied, voters: replica.membership.voters.map(\.id),
                    areVotersSettled: status.isMembershipCommitted, leader: status.leader),
                at: local)
            if let epoch, replica.machine.lease(Self.lease).epoch > epoch { self.epoch = nil }
        }
        return outgoing
    }

    /// As if whoever owned the lease before had given it back.
    private func forgetful(_ state: ControlState) -> ControlState {
        var state = state
        let lease = state.lease(Self.lease)
        guard lease.epoch > 1, let owner = lease.owner else { return state }
        var fresh = ControlState()
        for epoch in 1..<lease.epoch {
            _ = fresh.perform(.take(lease: Self.lease, owner: 99, after: epoch - 1), at: epoch)
            _ = fresh.perform(.release(lease: Self.lease, owner: 99, epoch: epoch), at: epoch)
        }
        _ = fresh.perform(.take(lease: Self.lease, owner: owner, after: lease.epoch - 1), at: lease.epoch)
        state = fresh
        return state
    }

    private mutating func perform(
        _ action: Replica<ControlState>.Action, _ outgoing: inout [Outgoing<Message>], at local: Duration
    ) {
        switch action {
        case .persist(let write, let ticket):
            do throws(LogError) {
                try store.perform([write])
                replica.persisted(ticket, at: local)
            } catch {
                replica.storageFailed(error.sentence)
            }
        case .send(let message, let receiver):
            outgoing.append(.to(Int(receiver) - 1, .consensus(message)))
        case .finished(let proposal, let outcome):
            guard let ticket = proposals.removeValue(forKey: proposal) else { return }
            switch outcome {
            case .applied(let index, let answer):
                core.finished(
                    ticket,
                    .applied(index: index, answer.isEmpty ? .done : ControlAnswer(answer) ?? .unknown),
                    at: local)
            case .unknown, .notCaughtUp: core.finished(ticket, .unknown, at: local)
            }
        case .standingChanged, .membershipChanged, .restored: break
        case .stopped(let reason): failure = reason
        }
    }

    private mutating func perform(
        _ action: ControlCore.Action, _ outgoing: inout [Outgoing<Message>], at local: Duration
    ) {
        switch action {
        case .send(let message, let receiver):
            outgoing.append(.to(Int(receiver) - 1, .control(message)))
        case .propose(let change, let ticket):
            do throws(Refusal) {
                switch change {
                case .command(let command):
                    proposals[try replica.propose(command.bytes, at: local)] = ticket
                case .add(let id, let address):
                    proposals[try replica.add(Member(id, at: address, as: .standby), at: local)] = ticket
                case .assign(let role, let id):
                    proposals[try replica.assign(role, to: id, at: local)] = ticket
                case .remove(let id): proposals[try replica.remove(id, at: local)] = ticket
                case .transfer(let id): try replica.transfer(to: id, at: local)
                }
            } catch {
                core.finished(ticket, .unknown, at: local)
            }
        case .look:
            let status = replica.status
            let sights = status.membership.members.map { member in
                let known = member.id == id ? status.last : replica.progress(of: member.id)
                return MemberSight(
                    id: member.id, address: member.address, role: member.role,
                    silence: replica.silence(of: member.id, at: local),
                    missing: status.last > known ? status.last - known : 0)
            }
            core.see(sights, at: local)
        case .note: break
        case .answer(_, let result): answered(result, at: local)
        case .valid(let asker, let until):
            renewals += 1
            switch flaw {
            case .countsFromAnswer: validUntil = local + Self.terms.span
            case .ignoresDrift:
                validUntil = (asked[asker.request] ?? until) + Self.terms.length + .milliseconds(1)
            default: validUntil = until
            }
        case .refused(_, let reason):
            guard epoch != nil, reason == "promised", local >= validUntil else { return }
            nextAction = min(nextAction, local + Self.retryInterval)
        }
    }
}
