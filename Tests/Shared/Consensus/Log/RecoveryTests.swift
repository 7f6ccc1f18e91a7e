import Simulator
import Testing

@testable import Consensus

@Suite struct RecoveryTests {
    private static let three = Membership([
        Member(1, at: "a", as: .voter), Member(2, at: "b", as: .voter), Member(3, at: "c", as: .voter),
    ])!

    /// A disk with a founded cluster and three commands.
    private static func filled() throws -> SimulatedDisk {
        let disk = SimulatedDisk()
        var store = LogStore(disk, member: 1)
        _ = try store.load()
        _ = try store.found(three)
        let entries = (1...3).map { Entry(term: 5, kind: .command, data: [UInt8($0)]) }
        try store.perform([.vote(term: 5, votedFor: 2), .append(first: 2, entries)])
        return disk
    }

    private static func load(_ disk: SimulatedDisk) throws -> StoredState {
        var store = LogStore(disk, member: 1)
        return try store.load()
    }

    private static func recover(_ disk: SimulatedDisk, drawn: UInt32 = 7) throws -> StoredState {
        var store = LogStore(disk, member: 1)
        let state = try store.load()
        return try store.recover(Member(1, at: "a", as: .voter), on: state, data: [9], drawn: drawn)
    }

    @Test("it is alone, in a term and behind an index that nobody had")
    func recovered() throws {
        let disk = try Self.filled()
        let state = try Self.recover(disk)
        #expect(try Self.load(disk) == state)
        #expect(state.snapshot?.membership.members.map(\.id) == [1])
        #expect(state.snapshot?.index == 4 + (1 << 16))
        #expect(Recovery.count(of: state.term) == 1 && Recovery.number(of: 5) == 0)
        #expect(Recovery.name(of: state.term + 2) == "3 of recovery 1" && Recovery.name(of: 5) == "5")
        let again = try Self.recover(disk)
        #expect(again.term > state.term && Recovery.count(of: again.term) == 2)
    }

    @Test("two recoveries that know nothing of each other are told apart")
    func drawn() throws {
        let (one, other) = (
            try Self.recover(try Self.filled(), drawn: 1), try Self.recover(try Self.filled(), drawn: 2)
        )
        #expect(Recovery.number(of: one.term) < Recovery.number(of: other.term))
    }

    @Test("a power cut anywhere in it leaves what was before or what is after")
    func cut() throws {
        var (before, after) = (0, 0)
        for seed in 1...200 as ClosedRange<UInt64> {
            var random = SeededRandom(seed: seed)
            let disk = try Self.filled()
            let old = try Self.load(disk)
            disk.failure = (random.below(16), DiskError.input)
            _ = try? Self.recover(disk)
            disk.forgetFailure()
            disk.crash(&random)
            let state = try Self.load(disk)
            if state == old {
                before += 1
            } else {
                #expect(state.snapshot?.data == [9] && state.entries.isEmpty)
                #expect(Recovery.number(of: state.term) > 0 && state.votedFor == 0)
                after += 1
            }
        }
        #expect(before > 20 && after > 20)
    }

    @Test("a log that was thrown away founds nothing, and a cut leaves all, or a folder that says what to do")
    func discarded() throws {
        for seed in 1...200 as ClosedRange<UInt64> {
            var random = SeededRandom(seed: seed)
            let disk = try Self.filled()
            let old = try Self.load(disk)
            disk.failure = (random.below(16), DiskError.input)
            var store = LogStore(disk, member: 1)
            _ = try? store.discard()
            disk.forgetFailure()
            disk.crash(&random)
            do throws(LogError) {
                var store = LogStore(disk, member: 1)
                let state = try store.load()
                #expect(state == old || (state.lastIndex == 0 && state.term == 2), "\(seed)")
            } catch {
                #expect(error.sentence.contains("Do it once more (rejoin"))
            }
        }
    }
}
