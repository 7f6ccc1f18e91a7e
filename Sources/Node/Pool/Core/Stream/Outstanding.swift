/// What a server still owes an answer for, in the order in which it was asked.
///
/// Most of it only tells when the server is done; the rest says what of the answers is for the client and what it must be told
/// in between, though the server says nothing of the kind.
struct Outstanding {
    /// One request, with the number of a prepared query where it has one.
    struct Entry: Equatable {
        var kind: Kind
        var query: UInt32 = 0
    }

    enum Kind: UInt8 {
        /// A simple query or a function call: everything up to ReadyForQuery belongs to it.
        case query
        /// The same, a DEALLOCATE of a statement that was prepared by the protocol.
        case deallocate
        /// Ends with ReadyForQuery.
        case sync
        case parse
        case bind
        /// Two messages: ParameterDescription, then rows or no data.
        case describeStatement
        case describePortal
        case execute
        case close
        /// A Parse that the pool put in: the client does not hear of it.
        case ownParse
        /// The same of a Close.
        case ownClose
        /// A simple query of the pool's in front of the client's, whose answers the client does not hear.
        case ownSync
        /// The client asked for something that the server has already: it is told so when its turn comes.
        case knownParse
        case knownClose
        /// Must fail in place of what the client asked for: the error is told in other words.
        case failingParse
        case failingQuery
        /// CopyDone or CopyFail that came before anybody knew that there is a COPY: nothing answers it.
        case copyEnd

        /// Whether ReadyForQuery is its last answer.
        @inline(__always)
        var endsWithReady: Bool {
            self == .query || self == .sync || self == .deallocate || self == .ownSync
                || self == .failingQuery
        }
    }

    private var entries: [Entry] = []
    private var head = 0

    var isEmpty: Bool { head == entries.count }
    var count: Int { entries.count - head }

    /// Whose answer comes next.
    @inline(__always)
    var first: Entry? { head < entries.count ? entries[head] : nil }

    @inline(__always)
    mutating func append(_ kind: Kind, _ query: UInt32 = 0) {
        entries.append(Entry(kind: kind, query: query))
    }

    /// What the client sent belongs to something that is not answered yet, if anything is.
    mutating func appendCopyEnd() {
        if !isEmpty { append(.copyEnd) }
    }

    /// The first takes in a COPY: until its end a server does not hear what says Sync (copyfromparse.c, CopyGetData). False: its
    /// end is still to come.
    mutating func beginCopy() -> Bool {
        var at = head + 1
        while at < entries.count {
            switch entries[at].kind {
            case .copyEnd:
                entries.remove(at: at)
                return true
            case .sync: entries.remove(at: at)
            default: at += 1
            }
        }
        return false
    }

    /// All that is owed, in order.
    var all: ArraySlice<Entry> { entries[head...] }

    @inline(__always)
    mutating func removeFirst() {
        removeOne()
        while let first, first.kind == .copyEnd { removeOne() }
    }

    @inline(__always)
    private mutating func removeOne() {
        head += 1
        if head == entries.count {
            entries.removeAll(keepingCapacity: true)
            head = 0
        } else if head == 1024 {
            entries.removeFirst(head)
            head = 0
        }
    }

    mutating func removeAll() {
        entries = []
        head = 0
    }

    /// After an error in the extended protocol the server says nothing until the next Sync (PostgreSQL 15 manual, 55.2.3).
    /// Takes out what is in front of it, hands over each, and says whether there is a Sync.
    mutating func skipToSync(_ skipped: (Entry) -> Void) -> Bool {
        while let entry = first {
            if entry.kind == .sync || entry.kind == .ownSync { return true }
            skipped(entry)
            removeFirst()
        }
        return false
    }
}
