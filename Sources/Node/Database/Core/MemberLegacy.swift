/// What a member leaves to the program that replaces it while PostgreSQL goes on: an upgrade is no failover.
public struct MemberLegacy: Equatable, Sendable {
    /// A primary's.
    public struct Primary: Equatable, Sendable {
        /// The lease's epoch.
        public var epoch: UInt64
        /// Until when it may act, on the clock since boot.
        public var until: Duration
        /// Its timeline's history.
        public var history: TimelineHistory
        /// pg_rewind may use it as its source.
        public var isCheckpointed: Bool
        /// The rule in effect.
        public var rule: AcknowledgementRule
        /// The place of the log from which on it counts.
        public var ruleOffset: UInt64

        /// A primary's legacy.
        public init(
            epoch: UInt64, until: Duration, history: TimelineHistory, isCheckpointed: Bool,
            rule: AcknowledgementRule, ruleOffset: UInt64
        ) {
            self.epoch = epoch
            self.until = until
            self.history = history
            self.isCheckpointed = isCheckpointed
            self.rule = rule
            self.ruleOffset = ruleOffset
        }
    }

    /// Nil: it is a standby.
    public var primary: Primary?
    /// Whom a standby follows.
    public var following: MemberID?
    /// In which epoch.
    public var followedEpoch: UInt64

    /// A legacy.
    public init(primary: Primary?, following: MemberID?, followedEpoch: UInt64) {
        self.primary = primary
        self.following = following
        self.followedEpoch = followedEpoch
    }
}

extension DatabaseMember {
    /// What to leave; nil while something is under way that a new program could not go on with.
    public var legacy: MemberLegacy? {
        guard job == nil, !isKilling else { return nil }
        switch role {
        case .standby:
            return MemberLegacy(
                primary: nil, following: following?.member, followedEpoch: following?.epoch ?? 0)
        case .primary:
            guard let reign, reign.change == nil, reign.checkpoint == nil, let lease else { return nil }
            return MemberLegacy(
                primary: .init(
                    epoch: lease.epoch, until: lease.until, history: reign.history,
                    isCheckpointed: reign.isCheckpointed, rule: reign.rule, ruleOffset: reign.ruleOffset),
                following: nil, followedEpoch: 0)
        case .acquiring, .founding, .candidate, .sealing, .promoting, .leaving: return nil
        }
    }

    /// A member that goes on where another program in its place has stopped; PostgreSQL runs as that one left it.
    public init(
        _ settings: MemberSettings, record: MemberRecord, legacy: MemberLegacy, at now: Duration
    ) {
        self.init(settings, record: record, at: now)
        if let member = legacy.following { following = (member, legacy.followedEpoch) }
        guard let primary = legacy.primary else { return }
        lease = Lease(epoch: primary.epoch, until: primary.until, askedAt: now - settings.renewInterval)
        role = .primary
        view.process = .primary
        reign = Reign(
            history: primary.history, isCheckpointed: primary.isCheckpointed, rule: primary.rule,
            ruleOffset: primary.ruleOffset, changeHold: now,
            lastStreaming: [Duration](repeating: now, count: 65),
            streamingSince: [Duration?](repeating: nil, count: 65))
    }
}
