/// A driver or a core that is broken in one way, for the proof that the invariants can fail.
enum DatabaseFlaw: CaseIterable {
    case none
    /// Those that few histories show. The others need a hunt: `PIDEP_FLAW_SEEDS=1000`.
    static let shallow: [DatabaseFlaw] = [
        .killsNothing, .answersBeforeRule, .overwritesAgreement, .promotesWithoutRule, .choosesTimeline,
    ]

    /// A voter answers a candidate and goes on taking log.
    case skipsFence
    /// A lease is counted from the answer.
    case countsFromAnswer
    /// A supervisor that sleeps, and an agent that kills nothing when its lease ends.
    case killsNothing
    /// A new rule counts before walsenders know it.
    case answersBeforeRule
    /// pg_rewind's marker is not written.
    case forgetsFolder
    /// The folder's marker is not looked at.
    case believesFolder
    /// A promise to a candidate is forgotten at a restart.
    case forgetsPromise
    /// Two writers of the fact do not see each other.
    case overwritesAgreement
    /// A standby says that it has what it has not flushed.
    case confirmsUnflushed
    /// The promotion is done with the rule that was there.
    case promotesWithoutRule
    /// PostgreSQL chooses the timeline's number.
    case choosesTimeline
    /// The electorate shrinks though the rest has not confirmed what the former one acknowledged.
    case inventsConfirmations
}
