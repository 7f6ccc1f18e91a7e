/// Decides for one database where a transaction of a client goes: to the primary, which takes everything, or, if it is
/// provably a read and the session's own writes are there, to a standby.
///
/// A transaction stays where it began. So the question is asked when a session without a server sends something: a simple
/// query, or the messages up to a Sync as far as they are known.
public struct Router: Sendable {
    /// `read_standbys`
    public enum Mode: UInt8, Sendable {
        /// Only the read-only twin reads from standbys.
        case off
        /// Transactions that say READ ONLY, too.
        case explicit
        /// Single statements that are proven to be reads, too.
        case auto
    }

    /// Where something goes.
    public enum Route: Sendable, Equatable {
        case primary
        /// Over a connection that `permits` lets.
        case standby(UInt8)
        /// Nobody holds the lease: the client waits.
        case wait
    }

    /// What the router did, for the console.
    public struct Counters: Sendable, Equatable {
        /// Transactions sent to a standby.
        public var toStandbys: UInt64 = 0
        /// Reads that the primary had to take because a write before them was not replayed (or not known to be).
        public var kept: UInt64 = 0
        /// Reads that found no standby near enough or with a connection.
        public var without: UInt64 = 0
        /// Reads that a standby refused.
        public var refused: UInt64 = 0
    }

    /// Which reads may go to standbys.
    public let mode: Mode
    /// Whether somebody reads from standbys at all, so that writes must be marked.
    public let marksWrites: Bool
    /// What the servers' logs have.
    public private(set) var board: PositionBoard
    /// Whose writes must be seen.
    public private(set) var marks: ReadMarks
    /// What the catalogue says.
    public var catalog = CatalogCache()
    /// What it did.
    public private(set) var counters = Counters()
    private var choice = StandbyChoice()
    private var refusals = RefusedTexts()

    /// A router that knows no server.
    public init(
        mode: Mode, hasTwin: Bool = true, limits: PositionBoard.Limits = PositionBoard.Limits(),
        at now: Duration
    ) {
        self.mode = mode
        marksWrites = mode != .off || hasTwin
        board = PositionBoard(limits: limits)
        marks = ReadMarks(at: now)
    }

    // MARK: What the cluster says

    /// The lease: its epoch, and who holds it as far as is known.
    public mutating func lease(epoch: UInt64, holder: UInt8?, at now: Duration) {
        if board.lease(epoch: epoch, holder: holder) { marks.epochBegan(epoch, at: now) }
    }

    /// The primary's position.
    public mutating func sampled(primary sample: PositionSample, at now: Duration) {
        if board.take(primary: sample) { marks.sampled(sample, at: now) }
    }

    /// A standby's position.
    public mutating func sampled(standby sample: PositionSample) { board.take(standby: sample) }

    /// A server is down, or a connection to it broke.
    public mutating func lost(standby node: UInt8) { board.forget(node) }

    /// Which other pools there are.
    public mutating func expect(pools: [UInt8], at now: Duration) { marks.expect(pools: pools, at: now) }

    /// What another pool says of its writes.
    public mutating func merge(_ snapshot: MarkSnapshot, at now: Duration) {
        if !marks.merge(snapshot, at: now) {
            lease(epoch: snapshot.epoch, holder: nil, at: now)
            _ = marks.merge(snapshot, at: now)
        }
    }

    /// What the other pools must hear.
    public mutating func snapshot(pool: UInt8, life: UInt64) -> MarkSnapshot {
        marks.snapshot(pool: pool, life: life)
    }

    // MARK: What clients say

    /// What a text means. Asks the catalogue where it must; until the answer is there it is the primary's.
    public mutating func judge(_ statement: Statement, _ text: RawSpan, at now: Duration) -> ReadVerdict {
        if statement.effects.rawValue == 0, statement.isProvenRead {
            var isHarmless = true
            for name in statement.functions
            where catalog.isHarmless(.function, name, in: text, at: now) != true {
                isHarmless = false
            }
            // What calls no volatile function writes nothing, wherever it reads.
            let mayWrite = !isHarmless
            for name in statement.relations
            where catalog.isHarmless(.relation, name, in: text, at: now) != true {
                isHarmless = false
            }
            let isRead = isHarmless && !refusals.contains(statement.fingerprint)
            return ReadVerdict(
                isRead ? .read : .primary, mayWrite: mayWrite, fingerprint: statement.fingerprint)
        }
        if statement.count == 0 { return ReadVerdict(.nothing, mayWrite: false) }
        if statement.changesSchema { catalog.forget() }
        var verdict = ReadVerdict(.primary, mayWrite: true, fingerprint: statement.fingerprint)
        switch statement.control {
        case .begin(let modes):
            verdict.mayWrite = false
            if modes.understood, modes.readOnly == true, modes.isolation != .serializable,
                !refusals.contains(statement.fingerprint)
            {
                verdict.kind = .readOnlyBlock
            }
        case .commit, .rollback, .savepoint, .release, .rollbackToSavepoint, .setTransaction:
            verdict.mayWrite = false
        case .setCharacteristics:
            verdict.mayWrite = false
            verdict.changesDefaults = true
        case .prepareTransaction, .commitPrepared, .rollbackPrepared: break
        case nil: if statement.count == 1 { verdict.mayWrite = Self.mayWrite(statement.verb) }
        }
        for name in statement.settings where name.name.begins("default_transaction_", in: text) {
            verdict.changesDefaults = true
        }
        if statement.effects.contains(.settingByFunction) { verdict.changesDefaults = true }
        return verdict
    }

    /// Commands that only concern the session write nothing.
    private static func mayWrite(_ verb: SQLKeyword) -> Bool {
        switch verb {
        case .set, .reset, .show, .discard, .deallocate, .prepare, .listen, .unlisten, .close, .lock: false
        default: true
        }
    }

    /// Where a session without a server sends something. `busy` tells a standby's connections in use, nil for one that
    /// cannot be connected to now.
    public mutating func route(
        _ verdict: ReadVerdict, _ session: SessionState, at now: Duration, busy: (UInt8) -> Int?
    ) -> Route {
        let primary: Route = board.holder == nil ? .wait : .primary
        guard !session.isPinned, maySend(verdict, session) else { return primary }
        guard case .position(let offset) = marks.need(of: session.key, at: now) else {
            counters.kept += 1
            return primary
        }
        guard let node = choice.choose(upTo: offset, on: board, at: now, busy: busy) else {
            if offset > 0, choice.choose(upTo: 0, on: board, at: now, busy: busy) != nil {
                counters.kept += 1
            } else {
                counters.without += 1
            }
            return primary
        }
        counters.toStandbys += 1
        return .standby(node)
    }

    private func maySend(_ verdict: ReadVerdict, _ session: SessionState) -> Bool {
        if session.isTwin { return true }
        guard !session.hasOwnDefaults else { return false }
        switch verdict.kind {
        case .nothing, .primary: return false
        case .read: return mode == .auto
        case .readOnlyBlock: return mode != .off
        }
    }

    /// Whether a session may read over this connection to a standby, which has been ready since `connected`. A new connection
    /// must wait for the next sample: its server may have restarted since the last one, and be further back.
    public func permits(
        _ node: UInt8, connected: Duration, _ session: SessionState, at now: Duration
    ) -> Bool {
        guard case .position(let offset) = marks.need(of: session.key, at: now) else { return false }
        return board.covers(node, upTo: offset, connected: connected, at: now)
    }

    /// Something goes to the primary now. True: the other pools must be sent a snapshot first.
    public mutating func sending(_ verdict: ReadVerdict, _ session: inout SessionState) -> Bool {
        if verdict.changesDefaults { session.hasOwnDefaults = true }
        guard marksWrites, verdict.mayWrite, !session.isWriting else { return false }
        session.isWriting = true
        return marks.writeBegan(session.key)
    }

    /// The session has no transaction on the primary any more: ReadyForQuery said `I`, or the connection is lost. Called
    /// before the client hears of it.
    public mutating func transactionEnded(_ session: inout SessionState, at now: Duration) {
        guard session.isWriting else { return }
        session.isWriting = false
        marks.writeEnded(session.key, at: now)
    }

    /// The client is gone; a transaction of its has ended before.
    public mutating func ended(_ session: SessionState) { marks.ended(session: session.session) }

    /// A standby answered an error before any row. True: the primary is asked instead, and the client hears nothing of it.
    public mutating func refused(_ verdict: ReadVerdict, sqlState: some Collection<UInt8>) -> Bool {
        switch StandbyRefusal(sqlState: sqlState) {
        case .none: return false
        case .notNow: break
        case .notOnStandby: refusals.insert(verdict.fingerprint)
        }
        counters.refused += 1
        return true
    }
}
