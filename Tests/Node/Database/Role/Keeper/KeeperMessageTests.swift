import Testing

@testable import DatabaseRole

@Suite struct KeeperMessageTests {
    private static let seeds: [UInt64] = [11, 12, 13]
    private static let rounds = 500

    @Test("what keeper and agent tell each other arrives as it was", arguments: seeds)
    func messages(seed: UInt64) {
        var values = RandomValues(seed: seed)
        for _ in 0..<Self.rounds {
            let message = values.keeperMessage()
            #expect(KeeperMessage(message.bytes) == message, "seed \(seed)")
        }
    }

    @Test(
        "a message that was cut or changed ends nobody, and starts no program that it does not name whole",
        arguments: seeds)
    func damage(seed: UInt64) {
        var values = RandomValues(seed: seed)
        for _ in 0..<Self.rounds {
            let message = values.keeperMessage()
            let bytes = message.bytes
            for length in 0..<bytes.count {
                let read = KeeperMessage(bytes.prefix(length))
                // Only a start that lost its last entries of the environment is still one.
                if case .start(let program)? = read, case .start(let whole) = message {
                    #expect(program.arguments == whole.arguments && program.output == whole.output)
                }
            }
            let other = values.mutated(bytes)
            if let read = KeeperMessage(other) { #expect(KeeperMessage(read.bytes) == read) }
            _ = KeeperMessage(values.bytes(upTo: 64))
        }
        #expect(KeeperMessage([] as [UInt8]) == nil)
        #expect(KeeperMessage(Array("P1\0o\0i\0-1\0".utf8)) == nil)
        #expect(KeeperMessage(Array("P1\0o\0i\09223372036854775807\0a\0".utf8)) == nil)
    }

    @Test("what a keeper leaves to the next one arrives as it was; what is no part of it is left out")
    func legacy() {
        var legacy = KeeperLegacy()
        legacy.until = 123_456_789_012
        legacy.programs = [(id: 1, process: 4711), (id: 4_294_967_295, process: 2)]
        #expect(KeeperLegacy(legacy.text) == legacy)
        #expect(KeeperLegacy("").text == "0")
        #expect(KeeperLegacy("nonsense 1:2").text == "0")
        #expect(KeeperLegacy("5 1:2 x 3 4:y 5:6").text == "5 1:2 5:6")
    }
}
