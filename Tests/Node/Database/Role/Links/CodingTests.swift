import Database
import Testing

@testable import DatabaseRole

@Suite struct CodingTests {
    private static let seeds: [UInt64] = [1, 2, 3, 4]
    private static let rounds = 500

    @Test("what a member tells another arrives as it was", arguments: seeds)
    func agentMessages(seed: UInt64) {
        var values = RandomValues(seed: seed)
        for _ in 0..<Self.rounds {
            let message = values.message()
            #expect(AgentMessage(message.bytes) == message, "seed \(seed)")
        }
    }

    @Test(
        "a message that was cut is none, and one that was changed is none or says what its bytes say",
        arguments: seeds)
    func damagedAgentMessages(seed: UInt64) {
        var values = RandomValues(seed: seed)
        for _ in 0..<Self.rounds {
            let bytes = values.message().bytes
            for length in 0..<bytes.count {
                #expect(AgentMessage(Array(bytes.prefix(length))) == nil, "seed \(seed): \(bytes), \(length)")
            }
            let other = values.mutated(bytes)
            if let read = AgentMessage(other) {
                // Nothing was read over or made up: the same bytes come of it again, but for numbers that no member has.
                #expect(read.bytes.count == other.count, "seed \(seed): \(other)")
                #expect(AgentMessage(read.bytes) == read, "seed \(seed): \(other)")
            }
            _ = AgentMessage(values.bytes(upTo: 64))
        }
    }

    @Test("of a long history the latest branches are told, no more than a lane's message holds")
    func longHistory() {
        let branches = (1...1500).map { TimelineHistory.Branch(timeline: UInt32($0), end: UInt64($0) * 100) }
        let history = TimelineHistory(branches: branches, timeline: 1501)
        var writer = ByteWriter()
        writer.history(history)
        #expect(writer.bytes.count < 16 << 10)
        var reader = ByteReader(writer.bytes)
        #expect(
            reader.history()
                == TimelineHistory(branches: Array(branches.suffix(ByteWriter.branchLimit)), timeline: 1501))
        #expect(reader.isAtEnd)
    }

    @Test("numbers stand with their highest byte first, and one that is cut is none")
    func numbers() {
        var writer = ByteWriter()
        writer.number(UInt32(0x0102_0304))
        writer.flag(true)
        #expect(writer.bytes == [1, 2, 3, 4, 1])
        var reader = ByteReader([0, 1, 2] as [UInt8])
        #expect((reader.number() as UInt32?) == nil)
        var flags = ByteReader([2] as [UInt8])
        #expect(flags.flag() == nil)
    }

    @Test("what an agent leaves to the next one arrives as it was", arguments: seeds)
    func legacies(seed: UInt64) {
        var values = RandomValues(seed: seed)
        for _ in 0..<Self.rounds {
            let legacy = values.legacy()
            #expect(AgentLegacy(legacy.text) == legacy, "seed \(seed)")
        }
    }

    @Test("a legacy that was cut or changed is none or another one, and ends nobody", arguments: seeds)
    func damagedLegacies(seed: UInt64) {
        var values = RandomValues(seed: seed)
        for _ in 0..<Self.rounds {
            let text = values.legacy().text
            for length in 0..<text.utf8.count {
                #expect(AgentLegacy(String(text.prefix(length))) == nil, "seed \(seed): \(text), \(length)")
            }
            _ = AgentLegacy(String(decoding: values.mutated(Array(text.utf8)), as: UTF8.self))
        }
        #expect(AgentLegacy("") == nil && AgentLegacy("01zz") == nil)
    }
}
