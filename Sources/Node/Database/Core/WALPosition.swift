/// A place in PostgreSQL's write-ahead log. The later timeline is further: a timeline's number grows with the lease's epoch,
/// so the order is that of Raft's logs (term, then index).
public struct WALPosition: Comparable, Hashable, Sendable {
    /// The timeline, from 1.
    public var timeline: UInt32
    /// Bytes since the log began (an LSN).
    public var offset: UInt64

    /// A place on a timeline.
    public init(timeline: UInt32, offset: UInt64) {
        self.timeline = timeline
        self.offset = offset
    }

    /// Timeline first.
    public static func < (a: WALPosition, b: WALPosition) -> Bool {
        a.timeline != b.timeline ? a.timeline < b.timeline : a.offset < b.offset
    }
}

/// Which timelines led to the present one, and where each was left: what PostgreSQL keeps in a `.history` file.
public struct TimelineHistory: Equatable, Sendable {
    /// A timeline that was left.
    public struct Branch: Equatable, Sendable {
        /// Its number.
        public var timeline: UInt32
        /// Where the next one begins.
        public var end: UInt64

        /// A timeline that was left at `end`.
        public init(timeline: UInt32, end: UInt64) {
            self.timeline = timeline
            self.end = end
        }
    }

    /// Oldest first.
    public var branches: [Branch]
    /// The present one.
    public var timeline: UInt32

    /// A history.
    public init(branches: [Branch], timeline: UInt32) {
        self.branches = branches
        self.timeline = timeline
    }

    /// Whether a log that ends there is the beginning of the log with this history. A place further on the present timeline
    /// is not judged here.
    public func contains(_ position: WALPosition) -> Bool {
        if position.timeline == timeline { return true }
        for branch in branches where branch.timeline == position.timeline {
            return position.offset <= branch.end
        }
        return false
    }
}
