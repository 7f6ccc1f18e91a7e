import Consensus

/// Adds up what it is told: its state is the list of all commands.
struct Journal: StateMachine, Equatable {
    var commands: [[UInt8]] = []

    mutating func apply(_ command: [UInt8], at index: UInt64) -> [UInt8] {
        commands.append(command)
        return [UInt8(truncatingIfNeeded: commands.count)]
    }

    func snapshot() -> [UInt8] { commands.flatMap { [UInt8($0.count)] + $0 } }

    mutating func restore(_ snapshot: [UInt8]) -> Bool {
        commands = []
        var rest = snapshot[...]
        while let count = rest.popFirst() {
            guard rest.count >= Int(count) else { return false }
            commands.append(Array(rest.prefix(Int(count))))
            rest = rest.dropFirst(Int(count))
        }
        return true
    }
}

/// Members whose messages arrive after a millisecond and whose disks answer at once.
final class ClusterInMemory {
    private(set) var now: Duration = .seconds(1000)
    private(set) var members: [MemberID: Replica<Journal>] = [:]
    private(set) var outcomes: [MemberID: [ProposalID: Outcome]] = [:]
    private(set) var failures: [MemberID: String] = [:]
    /// What every member asked its disk for, oldest first.
    private(set) var writes: [MemberID: [Write]] = [:]
    private var mail: [(time: Duration, message: Message, from: MemberID, to: MemberID)] = []
    /// Members that nobody hears and that hear nobody.
    var isolated: Set<MemberID> = []
    /// Members whose disks do not answer, and what they would have to answer.
    var stalled: Set<MemberID> = []
    private var unanswered: [MemberID: UInt64] = [:]
    let settings: Settings

    init(voters: Int, settings: Settings = Settings()) {
        self.settings = settings
        let membership = Membership(
            (1...UInt64(voters)).map { Member($0, at: "192.0.2.\($0)", as: .voter) })
        for id in 1...UInt64(voters) { start(id, .founding(membership!)) }
    }

    func start(_ id: MemberID, _ state: StoredState) {
        members[id] = Replica(
            id, seed: UInt32(id) * 7919, settings: settings, machine: Journal(), state: state, at: now)
        act(id)
    }

    /// One message, or the next deadline.
    private func step() {
        mail.sort { $0.time < $1.time }
        let wake = members.compactMap { id, member in member.deadline.map { ($0, id) } }.min { $0 < $1 }
        if let first = mail.first, wake.map({ first.time <= $0.0 }) ?? true {
            mail.removeFirst()
            now = max(now, first.time)
            guard !isolated.contains(first.from), !isolated.contains(first.to) else { return }
            members[first.to]?.receive(first.message, from: first.from, at: now)
            act(first.to)
        } else if let (time, id) = wake {
            now = max(now, time)
            members[id]?.wake(at: now)
            act(id)
        }
    }

    private func act(_ id: MemberID) {
        while let actions = members[id]?.takeActions(), !actions.isEmpty {
            for action in actions {
                switch action {
                case .persist(let write, let ticket):
                    writes[id, default: []].append(write)
                    if stalled.contains(id) {
                        unanswered[id] = ticket
                    } else {
                        members[id]?.persisted(ticket, at: now)
                    }
                case .send(let message, let receiver):
                    guard let arrived = Message(encoded: message.encoded) else { fatalError("\(message)") }
                    mail.append((now + .milliseconds(1), arrived, id, receiver))
                case .finished(let proposal, let outcome): outcomes[id, default: [:]][proposal] = outcome
                case .stopped(let reason): failures[id] = reason
                case .standingChanged, .membershipChanged, .restored: break
                }
            }
        }
    }

    /// The disk answers again, for all that it was asked.
    func unstall(_ id: MemberID) {
        stalled.remove(id)
        if let ticket = unanswered.removeValue(forKey: id) { members[id]?.persisted(ticket, at: now) }
        act(id)
    }

    func run(_ time: Duration) {
        let end = now + time
        while now < end { step() }
    }

    /// Runs until it is true, at most a simulated minute.
    @discardableResult
    func run(until isTrue: (ClusterInMemory) -> Bool) -> Bool {
        let end = now + .seconds(60)
        while now < end {
            if isTrue(self) { return true }
            step()
        }
        return false
    }

    /// Does something on a member and all that follows from it at once.
    func on<Result>(_ id: MemberID, _ body: (Replica<Journal>, Duration) throws(Refusal) -> Result)
        throws(Refusal) -> Result
    {
        guard let member = members[id] else { throw .badMember }
        let result = try body(member, now)
        act(id)
        return result
    }

    /// The leader of the highest term among those who can be heard.
    var leader: MemberID? {
        members.filter { !isolated.contains($0.key) && $0.value.isLeader }
            .max { $0.value.status.term < $1.value.status.term }?.key
    }
}
