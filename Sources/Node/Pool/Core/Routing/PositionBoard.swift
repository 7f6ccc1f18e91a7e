/// What is known of the servers' logs: the primary's past few seconds, and each standby's last sample.
public struct PositionBoard: Sendable {
    /// How far behind a standby may be to be read from at all.
    public struct Limits: Sendable, Equatable {
        /// In bytes of log.
        public var bytes: UInt64
        /// In time: how long ago the primary was where the standby is.
        public var time: Duration
        /// How old a sample may be, so that a server that nobody hears of is not read from.
        public var age: Duration

        /// 16 MiB, 5 s and 1 s, unless said otherwise.
        public init(
            bytes: UInt64 = 16 << 20, time: Duration = .seconds(5), age: Duration = .seconds(1)
        ) {
            self.bytes = bytes
            self.time = time
            self.age = age
        }
    }

    private struct Moment {
        var askedAt: Duration
        var offset: UInt64
    }

    /// Moments kept of the primary's past; the lag in time is known to a thirtieth of its limit.
    private static let moments = 32

    /// The newest epoch of the lease that anybody told of.
    public private(set) var epoch: UInt64 = 0
    /// Who holds it, if that is known.
    public private(set) var holder: UInt8?
    /// The primary's last sample in this epoch.
    public private(set) var primary: PositionSample?
    /// How far behind a standby may be.
    public var limits: Limits
    private var past: [Moment] = []
    /// What each standby said last, by node.
    public private(set) var standbys: [PositionSample] = []

    /// Nothing known yet.
    public init(limits: Limits = Limits()) { self.limits = limits }

    /// The lease is somebody's; true when a new epoch began, in which no older position of the primary counts.
    public mutating func lease(epoch: UInt64, holder: UInt8?) -> Bool {
        guard epoch >= self.epoch else { return false }
        guard epoch > self.epoch else {
            // An epoch has one holder; that it is not known (any more) does not make it another's.
            if let holder { self.holder = holder }
            return false
        }
        self.epoch = epoch
        self.holder = holder
        primary = nil
        past = []
        return true
    }

    /// Takes a sample of the primary; false if it is none of the lease's holder in this epoch, or an old one.
    public mutating func take(primary sample: PositionSample) -> Bool {
        guard sample.epoch == epoch, sample.node == holder else { return false }
        if let primary, sample.askedAt <= primary.askedAt { return false }
        primary = sample
        if past.last.map({ sample.askedAt - $0.askedAt >= limits.time / (Self.moments - 2) }) ?? true {
            if past.count == Self.moments { past.removeFirst() }
            past.append(Moment(askedAt: sample.askedAt, offset: sample.offset))
        }
        return true
    }

    /// Takes a standby's sample, unless a newer one is there. A standby's position may go back: one that crashed begins where
    /// its data are consistent.
    public mutating func take(standby sample: PositionSample) {
        guard let place = standbys.firstIndex(where: { $0.node >= sample.node }) else {
            standbys.append(sample)
            return
        }
        if standbys[place].node > sample.node {
            standbys.insert(sample, at: place)
        } else if sample.askedAt > standbys[place].askedAt {
            standbys[place] = sample
        }
    }

    /// A server ended or cannot be reached: what it said counts no more.
    public mutating func forget(_ node: UInt8) { standbys.removeAll { $0.node == node } }

    /// What a standby said last.
    public func sample(of node: UInt8) -> PositionSample? {
        for standby in standbys where standby.node == node { return standby }
        return nil
    }

    /// Bytes that a standby has not replayed of what the primary has; nil if that cannot be said.
    public func lag(of node: UInt8) -> UInt64? {
        guard let primary, let standby = sample(of: node), standby.timeline == primary.timeline else {
            return nil
        }
        return primary.offset > standby.offset ? primary.offset - standby.offset : 0
    }

    /// For how long the primary has had something that a standby has not; while the primary says nothing this grows, too.
    public func delay(of node: UInt8, at now: Duration) -> Duration? {
        guard let primary, let standby = sample(of: node), standby.timeline == primary.timeline else {
            return nil
        }
        if standby.offset >= primary.offset { return now - primary.askedAt }
        for moment in past where moment.offset > standby.offset { return now - moment.askedAt }
        return now - primary.askedAt
    }

    /// Whether a read that must see the primary's log up to `offset` may go to a standby, over a connection that was ready
    /// at `connected` (nil: one that has been open since before the sample, or is not chosen yet).
    ///
    /// A connection younger than the sample may lead to a server that has restarted since, and is further back.
    public func covers(
        _ node: UInt8, upTo offset: UInt64, connected: Duration? = nil, at now: Duration
    ) -> Bool {
        guard node != holder, let primary, let standby = sample(of: node),
            standby.timeline == primary.timeline,
            standby.offset >= offset, now - standby.askedAt <= limits.age
        else { return false }
        if let connected, standby.askedAt < connected { return false }
        guard let lag = lag(of: node), lag <= limits.bytes, let delay = delay(of: node, at: now) else {
            return false
        }
        return delay <= limits.time
    }
}
