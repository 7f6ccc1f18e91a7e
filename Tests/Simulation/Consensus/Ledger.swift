import Consensus

/// What a ledger did, for the watch.
final class Recorder {
    struct Step {
        var index: UInt64
        /// The ledger's mark after the command.
        var mark: UInt64
    }

    var steps: [Step] = []
}

/// A state machine whose mark depends on all commands and their order, and that knows which it has.
struct Ledger: StateMachine {
    private(set) var mark: UInt64 = 14_695_981_039_346_656_037
    private(set) var commands: Set<UInt64> = []
    private(set) var lastIndex: UInt64 = 0
    let recorder: Recorder

    init(_ recorder: Recorder) { self.recorder = recorder }

    /// Eight bytes of number, and padding.
    static func command(_ number: UInt64, padding: Int) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) }
            + [UInt8](repeating: 0, count: padding)
    }

    static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func apply(_ command: [UInt8], at index: UInt64) -> [UInt8] {
        let number = Self.number(command[...])
        mark = (mark ^ number &* 31 ^ index) &* 1_099_511_628_211
        commands.insert(number)
        lastIndex = index
        recorder.steps.append(.init(index: index, mark: mark))
        return []
    }

    func snapshot() -> [UInt8] {
        [mark, lastIndex].flatMap { Self.command($0, padding: 0) }
            + commands.sorted().flatMap { Self.command($0, padding: 0) }
    }

    mutating func restore(_ snapshot: [UInt8]) -> Bool {
        guard snapshot.count >= 16, snapshot.count % 8 == 0 else { return false }
        mark = Self.number(snapshot[0...])
        lastIndex = Self.number(snapshot[8...])
        commands = Set(stride(from: 16, to: snapshot.count, by: 8).map { Self.number(snapshot[$0...]) })
        if lastIndex > 0 { recorder.steps.append(.init(index: lastIndex, mark: mark)) }
        return true
    }
}
