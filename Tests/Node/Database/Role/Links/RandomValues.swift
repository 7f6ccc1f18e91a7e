import Database
import TestSupport

@testable import DatabaseRole

/// Values of the role's messages made of a seed's numbers: small and large ones, ends of ranges more often than chance has them.
struct RandomValues {
    private var numbers: SplitMix64

    init(seed: UInt64) { numbers = SplitMix64(seed: seed) }

    mutating func number<N: FixedWidthInteger & UnsignedInteger>() -> N {
        switch numbers.next() % 8 {
        case 0: 0
        case 1: .max
        case 2: N(truncatingIfNeeded: numbers.next() % 256)
        default: N(truncatingIfNeeded: numbers.next())
        }
    }

    mutating func flag() -> Bool { numbers.next() & 1 == 1 }

    mutating func below(_ limit: Int) -> Int { Int(numbers.next() % UInt64(limit)) }

    mutating func member() -> MemberID? { MemberID(1 + below(64)) }

    mutating func bytes(upTo limit: Int) -> [UInt8] { (0..<below(limit)).map { _ in number() } }

    /// Words and other texts without NUL, which nothing here can carry.
    mutating func text() -> String {
        let alphabet = Array("abc/XYZ019 ='\"\\:\n\u{e4}\u{1F40C}".unicodeScalars)
        var text = ""
        for _ in 0..<below(12) { text.unicodeScalars.append(alphabet[below(alphabet.count)]) }
        return text
    }

    mutating func position() -> WALPosition { WALPosition(timeline: number(), offset: number()) }

    mutating func history(upTo limit: Int = 6) -> TimelineHistory {
        let branches = (0..<below(limit)).map { _ in
            TimelineHistory.Branch(timeline: number(), end: number())
        }
        return TimelineHistory(branches: branches, timeline: number())
    }

    mutating func status() -> NodeStatus {
        NodeStatus(
            state: NodeStatus.State(rawValue: UInt8(below(6))) ?? .running, isPrimary: flag(),
            position: position(), replayAge: number(), isRestartPending: flag(), progress: number(),
            sizeKiB: number(), freeKiB: number())
    }

    mutating func message() -> AgentMessage {
        switch below(6) {
        case 0:
            let primary: PeerMessage.Primary? =
                flag() ? .init(epoch: number(), history: history(), isCheckpointed: flag()) : nil
            return .core(.report(.init(position: position(), isReady: flag(), primary: primary)))
        case 1: return .core(.fence(epoch: number()))
        case 2: return .core(.fenced(epoch: number(), position()))
        case 3:
            guard let member = member() else { return .leave(to: nil) }
            return .core(.yield(epoch: number(), to: member))
        case 4: return .status(status())
        default: return .leave(to: flag() ? member() : nil)
        }
    }

    mutating func legacy() -> AgentLegacy {
        var primary: MemberLegacy.Primary?
        if flag() {
            primary = .init(
                epoch: number(), until: .nanoseconds(Int64(number() as UInt64 >> 1)), history: history(),
                isCheckpointed: flag(),
                rule: AcknowledgementRule(members: MemberSet(bits: number()), count: below(64)),
                ruleOffset: number())
        }
        return AgentLegacy(
            member: MemberLegacy(
                primary: primary, following: flag() ? member() : nil, followedEpoch: number()),
            program: number(), lastProgram: number())
    }

    mutating func record() -> MemberRecord {
        var record = MemberRecord()
        record.fencedEpoch = number()
        record.folder = FolderState(rawValue: UInt8(below(7))) ?? .absent
        record.mustRewind = flag()
        record.systemIdentifier = number()
        return record
    }

    mutating func program() -> ProgramRequest {
        ProgramRequest(
            id: number(), arguments: (0..<(1 + below(5))).map { _ in text() },
            environment: (0..<below(4)).map { _ in text() }, output: text(), input: text())
    }

    mutating func keeperMessage() -> KeeperMessage {
        switch below(10) {
        case 0: .start(program())
        case 1: .signal(id: number(), Int32(bitPattern: number()))
        case 2: .kill(number())
        case 3: .until(Int64(bitPattern: number()))
        case 4: .alive
        case 5: .handOver(text())
        case 6: .ended(id: number(), code: Int32(bitPattern: number()))
        case 7: .killed(number())
        case 8: .replace
        default: .stop
        }
    }

    /// Other bytes of the same kind: one changed, one less, one more, or cut.
    mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var other = bytes
        switch below(4) {
        case 0 where !other.isEmpty: other[below(other.count)] ^= 1 << UInt8(below(8))
        case 1 where !other.isEmpty: other.remove(at: below(other.count))
        case 2: other.insert(number(), at: below(other.count + 1))
        default: other.removeLast(min(other.count, 1 + below(4)))
        }
        return other
    }
}
