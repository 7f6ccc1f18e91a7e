import Consensus

/// What the leader sees of a member.
public struct MemberSight: Sendable, Equatable {
    /// Its number.
    public var id: MemberID
    /// Where the others reach it.
    public var address: String
    /// What it does, in the newest membership.
    public var role: Role
    /// How long it has said nothing; 0 for the leader itself.
    public var silence: Duration
    /// Entries of the log that it is not known to have.
    public var missing: UInt64

    /// A sight.
    public init(id: MemberID, address: String, role: Role, silence: Duration, missing: UInt64) {
        self.id = id
        self.address = address
        self.role = role
        self.silence = silence
        self.missing = missing
    }
}

/// The leader's part in who belongs to the cluster: it says no to changes that would stop it, and puts a follower in the place of
/// a voter that is gone for good.
///
/// Nothing of it is kept: the next leader begins to count anew, and finds from the number of voters what is left to do.
public struct MemberKeeper: Sendable, Equatable {
    /// How often the leader looks.
    public static let lookInterval: Duration = .seconds(1)
    /// Whoever has said nothing for so long does not answer.
    public static let answerLimit: Duration = .seconds(3)
    /// A majority must have said something within this for a change that needs it: ten heartbeats of consensus.
    public static let presentLimit: Duration = .seconds(1)
    /// Between two changes of its own, and after one that did not work.
    public static let pause: Duration = .seconds(15)
    /// Entries that a follower may be behind and still be put in a voter's place.
    public static let missingLimit: UInt64 = 128

    /// What is to be said to a change.
    enum Judgement: Sendable, Equatable {
        case possible
        /// This comes first; the rest follows by itself.
        case inSteps(ControlChange)
        /// It is so already.
        case done
        case refused(String)
    }

    /// How long a voter may be gone; nil: for ever.
    public let replaceAfter: Duration?
    private var sights: [MemberSight] = []
    /// Since when this node leads and has run without a break: nobody is gone for longer.
    private var since: Duration?
    private var lookedAt: Duration?
    private var hold: Duration = .zero
    /// Who has answered a greeting, and when.
    private var greetings: [MemberID: Duration] = [:]

    /// A keeper.
    public init(replaceAfter: Duration?) { self.replaceAfter = replaceAfter }

    /// When it must look; nil: this node does not lead.
    var deadline: Duration? {
        guard since != nil else { return nil }
        return lookedAt.map { $0 + Self.lookInterval } ?? since
    }

    func isDue(at now: Duration) -> Bool { deadline.map { now >= $0 } ?? false }

    /// This node leads, or does not.
    mutating func leads(_ leads: Bool, at now: Duration) {
        guard leads != (since != nil) else { return }
        since = leads ? now : nil
        sights = []
        lookedAt = nil
        hold = now
        greetings = [:]
    }

    /// What it sees.
    mutating func see(_ sights: [MemberSight], at now: Duration) {
        // Whoever stood still has heard nobody, and that is not their silence.
        if since != nil, let lookedAt, now - lookedAt > Self.lookInterval * 5 { since = now }
        self.sights = sights
        lookedAt = now
    }

    /// To whom consensus says nothing, and who perhaps does not know it: a voter that came back asks voters of the past.
    var spares: [MemberID] { sights.filter { $0.role == .spare }.map { $0.id } }

    mutating func greeted(by member: MemberID, at now: Duration) { greetings[member] = now }

    // MARK: by itself

    /// What the leader does about its members without being asked, and why.
    mutating func next(leader: MemberID, at now: Duration) -> (change: ControlChange, why: String)? {
        guard now >= hold, let step = step(leader: leader, at: now) else { return nil }
        hold = now + Self.pause
        return step
    }

    private func step(leader: MemberID, at now: Duration) -> (change: ControlChange, why: String)? {
        // A voter that votes no more, and is there: it follows.
        let spare = sights.first { sight in
            sight.role == .spare && greetings[sight.id].map { now - $0 < Self.answerLimit } ?? false
        }
        if let spare {
            return (.assign(.standby, spare.id), "member \(spare.id) votes no more, and follows from now on")
        }
        guard let replaceAfter, let since else { return nil }
        let voters = sights.filter { $0.role == .voter }
        let gone = voters.filter { $0.id != leader && min($0.silence, now - since) >= replaceAfter }
        guard let lost = gone.first(where: { $0.silence == gone.map { $0.silence }.max() }) else {
            return nil
        }
        let time = "has been gone for \(replaceAfter.components.seconds) s"
        // An even number of voters is the second half of what follows, perhaps begun by another leader.
        if voters.count % 2 == 0 {
            let change = ControlChange.assign(.spare, lost.id)
            guard voters.count > 2, endangered(by: change) == nil else { return nil }
            return (change, "member \(lost.id) \(time), and votes no more")
        }
        let able = sights.filter {
            $0.role == .standby && $0.silence < Self.answerLimit && $0.missing <= Self.missingLimit
        }
        guard let heir = able.first(where: { $0.missing == able.map { $0.missing }.min() }) else {
            return nil
        }
        return (.assign(.voter, heir.id), "member \(lost.id) \(time): member \(heir.id) votes in its place")
    }

    // MARK: when somebody asks

    /// Whether a change can be made. Before the first look nothing is known, and consensus has the last word anyway.
    func judge(_ change: ControlChange, leader: MemberID) -> Judgement {
        guard !sights.isEmpty else { return .possible }
        switch change {
        case .command: return .possible
        case .add(let id, let address):
            if let member = sight(id) {
                return member.address == address
                    ? .done : .refused("member \(id) is there already, at \(member.address). Remove it first")
            }
            if let other = sights.first(where: { $0.address == address }) {
                return .refused("\(address) is the address of member \(other.id)")
            }
            return .possible
        case .assign(let role, let id):
            guard let member = sight(id) else { return stranger(id) }
            if member.role == role { return .done }
            if role == .voter { return judgePromotion(member) }
            guard member.role == .voter else { return .possible }
            // Two steps, for C-Raft's sake (docs/consensus.md); the second one comes by itself.
            let first = ControlChange.assign(.spare, id)
            return judgeLoss(of: id, first, leader) ?? .inSteps(first)
        case .remove(let id):
            guard let member = sight(id) else { return stranger(id) }
            return member.role == .voter ? judgeLoss(of: id, change, leader) ?? .possible : .possible
        case .transfer(let id):
            guard let member = sight(id) else { return stranger(id) }
            if id == leader { return .done }
            guard member.role == .voter else {
                return .refused("member \(id) does not vote, and only voters lead. Promote it first")
            }
            return silent(member) ?? .possible
        }
    }

    private func sight(_ id: MemberID) -> MemberSight? { sights.first { $0.id == id } }

    private func stranger(_ id: MemberID) -> Judgement {
        var known = ""
        for sight in sights { known += known.isEmpty ? "\(sight.id)" : ", \(sight.id)" }
        return .refused("there is no member \(id). Members are \(known)")
    }

    private func silent(_ member: MemberSight) -> Judgement? {
        guard member.silence >= Self.answerLimit else { return nil }
        return .refused(
            "member \(member.id) at \(member.address) has said nothing for \(member.silence.components.seconds) s. Is it "
                + "running and connected?")
    }

    private func judgePromotion(_ member: MemberSight) -> Judgement {
        guard member.role == .standby else {
            return .refused(
                "member \(member.id) is on its way to follow, and can vote after that. Ask again in some seconds"
            )
        }
        if let no = silent(member) { return no }
        return endangered(by: .assign(.voter, member.id)).map { .refused($0) } ?? .possible
    }

    /// Nil: the voters that are left can do without it.
    private func judgeLoss(of id: MemberID, _ change: ControlChange, _ leader: MemberID) -> Judgement? {
        guard sights.contains(where: { $0.role == .voter && $0.id != id }) else {
            return .refused("member \(id) is the only voter. Promote another one first")
        }
        guard id != leader else {
            return .refused("member \(id) leads. Hand over first (transfer), then ask again")
        }
        return endangered(by: change).map { .refused($0) }
    }

    /// Why nothing could be agreed on any more after a change; nil: a majority of the voters would answer.
    private func endangered(by change: ControlChange) -> String? {
        let voters = sights.filter { sight in
            switch change {
            case .assign(let role, sight.id): role == .voter
            case .remove(sight.id): false
            default: sight.role == .voter
            }
        }
        let silent = voters.filter { $0.silence >= Self.presentLimit }
        let answering = voters.count - silent.count
        guard answering <= voters.count / 2 else { return nil }
        var names = ""
        for sight in silent { names += names.isEmpty ? "\(sight.id)" : ", \(sight.id)" }
        return
            "then \(answering) of \(voters.count) voters would answer (not \(names)), and nothing could be agreed on. Demote or "
            + "remove who does not answer first"
    }
}
