import Database

/// What clients were told, and what must be true of it. Sees everything at once, as no node can.
final class WriteLedger {
    /// An acknowledged write: its place in the log.
    private struct Acknowledged {
        var offset: Int
        var write: Int32
    }

    private(set) var violation: String?
    private(set) var acknowledgedCount = 0
    private(set) var elections = 0
    private(set) var digest = 0
    /// A later promotion ends an earlier one's right to acknowledge.
    private(set) var lastEpoch: UInt64 = 0
    private(set) var lastAcknowledgement: Duration = .zero
    private var acknowledged: [Acknowledged] = []
    private var nextWrite: Int32 = 0
    /// False: durability is `async`, and loss is no violation.
    let isLossless: Bool
    /// The last lines, when one seed is replayed.
    private(set) var history: [String] = []
    private let isReplay: Bool
    private static let historyLines = 400

    init(isLossless: Bool, isReplay: Bool) {
        self.isLossless = isLossless
        self.isReplay = isReplay
    }

    func newWrite() -> Int32 {
        nextWrite += 1
        return nextWrite
    }

    /// A client was told that its write is safe.
    func acknowledge(_ write: Int32, at offset: Int, by node: Int, in epoch: UInt64, _ now: Duration) {
        acknowledgedCount += 1
        lastAcknowledgement = now
        mark(node)
        mark(offset)
        if isLossless, epoch < lastEpoch {
            report(
                "at \(now) node \(node) of epoch \(epoch) acknowledged a write after epoch \(lastEpoch) began"
            )
        }
        acknowledged.append(Acknowledged(offset: offset, write: write))
    }

    /// A node opens for writes with this log.
    func promoted(_ node: Int, epoch: UInt64, log: [Int32], _ now: Duration) {
        elections += 1
        mark(node + 1000)
        tell("\(now) node \(node) is promoted in epoch \(epoch) with \(log.count) records")
        // A node that slept in the middle of its promotion: its agent kills it as soon as it runs, and until then nobody
        // confirms what it writes. Both are checked elsewhere.
        if epoch < lastEpoch { return }
        lastEpoch = max(lastEpoch, epoch)
        if let lost = firstLost(in: log) {
            if isLossless {
                report("at \(now) node \(node) is promoted without the acknowledged write \(lost)")
            }
            acknowledged.removeAll { $0.offset >= log.count || log[$0.offset] != $0.write }
        }
    }

    /// The first acknowledged write that a log does not have.
    func firstLost(in log: [Int32]) -> Int32? {
        acknowledged.first { $0.offset >= log.count || log[$0.offset] != $0.write }?.write
    }

    func report(_ text: String) {
        if violation == nil { violation = text }
    }

    func mark(_ value: Int) { digest = (digest &* 31 &+ value) & 0xFFFF_FFFF }

    func tell(_ text: @autoclosure () -> String) {
        guard isReplay, violation == nil else { return }
        history.append(text())
        if history.count > Self.historyLines { history.removeFirst() }
    }
}
