import Consensus

/// How long leases are, and what is subtracted from them because no two clocks run alike.
///
/// A lease is renewed in memory only, by promises of a majority of the voters. The owner counts from *before* it asked, each
/// voter from when it was asked, so the owner's count ends first, whatever the network did meanwhile. Nothing of it
/// depends on what time it is anywhere, only on how fast clocks run.
public struct LeaseTerms: Sendable, Equatable {
    /// How long a voter keeps a promise, by its own clock.
    public var length: Duration

    /// Every clock runs right by this much at least, in parts per million. Crystals of Pis are within 100.
    public static let driftPartsPerMillion = 1000

    /// A lease's length; 500 ms to 60 s.
    public init(length: Duration = .milliseconds(1500)) { self.length = length }

    /// What an owner may count on from before it asked: the promise less what the owner's clock may run slow and the
    /// voter's fast.
    public var span: Duration { length - length * (2 * Self.driftPartsPerMillion) / 1_000_000 }

    /// How long a voter that has just started, and has forgotten its promises, makes none.
    public var silence: Duration { length + length * (2 * Self.driftPartsPerMillion) / 1_000_000 }
}

/// The question whether an owner may go on.
public struct Renewal: Sendable, Equatable {
    /// The lease's name.
    public var lease: String
    /// The owner's epoch.
    public var epoch: UInt64
    /// Who votes, as the owner knows: a promise counts only where both mean the same majority.
    public var voters: [MemberID]
    /// The owner's clock before it asked; it comes back with the answer and means nothing to others.
    public var stamp: Duration
}

/// What a voter has promised: not to let anybody else be a lease's owner for a while.
struct Promises {
    /// Why a voter promises nothing.
    enum Refusal: Sendable, Equatable {
        /// It has started a moment ago and does not know what it had promised.
        case silent
        /// It does not vote, or knows of other voters.
        case otherVoters
        /// Somebody became owner later.
        case deposed
        /// Somebody else has its promise for so long.
        case promised(Duration)
    }

    private struct Promise {
        var owner: MemberID
        var epoch: UInt64
        var until: Duration
    }

    private let terms: LeaseTerms
    private let silentUntil: Duration
    private var promises: [String: Promise] = [:]

    init(_ terms: LeaseTerms, startedAt now: Duration) {
        self.terms = terms
        silentUntil = now + terms.silence
    }

    /// Promises, or says why not. `lease` is what this voter knows to be agreed on, perhaps a little old.
    mutating func ask(
        _ renewal: Renewal, by owner: MemberID, voters: [MemberID], lease: ControlState.Lease,
        foreseen: UInt64 = 0, at now: Duration
    ) -> Refusal? {
        guard now >= silentUntil else { return .silent }
        guard renewal.voters == voters else { return .otherVoters }
        // Somebody else may be owner already; whether it is so will be known soon.
        guard renewal.epoch >= foreseen else { return .silent }
        guard renewal.epoch >= lease.epoch, renewal.epoch > lease.released else { return .deposed }
        if let promise = promises[renewal.lease], promise.epoch != renewal.epoch || promise.owner != owner {
            guard renewal.epoch > promise.epoch else { return .deposed }
            // An owner that gave its lease back does not act any more.
            if promise.epoch > lease.released, now < promise.until {
                return .promised(promise.until - now)
            }
        }
        promises[renewal.lease] = Promise(owner: owner, epoch: renewal.epoch, until: now + terms.length)
        return nil
    }

    /// Who has this voter's promise now, and for how long.
    func holder(of name: String, lease: ControlState.Lease, at now: Duration) -> (MemberID, Duration)? {
        guard let promise = promises[name], promise.epoch > lease.released, now < promise.until else {
            return nil
        }
        return (promise.owner, promise.until - now)
    }

    /// Whether nothing can be said, because it has just started.
    func isSilent(at now: Duration) -> Bool { now < silentUntil }
}

/// What voters have promised to an owner.
struct Grants {
    private(set) var epoch: UInt64
    /// The newest question that each voter has said yes to.
    private var stamps: [MemberID: Duration] = [:]

    init(epoch: UInt64) { self.epoch = epoch }

    mutating func add(_ voter: MemberID, stamp: Duration) {
        if let old = stamps[voter], old >= stamp { return }
        stamps[voter] = stamp
    }

    /// Until when the owner may act: a majority has promised that long. Nil: no majority ever has.
    func validUntil(_ terms: LeaseTerms, voters: [MemberID]) -> Duration? {
        let known = voters.compactMap { stamps[$0] }.sorted(by: >)
        let majority = voters.count / 2 + 1
        guard known.count >= majority else { return nil }
        return known[majority - 1] + terms.span
    }
}
