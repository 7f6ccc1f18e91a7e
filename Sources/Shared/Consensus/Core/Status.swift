/// What a member is at the moment.
public enum Standing: Sendable, Equatable {
    case follower
    case candidate
    case leader
}

/// What an operator wants to see of a member.
public struct Status: Sendable, Equatable {
    /// Its number.
    public var id: MemberID
    /// What it is in this term.
    public var standing: Standing
    /// The newest term that it knows.
    public var term: UInt64
    /// The leader of this term, if known.
    public var leader: MemberID?
    /// The last entry known to be on a majority's disks.
    public var commit: UInt64
    /// The last entry that was applied here.
    public var applied: UInt64
    /// The end of the log.
    public var last: UInt64
    /// The end of what is on this member's own disk.
    public var stored: UInt64
    /// The last entry that the newest snapshot contains, or 0.
    public var snapshot: UInt64
    /// The newest membership, committed or not.
    public var membership: Membership
    /// Whether that membership is known to be on a majority's disks.
    public var isMembershipCommitted: Bool
    /// Why it has stopped, as a sentence.
    public var failure: String?
}
