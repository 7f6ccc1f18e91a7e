/// What a member is told by its configuration; every time has a bound.
public struct MemberSettings: Sendable, Equatable {
    /// Which member this is.
    public var id: MemberID
    /// All of the cluster.
    public var members: MemberSet
    /// How much an acknowledged write is worth.
    public var durability: Durability
    /// It may create the cluster when there is none.
    public var mayCreate = true
    /// How often the lease is renewed.
    public var renewInterval: Duration = .milliseconds(300)
    /// PostgreSQL is killed so long before the lease can be another's: what a kill takes at most.
    public var killMargin: Duration = .milliseconds(250)
    /// A clock may run wrong by so much: 1/500 is two clocks that differ by 500 ppm each, twice.
    public var driftDivisor = 500
    /// How often a member reports without cause.
    public var reportInterval: Duration = .milliseconds(500)
    /// An election without enough voters is given up after this.
    public var candidacyTimeout: Duration = .seconds(2)
    /// Who gave up, or was told that another is further, waits so long before the next try.
    public var electionHold: Duration = .seconds(1)
    /// A primary that says nothing for so long is doubted: others ask for the lease, and control knows whether it is free.
    public var suspectAfter: Duration = .milliseconds(1200)
    /// A lease that is not free yet is asked for again after this at the earliest.
    public var acquireRetry: Duration = .milliseconds(100)
    /// Those with less log wait so long for each that has more.
    public var rankDelay: Duration = .milliseconds(100)
    /// A primary whose PostgreSQL died leaves others so much time to take over.
    public var crashHold: Duration = .milliseconds(500)
    /// A standby that does not stream leaves the electorate after this.
    public var dropDelay: Duration = .seconds(3)
    /// A standby must stream for so long before it joins the electorate.
    public var joinDelay: Duration = .seconds(1)
    /// A change of the electorate that standbys do not confirm is given up after this.
    public var confirmTimeout: Duration = .seconds(10)
    /// A standby that cannot stream for so long, though there is a primary, is rewound or made anew.
    public var streamPatience: Duration = .seconds(15)
    /// A primary's report counts as news for so long.
    public var reportLife: Duration = .seconds(3)
    /// Fence, follow, promote, apply: then PostgreSQL is killed and it begins anew.
    public var jobTimeout: Duration = .seconds(60)
    /// A clean stop at a switchover: then it is killed.
    public var stopTimeout: Duration = .seconds(10)
    /// A start, with all the log that it goes through.
    public var startTimeout: Duration = .seconds(3600)
    /// Whom the lease was left to is left out, if enough others are there, for so long after it did not become primary.
    public var passOverTime: Duration = .seconds(30)
    /// Create, copy, rewind.
    public var copyTimeout: Duration = .seconds(24 * 3600)
    /// What was copied or rewound must be usable after this, or it is copied anew.
    public var catchUpTimeout: Duration = .seconds(1800)
    /// The same when it did not work so often.
    public var catchUpTries = 3
    /// An operator's wish for an election with loss counts so long.
    public var anywayTime: Duration = .seconds(30)
    /// After a job failed, the next one waits.
    public var retryDelay: Duration = .seconds(2)

    /// Settings with defaults.
    public init(id: MemberID, members: MemberSet, durability: Durability = .strict) {
        self.id = id
        self.members = members
        self.durability = durability
    }
}
