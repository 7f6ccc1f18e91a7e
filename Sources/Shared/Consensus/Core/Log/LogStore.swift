/// The log, the vote and the snapshots of one member in a folder of a disk.
///
/// What a crash has cut short is cut off when it is opened; what is damaged is refused. Once it has thrown it is of no more
/// use: after a failed fdatasync nobody knows what is on the disk (fsync(2)).
public struct LogStore<Storage: Disk> {
    /// A segment of the log, in the order of their numbers.
    private struct Segment {
        var number: UInt64
        var size: Int64
        /// The last index that a batch in it ends with and that no later batch has replaced.
        var last: UInt64

        var name: String { LogFiles.segment(number) }
    }

    /// The disk.
    public var disk: Storage
    /// What was cut off or cleared away when it was opened, as sentences for the journal.
    public private(set) var notes: [String] = []
    private let member: MemberID
    private var segments: [Segment] = []
    private var nextNumber: UInt64 = 1
    private var snapshotIndex: UInt64 = 0
    private var nextIndex: UInt64 = 1

    /// Opens a folder, which may be empty.
    public init(_ disk: Storage, member: MemberID) {
        self.disk = disk
        self.member = member
    }

    /// What is in the folder; to be called once, before anything is written.
    public mutating func load() throws(LogError) -> StoredState {
        let names = try attempt { (disk) throws(DiskError) in try disk.list() }
        if names.contains(LogFiles.new) {
            try attempt { (disk) throws(DiskError) in try disk.remove(LogFiles.new) }
        }
        var vote = try loadVote(names)
        let snapshot = try loadSnapshot(names)
        var entries = try loadSegments(names)
        if let snapshot, !entries.isEmpty, !fits(entries, snapshot) {
            // A leader's snapshot took the log's place, and a crash came before the log was removed.
            try removeSegments()
            notes.append("removed a log that the snapshot at entry \(snapshot.index) has replaced")
            entries = LogWindow(first: 1, entries: [])
        }
        let least = (snapshot?.index ?? 0) + 1
        guard entries.isEmpty || entries.first <= least else {
            throw .damage(segments[0].name, "entries \(least) to \(entries.first - 1) are missing before it")
        }
        guard vote != nil || (entries.isEmpty && snapshot == nil) else {
            throw .damage(LogFiles.vote, "it is missing")
        }
        let newest = max(snapshot?.term ?? 0, entries.entries.last?.term ?? 0)
        if let old = vote, Recovery.number(of: newest) > Recovery.number(of: old.term) {
            // A recovery that a crash cut short behind its only decisive step.
            vote = (newest, 0)
            try save(newest, 0)
        }
        if vote?.term == Recovery.discarded {
            guard newest == 0 else {
                throw LogError(
                    "its log was about to be thrown away when something came in between. Do it once more (rejoin, "
                        + "docs/control.md)")
            }
            vote = (Recovery.waiting, 0)
            try save(Recovery.waiting, 0)
        }
        if newest > 0, let vote, Recovery.number(of: vote.term) > Recovery.number(of: newest) {
            throw LogError(Recovery.isOver(newest, since: vote.term))
        }
        guard newest <= vote?.term ?? 0 else {
            throw .damage(LogFiles.vote, "it is of term \(vote?.term ?? 0), the log of term \(newest)")
        }
        if entries.isEmpty { entries = LogWindow(first: least, entries: []) }
        // A process that died may have left what the kernel has and the disk has not; from here on it counts as written.
        let last = segments.last?.name
        try attempt { (disk) throws(DiskError) in
            if let last { try disk.sync(last) }
            try disk.syncFolder()
        }
        snapshotIndex = snapshot?.index ?? 0
        nextIndex = entries.last + 1
        return StoredState(
            term: vote?.term ?? 0, votedFor: vote?.votedFor ?? 0, snapshot: snapshot,
            firstIndex: entries.first, entries: entries.entries)
    }

    /// Does writes in their order; when it returns, all of them are on the disk. Appends behind each other are one batch.
    public mutating func perform(_ writes: [Write]) throws(LogError) {
        var first: UInt64 = 0
        var waiting: [Entry] = []
        for write in writes {
            if case .append(let index, let entries) = write {
                if waiting.isEmpty { first = index }
                waiting += entries
                continue
            }
            if !waiting.isEmpty { try append(first, waiting) }
            waiting = []
            switch write {
            case .vote(let term, let votedFor): try save(term, votedFor)
            case .truncate(let index): forget(from: index)
            case .append: break
            case .snapshot(let snapshot, let keepFrom):
                try save(snapshot)
                try removeSegments(before: keepFrom)
            case .replace(let snapshot):
                try save(snapshot)
                try removeSegments()
                nextIndex = snapshot.index + 1
            }
        }
        if !waiting.isEmpty { try append(first, waiting) }
    }

    /// Makes an empty folder that of a first voter of a new cluster.
    public mutating func found(_ membership: Membership) throws(LogError) -> StoredState {
        let founding = StoredState.founding(membership)
        try perform([.vote(term: founding.term, votedFor: 0), .append(first: 1, founding.entries)])
        return founding
    }

    // MARK: loading

    private func loadVote(_ names: [String]) throws(LogError) -> (term: UInt64, votedFor: MemberID)? {
        guard names.contains(LogFiles.vote) else { return nil }
        let name = LogFiles.vote
        let payload = try LogFiles.unseal(read(name), LogFiles.voteMark, name)
        var reader = ByteReader(payload)
        guard let owner = reader.uint64(), let term = reader.uint64(), let votedFor = reader.uint64(),
            reader.remaining == 0, term > 0
        else { throw .damage(name, "its contents make no sense") }
        guard owner == member else {
            throw LogError(
                "\(name) is of member \(owner), and this is member \(member): the disk of another member, or another member's "
                    + "configuration. Put the right one in its place")
        }
        return (term, votedFor)
    }

    private mutating func loadSnapshot(_ names: [String]) throws(LogError) -> Snapshot? {
        let indexes = names.compactMap { LogFiles.number($0, after: "snapshot-") }.sorted()
        guard let newest = indexes.last else { return nil }
        let name = LogFiles.snapshot(newest)
        var reader = ByteReader(try LogFiles.unseal(read(name), LogFiles.snapshotMark, name))
        guard let snapshot = reader.snapshot(), reader.remaining == 0, snapshot.index == newest,
            snapshot.isSound
        else { throw .damage(name, "its contents make no sense") }
        for old in indexes.dropLast() {
            try attempt { (disk) throws(DiskError) in try disk.remove(LogFiles.snapshot(old)) }
        }
        return snapshot
    }

    private mutating func loadSegments(_ names: [String]) throws(LogError) -> LogWindow {
        let numbers = names.compactMap { LogFiles.number($0, after: "log-") }.sorted()
        var log = LogWindow(first: 1, entries: [])
        for number in numbers {
            if let previous = segments.last, number != previous.number + 1 {
                throw .damage(LogFiles.segment(previous.number + 1), "it is missing")
            }
            try load(number, isLast: number == numbers.last, into: &log)
        }
        nextNumber = (numbers.last ?? 0) + 1
        return log
    }

    private mutating func load(_ number: UInt64, isLast: Bool, into log: inout LogWindow) throws(LogError) {
        var segment = Segment(number: number, size: 0, last: 0)
        let bytes = try read(segment.name)
        let mark = LogFiles.segmentMark
        // A segment that a crash kept from being begun.
        let isEmpty = bytes.count < mark.count || bytes.prefix(mark.count).allSatisfy { $0 == 0 }
        if isLast && isEmpty { return try cutOff(segment, of: bytes.count) }
        try LogFiles.check(bytes, mark, segment.name)
        segment.size = Int64(mark.count)
        while true {
            switch Batch.read(bytes, at: Int(segment.size)) {
            case .nothing:
                segments.append(segment)
                return
            case .damaged(let what): throw .damage(segment.name, what)
            case .torn:
                guard isLast else { throw .damage(segment.name, "it ends early") }
                return try cutOff(segment, of: bytes.count)
            case .batch(let batch, let size):
                guard log.isEmpty || batch.first <= log.last + 1 else {
                    throw .damage(
                        segment.name, "entries \(log.last + 1) to \(batch.first - 1) are missing in it")
                }
                if log.isEmpty || batch.first < log.first {
                    log = LogWindow(first: batch.first, entries: [])
                }
                log.truncate(from: batch.first)
                forget(from: batch.first)
                log.append(batch.entries)
                segment.last = log.last
                segment.size += Int64(size)
            }
        }
    }

    /// Cuts off what a crash has left of a write that nobody was told of.
    private mutating func cutOff(_ segment: Segment, of size: Int) throws(LogError) {
        notes.append(
            "cut off \(Int64(size) - segment.size) bytes of \(segment.name) that a crash had left of a write")
        let isEmpty = segment.size <= Int64(LogFiles.segmentMark.count)
        try attempt { (disk) throws(DiskError) in
            if isEmpty {
                try disk.remove(segment.name)
                try disk.syncFolder()
            } else {
                try disk.truncate(segment.name, to: segment.size)
                try disk.sync(segment.name)
            }
        }
        if !isEmpty { segments.append(segment) }
    }

    /// Whether a log goes on where a snapshot ends.
    private func fits(_ log: LogWindow, _ snapshot: Snapshot) -> Bool {
        guard log.last >= snapshot.index else { return false }
        return log[snapshot.index].map { $0.term == snapshot.term } ?? true
    }

    // MARK: writing

    private mutating func append(_ first: UInt64, _ entries: [Entry]) throws(LogError) {
        guard first == nextIndex else {
            throw LogError("entry \(first) came where \(nextIndex) belongs. Nothing was written; report this")
        }
        var bytes = Batch(first: first, entries: entries).encoded
        let isNew = segments.last.map { $0.size >= LogFiles.segmentLimit } ?? true
        if isNew {
            bytes = LogFiles.segmentMark + bytes
            segments.append(Segment(number: nextNumber, size: 0, last: 0))
            nextNumber += 1
        }
        let place = segments.count - 1
        let (name, offset) = (segments[place].name, segments[place].size)
        try attempt { (disk) throws(DiskError) in
            try disk.write(bytes, to: name, at: offset)
            try disk.sync(name)
            if isNew { try disk.syncFolder() }
        }
        nextIndex = first + UInt64(entries.count)
        segments[place].size += Int64(bytes.count)
        segments[place].last = nextIndex - 1
    }

    /// Entries from here on are void as soon as others stand behind them: a batch replaces all from its first index on. So
    /// there is nothing to write, and a crash in between leaves what was there, which nobody was told is gone.
    private mutating func forget(from index: UInt64) {
        nextIndex = min(nextIndex, index)
        for place in segments.indices where segments[place].last >= index { segments[place].last = index - 1 }
    }

    private mutating func save(_ term: UInt64, _ votedFor: MemberID) throws(LogError) {
        var payload = ByteWriter()
        payload.add(member)
        payload.add(term)
        payload.add(votedFor)
        try put(LogFiles.sealed(LogFiles.voteMark, payload.bytes), as: LogFiles.vote)
    }

    private mutating func save(_ snapshot: Snapshot) throws(LogError) {
        var payload = ByteWriter()
        payload.add(snapshot)
        let old = snapshotIndex
        try put(LogFiles.sealed(LogFiles.snapshotMark, payload.bytes), as: LogFiles.snapshot(snapshot.index))
        snapshotIndex = snapshot.index
        guard old > 0, old != snapshot.index else { return }
        try attempt { (disk) throws(DiskError) in try disk.remove(LogFiles.snapshot(old)) }
    }

    /// Oldest first, so that what a crash leaves has no gap. The last one stays: it is being written.
    private mutating func removeSegments(before index: UInt64) throws(LogError) {
        var isAny = false
        while segments.count > 1, segments[0].last < index {
            let name = segments[0].name
            try attempt { (disk) throws(DiskError) in try disk.remove(name) }
            segments.removeFirst()
            isAny = true
        }
        if isAny { try attempt { (disk) throws(DiskError) in try disk.syncFolder() } }
    }

    /// All, newest first: what a crash leaves then ends before the snapshot, or does not fit it, and is removed at the start.
    private mutating func removeSegments() throws(LogError) {
        while let last = segments.last {
            try attempt { (disk) throws(DiskError) in
                try disk.remove(last.name)
                try disk.syncFolder()
            }
            segments.removeLast()
        }
    }

    /// The log and the snapshot, whatever is in them.
    mutating func removeAll() throws(LogError) {
        let names = try attempt { (disk) throws(DiskError) in try disk.list() }
        for name in names
        where LogFiles.number(name, after: "log-") != nil || LogFiles.number(name, after: "snapshot-") != nil
        {
            try attempt { (disk) throws(DiskError) in try disk.remove(name) }
        }
        try attempt { (disk) throws(DiskError) in try disk.syncFolder() }
        segments = []
        (snapshotIndex, nextIndex) = (0, 1)
    }

    /// Writes a whole file, in place of the one that is there.
    private mutating func put(_ bytes: [UInt8], as name: String) throws(LogError) {
        try attempt { (disk) throws(DiskError) in
            try disk.write(bytes, to: LogFiles.new, at: 0)
            try disk.sync(LogFiles.new)
            try disk.rename(LogFiles.new, to: name)
            try disk.syncFolder()
        }
    }

    private func read(_ name: String) throws(LogError) -> [UInt8] {
        var disk = disk
        do throws(DiskError) { return try disk.read(name) } catch { throw LogError(error.sentence) }
    }

    @discardableResult
    private mutating func attempt<Result>(_ body: (inout Storage) throws(DiskError) -> Result)
        throws(LogError) -> Result
    {
        do throws(DiskError) { return try body(&disk) } catch {
            throw LogError(error.sentence, isForRoom: error.isForRoom)
        }
    }
}
