/// Messages as bytes: a byte that says which, then the fields in the order of their declaration, little-endian.
extension Message {
    /// Entries that one message may have.
    static let entryLimit = 4096
    /// Terms and indexes stay below, so that no sum of theirs overflows.
    static let numberLimit: UInt64 = 1 << 62

    /// As it goes over the wire.
    public var encoded: [UInt8] {
        var writer = ByteWriter()
        switch self {
        case .append(let message):
            writer.add(UInt8(1))
            writer.add(message.term)
            writer.add(message.previousIndex)
            writer.add(message.previousTerm)
            writer.add(message.commit)
            writer.add(UInt32(message.entries.count))
            for entry in message.entries {
                writer.add(entry.term)
                writer.add(entry.kind.rawValue)
                writer.add(entry.data)
            }
        case .appendResult(let message):
            writer.add(UInt8(2))
            writer.add(message.term)
            writer.add(message.rejected)
            writer.add(message.lastIndex)
            writer.add(message.features)
            writer.add(message.capacity)
        case .vote(let message):
            writer.add(UInt8(3))
            writer.add(message.term)
            writer.add(message.lastIndex)
            writer.add(message.lastTerm)
            writer.add(message.disruptsLeader)
            writer.add(message.isPreVote)
        case .voteResult(let message):
            writer.add(UInt8(4))
            writer.add(message.term)
            writer.add(message.isGranted)
            writer.add(message.isPreVote)
            writer.add(message.features)
            writer.add(message.capacity)
        case .snapshot(let term, let snapshot):
            writer.add(UInt8(5))
            writer.add(term)
            writer.add(snapshot)
        case .timeoutNow(let message):
            writer.add(UInt8(6))
            writer.add(message.term)
            writer.add(message.lastIndex)
            writer.add(message.lastTerm)
        }
        return writer.bytes
    }

    /// Reads what `encoded` wrote; nil for anything else, and for what no member would say.
    public init?(encoded bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard let kind = reader.uint8(), let message = Message(kind, &reader), reader.remaining == 0,
            message.isSound
        else { return nil }
        self = message
    }

    private init?(_ kind: UInt8, _ reader: inout ByteReader) {
        guard let term = reader.uint64() else { return nil }
        switch kind {
        case 1:
            guard let index = reader.uint64(), let previous = reader.uint64(), let commit = reader.uint64(),
                let count = reader.uint32(), count <= UInt32(Self.entryLimit)
            else { return nil }
            var entries: [Entry] = []
            for _ in 0..<Int(count) {
                guard let entry = reader.entry() else { return nil }
                entries.append(entry)
            }
            self = .append(
                Append(
                    term: term, previousIndex: index, previousTerm: previous, commit: commit, entries: entries
                ))
        case 2:
            guard let rejected = reader.uint64(), let last = reader.uint64(), let features = reader.uint16(),
                let capacity = reader.uint16()
            else { return nil }
            self = .appendResult(
                AppendResult(
                    term: term, rejected: rejected, lastIndex: last, features: features, capacity: capacity))
        case 3:
            guard let last = reader.uint64(), let lastTerm = reader.uint64(), let disrupts = reader.bool(),
                let isPre = reader.bool()
            else { return nil }
            self = .vote(
                Vote(
                    term: term, lastIndex: last, lastTerm: lastTerm, disruptsLeader: disrupts,
                    isPreVote: isPre))
        case 4:
            guard let isGranted = reader.bool(), let isPre = reader.bool(), let features = reader.uint16(),
                let capacity = reader.uint16()
            else { return nil }
            self = .voteResult(
                VoteResult(
                    term: term, isGranted: isGranted, isPreVote: isPre, features: features, capacity: capacity
                ))
        case 5:
            guard let snapshot = reader.snapshot() else { return nil }
            self = .snapshot(term: term, snapshot)
        case 6:
            guard let last = reader.uint64(), let lastTerm = reader.uint64() else { return nil }
            self = .timeoutNow(TimeoutNow(term: term, lastIndex: last, lastTerm: lastTerm))
        default: return nil
        }
    }

    /// What C-Raft's core takes for granted, and asserts.
    var isSound: Bool {
        guard term > 0, term < Self.numberLimit else { return false }
        switch self {
        case .append(let message):
            guard message.previousIndex < Self.numberLimit, message.commit < Self.numberLimit,
                (message.previousIndex == 0) == (message.previousTerm == 0), message.previousTerm <= term
            else { return false }
            var least = max(message.previousTerm, 1)
            for entry in message.entries {
                guard entry.term >= least, entry.term <= term, entry.isSound else { return false }
                least = entry.term
            }
            if message.previousIndex == 0, let first = message.entries.first {
                return first.kind == .membership
            }
            return true
        case .appendResult(let message):
            return message.rejected < Self.numberLimit && message.lastIndex < Self.numberLimit
        case .vote(let message):
            return message.lastIndex < Self.numberLimit && message.lastTerm <= term
                && (message.lastIndex == 0) == (message.lastTerm == 0)
        case .voteResult: return true
        case .snapshot(_, let snapshot): return snapshot.isSound && snapshot.term <= term
        case .timeoutNow(let message):
            return message.lastIndex < Self.numberLimit && message.lastTerm <= term
        }
    }
}

extension Entry {
    /// Whether a member of this version could have made it.
    var isSound: Bool {
        switch kind {
        case .command: data.count <= Settings.commandLimit
        case .barrier: data.isEmpty
        case .membership: Membership(encoded: data)?.voters.isEmpty == false
        }
    }
}

extension Snapshot {
    /// Whether a member of this version could have made it.
    var isSound: Bool {
        index > 0 && index < Message.numberLimit && term > 0 && membershipIndex > 0
            && membershipIndex <= index && !membership.voters.isEmpty && data.count <= Settings.snapshotLimit
    }
}

extension ByteWriter {
    mutating func add(_ snapshot: Snapshot) {
        add(snapshot.index)
        add(snapshot.term)
        add(snapshot.membershipIndex)
        add(snapshot.membership.encoded)
        add(snapshot.data)
    }
}

extension ByteReader {
    private static let membershipLimit = 16 + Membership.limit * (Member.addressLimit + 10)

    mutating func entry() -> Entry? {
        guard let term = uint64(), let kind = uint8().flatMap({ EntryKind(rawValue: $0) }),
            let data = data(limit: max(Settings.commandLimit, Self.membershipLimit))
        else { return nil }
        return Entry(term: term, kind: kind, data: data)
    }

    mutating func snapshot() -> Snapshot? {
        guard let index = uint64(), let term = uint64(), let membershipIndex = uint64(),
            let members = data(limit: Self.membershipLimit), let membership = Membership(encoded: members),
            let data = data(limit: Settings.snapshotLimit)
        else { return nil }
        return Snapshot(
            index: index, term: term, membership: membership, membershipIndex: membershipIndex, data: data)
    }
}
