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
    /// What the newest primary had when it was promoted.
    private var promotedLog: [Int32] = []
    /// In which epoch each node became primary last.
    private var epochs: [Int: UInt64] = [:]
    /// What each node has promised candidates, restarts or not.
    private var promised: [Int: UInt64] = [:]
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
        // One that the next primary has may be acknowledged late: its confirmations had been under way.
        if isLossless, epoch < lastEpoch, offset >= promotedLog.count || promotedLog[offset] != write {
            report(
                "at \(now) node \(node) of epoch \(epoch) acknowledged a write after epoch \(lastEpoch) began without it"
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
        epochs[node] = epoch
        if epoch < lastEpoch { return }
        promotedLog = log
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

    /// A voter has told a candidate of this epoch that it takes no log of an earlier one.
    func promise(_ node: Int, epoch: UInt64, written: UInt64, _ now: Duration) {
        promised[node] = max(promised[node] ?? 0, epoch)
        if written < epoch {
            report("at \(now) node \(node) promises for epoch \(epoch) and has written \(written)")
        }
    }

    /// Log was taken from a primary.
    func took(_ node: Int, from primary: Int, _ now: Duration) {
        guard let promise = promised[node], let epoch = epochs[primary], epoch < promise else { return }
        report(
            "at \(now) node \(node) takes log from node \(primary) of epoch \(epoch) after it promised epoch \(promise)"
        )
    }

    /// The electorate becomes another one under the same primary: what was acknowledged is on enough of the new one.
    func checkElectorate(_ logs: [[Int32]], needed: Int, _ now: Duration) {
        guard isLossless, let last = acknowledged.last else { return }
        let having = logs.count { last.offset < $0.count && $0[last.offset] == last.write }
        if having < needed {
            report(
                "at \(now) the acknowledged write \(last.write) is on \(having) of the new voters, and \(needed) must have it"
            )
        }
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
