import Database

/// What the database roles of two nodes tell each other in control's lane: the core's messages, and what people want to know.
enum AgentMessage: Equatable, Sendable {
    /// The core's.
    case core(PeerMessage)
    /// For status and consoles; no decision reads it.
    case status(NodeStatus)
    /// An operator's wish that came to a node that is not primary.
    case leave(to: MemberID?)

    /// The lane's name.
    static let lane = "database"
    /// The first byte: a form that another version does not understand gets another one.
    private static let form: UInt8 = 1

    var bytes: [UInt8] {
        var writer = ByteWriter()
        writer.byte(Self.form)
        switch self {
        case .core(.report(let report)):
            writer.byte(1)
            writer.position(report.position)
            writer.flag(report.isReady)
            writer.flag(report.primary != nil)
            if let primary = report.primary {
                writer.number(primary.epoch)
                writer.flag(primary.isCheckpointed)
                writer.history(primary.history)
            }
        case .core(.fence(let epoch)):
            writer.byte(2)
            writer.number(epoch)
        case .core(.fenced(let epoch, let position)):
            writer.byte(3)
            writer.number(epoch)
            writer.position(position)
        case .core(.yield(let epoch, let member)):
            writer.byte(4)
            writer.number(epoch)
            writer.byte(member.number)
        case .status(let status):
            writer.byte(5)
            status.write(to: &writer)
        case .leave(let member):
            writer.byte(6)
            writer.byte(member?.number ?? 0)
        }
        return writer.bytes
    }

    init?(_ bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard reader.byte() == Self.form, let kind = reader.byte() else { return nil }
        switch kind {
        case 1:
            guard let position = reader.position(), let isReady = reader.flag(),
                let isPrimary = reader.flag()
            else { return nil }
            var primary: PeerMessage.Primary?
            if isPrimary {
                guard let epoch: UInt64 = reader.number(), let isCheckpointed = reader.flag(),
                    let history = reader.history()
                else { return nil }
                primary = .init(epoch: epoch, history: history, isCheckpointed: isCheckpointed)
            }
            self = .core(.report(.init(position: position, isReady: isReady, primary: primary)))
        case 2:
            guard let epoch: UInt64 = reader.number() else { return nil }
            self = .core(.fence(epoch: epoch))
        case 3:
            guard let epoch: UInt64 = reader.number(), let position = reader.position() else { return nil }
            self = .core(.fenced(epoch: epoch, position))
        case 4:
            guard let epoch: UInt64 = reader.number(), let member = MemberID(Int(reader.byte() ?? 0))
            else { return nil }
            self = .core(.yield(epoch: epoch, to: member))
        case 5:
            guard let status = NodeStatus(from: &reader) else { return nil }
            self = .status(status)
        case 6:
            guard let number = reader.byte() else { return nil }
            self = .leave(to: MemberID(Int(number)))
        default: return nil
        }
        guard reader.isAtEnd else { return nil }
    }
}

extension ByteWriter {
    mutating func position(_ position: WALPosition) {
        number(position.timeline)
        number(position.offset)
    }

    /// The latest `limit` branches: older ones are of no use to a log that is still there.
    mutating func history(_ history: TimelineHistory) {
        let branches = history.branches.suffix(Self.branchLimit)
        number(history.timeline)
        number(UInt16(branches.count))
        for branch in branches { position(WALPosition(timeline: branch.timeline, offset: branch.end)) }
    }

    /// 12 bytes each in a lane's message of 16 KiB.
    static let branchLimit = 1000
}

extension ByteReader {
    mutating func position() -> WALPosition? {
        guard let timeline: UInt32 = number(), let offset: UInt64 = number() else { return nil }
        return WALPosition(timeline: timeline, offset: offset)
    }

    mutating func history() -> TimelineHistory? {
        guard let timeline: UInt32 = number(), let count: UInt16 = number(), count <= ByteWriter.branchLimit
        else { return nil }
        var branches: [TimelineHistory.Branch] = []
        for _ in 0..<count {
            guard let position = position() else { return nil }
            branches.append(.init(timeline: position.timeline, end: position.offset))
        }
        return TimelineHistory(branches: branches, timeline: timeline)
    }
}
