import Simulator
import Testing

@testable import Consensus

@Suite struct LogStoreTests {
    static let membership = Membership([
        Member(1, at: "192.0.2.1", as: .voter), Member(2, at: "192.0.2.2", as: .voter),
    ])!

    /// Commands of some term, of different sizes, one with more zeros than a sector has.
    static func commands(_ count: Int, term: UInt64 = 1) -> [Entry] {
        (0..<count).map { number in
            let bytes = [UInt8](
                repeating: number % 3 == 0 ? 0 : UInt8(number % 251), count: number * 397 % 1500)
            return Entry(term: term, kind: .command, data: bytes)
        }
    }

    static func snapshot(_ index: UInt64, term: UInt64 = 1) -> Snapshot {
        Snapshot(index: index, term: term, membership: membership, membershipIndex: 1, data: [1, 2, 3])
    }

    /// A founded log with some commands, each written by itself.
    static func filled(_ disk: SimulatedDisk, _ entries: [Entry]) throws -> LogStore<SimulatedDisk> {
        var store = LogStore(disk, member: 1)
        #expect(try store.load() == .nothing)
        _ = try store.found(membership)
        for (place, entry) in entries.enumerated() {
            try store.perform([.append(first: UInt64(place) + 2, [entry])])
        }
        return store
    }

    static func load(_ disk: SimulatedDisk) throws -> StoredState {
        var store = LogStore(disk, member: 1)
        return try store.load()
    }

    @Test("what was written is there again")
    func reopened() throws {
        let disk = SimulatedDisk()
        let entries = Self.commands(20)
        var store = try Self.filled(disk, entries)
        try store.perform([.vote(term: 7, votedFor: 2)])
        let state = try Self.load(disk)
        #expect(state.term == 7)
        #expect(state.votedFor == 2)
        #expect(state.entries == StoredState.founding(Self.membership).entries + entries)
    }

    @Test("entries replace those from their index on, also over the ends of segments and starts")
    func replaced() throws {
        let disk = SimulatedDisk()
        let big = Entry(term: 1, kind: .command, data: [UInt8](repeating: 7, count: Settings.commandLimit))
        var store = try Self.filled(disk, [Entry](repeating: big, count: 12))
        let short = Self.commands(2, term: 2)
        try store.perform([.vote(term: 2, votedFor: 0), .truncate(from: 3), .append(first: 3, short)])
        store = LogStore(disk, member: 1)
        #expect(try store.load().entries.suffix(3) == [big] + short)
        try store.perform([.append(first: 5, [big])])
        #expect(try Self.load(disk).lastIndex == 5)
    }

    @Test("a vote that is older than the log is refused: it was put back, or lost")
    func oldVote() throws {
        let disk = SimulatedDisk()
        var store = try Self.filled(disk, [])
        let old = disk["vote"]
        try store.perform([.vote(term: 2, votedFor: 0), .append(first: 2, Self.commands(1, term: 2))])
        disk["vote"] = old
        #expect(throws: LogError.self) { try Self.load(disk) }
    }

    @Test("appends behind each other are one write and one synchronisation")
    func grouped() throws {
        let disk = SimulatedDisk()
        var store = try Self.filled(disk, [])
        let before = disk.syncs
        let entries = Self.commands(5)
        try store.perform(entries.enumerated().map { .append(first: UInt64($0.offset) + 2, [$0.element]) })
        #expect(disk.syncs == before + 1)
        #expect(try Self.load(disk).entries.dropFirst() == entries[...])
    }

    @Test("a snapshot lets go what is before it, and the log stays bounded")
    func bounded() throws {
        let disk = SimulatedDisk()
        let big = Entry(term: 1, kind: .command, data: [UInt8](repeating: 7, count: Settings.commandLimit))
        var store = try Self.filled(disk, [])
        for index in 2..<200 as Range<UInt64> {
            try store.perform([.append(first: index, [big])])
            if index % 10 == 0 { try store.perform([.snapshot(Self.snapshot(index), keepFrom: index - 3)]) }
        }
        let state = try Self.load(disk)
        #expect(state.snapshot == Self.snapshot(190))
        #expect(state.lastIndex == 199)
        let bytes = try disk.list().reduce(0) { $0 + (disk[$1]?.count ?? 0) }
        #expect(bytes < 3 << 20)
    }

    @Test("a leader's snapshot takes the whole log's place")
    func installed() throws {
        let disk = SimulatedDisk()
        var store = try Self.filled(disk, Self.commands(10))
        try store.perform([.vote(term: 3, votedFor: 0), .replace(Self.snapshot(50, term: 3))])
        try store.perform([.append(first: 51, Self.commands(2, term: 3))])
        let state = try Self.load(disk)
        #expect(state.snapshot == Self.snapshot(50, term: 3))
        #expect(state.firstIndex == 51)
        #expect(state.entries == Self.commands(2, term: 3))
    }

    @Test("a disk of another member is refused")
    func otherMember() throws {
        let disk = SimulatedDisk()
        _ = try Self.filled(disk, [])
        var other = LogStore(disk, member: 2)
        #expect(throws: (any Error).self) { try other.load() }
    }

    @Test(
        "a failing disk is told by a sentence",
        arguments: [DiskError.noSpace, DiskError.input, DiskError.readOnly])
    func failing(code: Int32) throws {
        let disk = SimulatedDisk()
        var store = try Self.filled(disk, Self.commands(3))
        for after in 0..<2 {
            disk.failure = (after, code)
            do {
                try store.perform([.append(first: 5, Self.commands(1))])
                Issue.record("nothing was said of error \(code) after \(after) calls")
            } catch {
                #expect(error.sentence.hasPrefix("log-00000000000000000001 cannot be "))
                #expect(error.sentence.contains("error \(code)"))
                // After a flush that failed nobody knows what is there.
                #expect(error.isForRoom == (code == DiskError.noSpace && after == 0))
            }
            disk.forgetFailure()
        }
        #expect(try Self.load(disk).lastIndex >= 4)
    }

    @Test("a full disk keeps what it had, and goes on when there is room again")
    func full() throws {
        let disk = SimulatedDisk()
        var store = try Self.filled(disk, Self.commands(3))
        let before = try Self.load(disk)
        for room in 0..<90 {
            let copy = disk.copy()
            store.disk = copy
            copy.capacity = try copy.list().reduce(room) { $0 + (copy[$1]?.count ?? 0) }
            var attempt = store
            let error = #expect(throws: LogError.self) {
                try attempt.perform([
                    .append(
                        first: 5, [Entry(term: 1, kind: .command, data: [UInt8](repeating: 1, count: 40))])
                ])
            }
            #expect(error?.isForRoom == true)
            copy.capacity = .max
            var again = LogStore(copy, member: 1)
            #expect(try again.load() == before)
            try again.perform([.append(first: 5, Self.commands(2))])
            #expect(try Self.load(copy).entries == before.entries + Self.commands(2))
        }
    }
}
