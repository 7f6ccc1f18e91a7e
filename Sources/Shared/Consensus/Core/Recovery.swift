/// Which of a cluster's lives a term is of. A cluster that has lost its majority for good begins another life on one member
/// (`LogStore.recover`), and whoever belongs to an earlier one must neither lead, vote nor acknowledge any more.
///
/// A term has the number in its upper bits, so that every message and everything on a disk says which life it is of, and
/// whatever a new life says is newer than all of the former ones: bits 50 to 61 count recoveries, 32 to 49 are drawn, so that two
/// that were begun apart from each other are told apart, and below them elections are counted.
public enum Recovery {
    private static let electionBits: UInt64 = 32
    private static let drawnBits: UInt64 = 18
    /// Recoveries that there can be.
    static let limit: UInt64 = 1 << 12
    /// Places in the log that are left out: entries that only the lost members had may have had them.
    static let indexGap: UInt64 = 1 << 16
    /// The term of a member that has thrown its log away, or is about to: newer than all that it could have had.
    static let discarded: UInt64 = ((1 << 30) - 1) << electionBits
    /// The term of a member without a log that founds nothing: it waits to be taken in.
    static let waiting: UInt64 = 2

    /// The life that a term is of; 0: the first.
    public static func number(of term: UInt64) -> UInt64 { term >> electionBits }

    /// How many recoveries there were.
    public static func count(of term: UInt64) -> UInt64 { term >> (electionBits + drawnBits) }

    /// The first term of the next life; nil when there were `limit`.
    static func term(after term: UInt64, drawn: UInt32) -> UInt64? {
        let count = count(of: term) + 1
        guard count < limit else { return nil }
        return (count << drawnBits | UInt64(drawn) & (1 << drawnBits - 1)) << electionBits | 1
    }

    /// For people: the number of an election, and of the recovery where there was one.
    public static func name(of term: UInt64) -> String {
        let election = term & (1 << electionBits - 1)
        return number(of: term) == 0 ? "\(election)" : "\(election) of recovery \(count(of: term))"
    }

    /// What a member says that is of an earlier life than others.
    static func isOver(_ own: UInt64, since other: UInt64) -> String {
        "its log is of a life of the cluster that is over: the cluster was recovered on another member (recovery "
            + "\(count(of: other)), and this log is of \(count(of: own))). It neither votes nor leads any more. Throw the log away "
            + "(rejoin, docs/control.md), and it is taken in anew"
    }
}

extension LogStore {
    /// Makes this member the only one of a new life of the cluster, when a majority is gone for good; returns what `load` would say
    /// then. Everything that is in the log here counts as agreed on; what only the lost members had is lost.
    ///
    /// A snapshot takes the whole log's place, by one rename: a crash leaves what was before, or what is after. `data`: the
    /// machine's state after the last entry.
    public mutating func recover(
        _ member: Member, on state: StoredState, data: [UInt8], drawn: UInt32
    ) throws(LogError) -> StoredState {
        let newest = max(state.term, state.snapshot?.term ?? 0)
        guard let term = Recovery.term(after: newest, drawn: drawn), member.role == .voter,
            let alone = Membership([member])
        else { throw LogError("the cluster has been recovered too often. Found a new one") }
        let index = state.lastIndex + Recovery.indexGap
        let snapshot = Snapshot(
            index: index, term: term, membership: alone, membershipIndex: index, data: data)
        try perform([.replace(snapshot), .vote(term: term, votedFor: 0)])
        return StoredState(term: term, votedFor: 0, snapshot: snapshot, firstIndex: index + 1)
    }

    /// Throws everything away: the member waits to be taken in, and founds nothing. After a crash in between it refuses to start
    /// until this has been done once more.
    public mutating func discard() throws(LogError) {
        try perform([.vote(term: Recovery.discarded, votedFor: 0)])
        try removeAll()
        try perform([.vote(term: Recovery.waiting, votedFor: 0)])
    }
}
