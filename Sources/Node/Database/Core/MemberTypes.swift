/// How much a client may rely on an acknowledged write.
public enum Durability: Sendable, Equatable {
    /// On at least two nodes; without a second one writes wait.
    case strict
    /// On two nodes or more while there are such; alone, the primary goes on, and nobody takes over from it.
    case available
    /// On the primary; a failover may lose the last of them.
    case async
}

/// What must be true of the data folder before PostgreSQL may run on it. Kept on the disk, written before the work begins.
public enum FolderState: UInt8, Sendable, Equatable {
    /// There is none.
    case absent = 0
    /// It may be used.
    case clean = 1
    /// initdb was at work.
    case creating = 2
    /// pg_rewind was at work: from the first byte it writes until its end nothing may be believed.
    case rewinding = 3
    /// pg_basebackup was at work.
    case copying = 4
    /// initdb is done, and control has not yet agreed that this is the cluster.
    case created = 5
    /// Copied or rewound, and not yet gone through as much of the source's log as makes it whole.
    case incomplete = 6
}

/// What a node must not forget about its database. Written before what it announces happens.
public struct MemberRecord: Sendable, Equatable {
    /// No log is taken from a primary of an earlier epoch: the promise to a candidate.
    public var fencedEpoch: UInt64 = 0
    /// The data folder.
    public var folder: FolderState = .absent
    /// Its log is not the beginning of a primary's: before it follows one it must be rewound.
    public var mustRewind = false
    /// Which cluster is in the folder; 0: none yet.
    public var systemIdentifier: UInt64 = 0

    /// A node that knows nothing.
    public init() {}
}

/// What PostgreSQL on this node is.
public struct PostgresView: Sendable, Equatable {
    /// Its process.
    public enum Process: Sendable, Equatable {
        /// There is none, and nothing of it is left.
        case stopped
        /// It starts or stops, or its state is not known.
        case changing
        /// It is in recovery.
        case standby
        /// It takes writes.
        case primary
    }

    /// A standby as the primary sees it (pg_stat_replication).
    public struct Follower: Sendable, Equatable {
        /// Which member it is.
        public var member: MemberID
        /// What it has confirmed to be on its disk.
        public var flushed: UInt64
        /// It has caught up and streams.
        public var isStreaming: Bool

        /// A follower.
        public init(member: MemberID, flushed: UInt64, isStreaming: Bool) {
            self.member = member
            self.flushed = flushed
            self.isStreaming = isStreaming
        }
    }

    /// Its process.
    public var process: Process
    /// How far its log is on the disk.
    public var position: WALPosition
    /// A standby's receiver is connected.
    public var isReceiving: Bool
    /// A primary's standbys.
    public var followers: [Follower]

    /// A view.
    public init(
        process: Process, position: WALPosition, isReceiving: Bool = false, followers: [Follower] = []
    ) {
        self.process = process
        self.position = position
        self.isReceiving = isReceiving
        self.followers = followers
    }
}

/// Work on PostgreSQL. The driver does one after the other and answers each with `Event.finished`.
public enum Job: Sendable, Equatable {
    /// initdb with checksums, in an empty folder. Answers `created`.
    case create
    /// A base backup of a member, in an empty folder. Answers `done`.
    case copy(from: MemberID)
    /// pg_rewind against a member; PostgreSQL is stopped. Answers `done`.
    case rewind(from: MemberID)
    /// Starts it as a standby that follows nobody, to the end of its own log. Answers `rests`.
    case start
    /// Starts it on an incomplete folder: it follows a member until it can be used, and then nobody. Answers `rests`.
    case catchUp(from: MemberID)
    /// Follows nobody from now on: answers `rests` when no receiver is left and the position stands still.
    case fence
    /// Follows a member. Answers `done` when the setting is in effect.
    case follow(MemberID)
    /// Puts the rule into effect, then promotes to this very timeline. Answers `promoted` when it takes writes.
    case promote(timeline: UInt32, AcknowledgementRule)
    /// Changes the rule. Answers `applied` when no commit is acknowledged by the former one any more.
    case apply(AcknowledgementRule)
    /// A checkpoint: pg_rewind reads the timeline from the control file. Answers `done`.
    case checkpoint
    /// A clean stop, all of the log sent to standbys that are connected. Answers `rests`.
    case stop
}

/// How a job ended.
public enum JobResult: Sendable, Equatable {
    /// Well.
    case done
    /// A new cluster with this system identifier.
    case created(systemIdentifier: UInt64)
    /// The log ends here and stands still.
    case rests(WALPosition)
    /// Writes are taken; the history of the new timeline.
    case promoted(TimelineHistory)
    /// What is acknowledged from this place of the log on obeys the rule.
    case applied(offset: UInt64)
    /// It did not work; `isFolderTouched`: the data folder may be half-changed.
    case failed(String, isFolderTouched: Bool)
}

/// What a member asks control for. All concern one lease, `primary`, and one fact, `database`.
public enum ControlRequest: Sendable, Equatable {
    /// The lease, with a new epoch, if it is free or already this member's.
    case acquire
    /// The lease of this epoch for one more term.
    case renew(epoch: UInt64)
    /// The lease of this epoch is free at once.
    case release(epoch: UInt64)
    /// The fact becomes this, if its version is still the one expected (0: there is none).
    case replace(Agreement, expected: UInt64)
}

/// What control answers, and what it tells unasked.
public enum ControlAnswer: Sendable, Equatable {
    /// Acquired or renewed: for `term` from when control saw the request, so at least from when it was sent.
    case granted(epoch: UInt64, term: Duration)
    /// Not acquired, not renewed: another has it, for at least `wait` more as far as control knows, or it ran out.
    case refused(wait: Duration)
    /// The fact has changed and has this version.
    case replaced(version: UInt64)
    /// It has not: it is this now.
    case conflict(Agreement?, version: UInt64)
}

/// What control was seen to be: the answer to a watch or a poll, possibly a little old.
public struct ControlView: Sendable, Equatable {
    /// Who has the lease; nil: it is free.
    public var owner: MemberID?
    /// Its last epoch.
    public var epoch: UInt64
    /// The fact.
    public var agreement: Agreement?
    /// Its version; 0: there is none.
    public var version: UInt64

    /// A view.
    public init(owner: MemberID?, epoch: UInt64, agreement: Agreement?, version: UInt64) {
        self.owner = owner
        self.epoch = epoch
        self.agreement = agreement
        self.version = version
    }
}

/// What members tell each other.
public enum PeerMessage: Sendable, Equatable {
    /// A member's state, now and then and when it changes.
    case report(Report)
    /// A candidate asks: take no log from a primary of an earlier epoch, and say how far yours goes.
    case fence(epoch: UInt64)
    /// Done, and the log stands still here.
    case fenced(epoch: UInt64, WALPosition)
    /// The lease is free, and this one should have it next.
    case yield(epoch: UInt64, to: MemberID)

    /// A member's state.
    public struct Report: Sendable, Equatable {
        /// How far its log goes, as far as is known.
        public var position: WALPosition
        /// It could be elected: PostgreSQL runs on a clean folder.
        public var isReady: Bool
        /// Nil: it is no primary.
        public var primary: Primary?

        /// A report.
        public init(position: WALPosition, isReady: Bool, primary: Primary?) {
            self.position = position
            self.isReady = isReady
            self.primary = primary
        }
    }

    /// What is to be known of a primary.
    public struct Primary: Sendable, Equatable {
        /// The lease's epoch in which it was elected.
        public var epoch: UInt64
        /// Its log's history.
        public var history: TimelineHistory
        /// A checkpoint was made since: it can be a source for pg_rewind.
        public var isCheckpointed: Bool

        /// A primary.
        public init(epoch: UInt64, history: TimelineHistory, isCheckpointed: Bool) {
            self.epoch = epoch
            self.history = history
            self.isCheckpointed = isCheckpointed
        }
    }
}
