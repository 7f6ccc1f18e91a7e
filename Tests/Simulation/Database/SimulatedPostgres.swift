import Database
import Simulator

/// What PostgreSQL's processes say to each other between nodes.
enum ReplicationMail {
    /// A receiver asks for the log from here on.
    case connect(connection: Int, WALPosition)
    /// A piece of the log. Without records: a sign of life.
    case log(connection: Int, start: Int, [Int32], TimelineHistory)
    /// So much is on the disk.
    case confirm(connection: Int, flushed: Int)
    /// A base backup or pg_rewind begins.
    case fetch(job: UInt64)
    /// The whole of it.
    case folder(job: UInt64, [Int32], TimelineHistory, isCheckpointed: Bool, isPrimary: Bool)
}

/// What survives the end of a node's processes.
final class DatabaseDisk {
    var record = MemberRecord()
    var systemIdentifier: UInt64 = 0
    /// One number a record: a client's write, or, negative, the beginning of a timeline.
    var log: [Int32] = []
    var history = TimelineHistory(branches: [], timeline: 0)
    /// So much of it survives a power cut.
    var flushed = 0
    /// The truth about the folder, whatever the record says.
    var isHalf = true
    var isFull = false
    /// Copied or rewound: useless without the rest of the source's log.
    var needsSource = false

    /// The power is cut: what was not flushed is gone.
    func cut() {
        guard flushed < log.count else { return }
        log.removeLast(log.count - flushed)
        history = history.cut(at: log.count)
    }

    var position: WALPosition { WALPosition(timeline: history.timeline, offset: UInt64(log.count)) }
    var durablePosition: WALPosition {
        WALPosition(timeline: history.cut(at: flushed).timeline, offset: UInt64(flushed))
    }
}

extension TimelineHistory {
    /// The history of a log that ends there.
    func cut(at end: Int) -> TimelineHistory {
        for (index, branch) in branches.enumerated() where UInt64(end) <= branch.end {
            return TimelineHistory(branches: Array(branches.prefix(index)), timeline: branch.timeline)
        }
        return self
    }
}

/// PostgreSQL's processes on one node, as far as failover sees them.
struct SimulatedPostgres {
    enum State: Equatable {
        case stopped, starting, standby, primary
    }

    /// A walsender.
    struct Sender {
        var node: Int
        var connection: Int
        var sent: Int
        var flushed: Int
        var heardAt: Duration
    }

    static let keepalive: Duration = .milliseconds(100)
    static let connectionTimeout: Duration = .milliseconds(800)

    var state: State = .stopped
    let disk: DatabaseDisk
    let node: Int
    let ledger: WriteLedger
    /// The primary's epoch, for the ledger.
    var epoch: UInt64 = 0
    var rule = AcknowledgementRule(members: .none, count: 0)
    var isCheckpointed = false
    var takesWrites = false
    /// Whose log it takes.
    var source: Int?
    private(set) var isConnected = false
    private var connection = 0
    private var heardAt: Duration = .zero
    private var senders: [Sender] = []
    private var waiting: [(offset: Int, write: Int32)] = []
    private var nextWrite: Duration = .zero
    private var nextTick: Duration = .zero
    private var flushAt: Duration?
    private var random: SeededRandom

    /// The flaw.
    private let confirmsUnflushed: Bool

    init(_ disk: DatabaseDisk, node: Int, ledger: WriteLedger, seed: UInt64, confirmsUnflushed: Bool) {
        self.confirmsUnflushed = confirmsUnflushed
        self.disk = disk
        self.node = node
        self.ledger = ledger
        random = SeededRandom(seed: seed)
        connection = Int(seed & 0xFFFF) << 8
    }

    var deadline: Duration? {
        guard state == .standby || state == .primary else { return nil }
        var deadline = nextTick
        if state == .primary, takesWrites { deadline = min(deadline, nextWrite) }
        if let flushAt { deadline = min(deadline, flushAt) }
        return deadline
    }

    /// As the agent's queries see it.
    func view(at now: Duration) -> PostgresView {
        let process: PostgresView.Process =
            switch state {
            case .stopped: .stopped
            case .starting: .changing
            case .standby: .standby
            case .primary: .primary
            }
        let followers = senders.compactMap { sender -> PostgresView.Follower? in
            guard let member = MemberID(sender.node + 1) else { return nil }
            return PostgresView.Follower(
                member: member, flushed: UInt64(sender.flushed),
                isStreaming: disk.log.count - sender.flushed <= 20)
        }
        return PostgresView(
            process: process, position: disk.durablePosition, isReceiving: isConnected,
            followers: state == .primary ? followers : [])
    }

    mutating func end() {
        state = .stopped
        source = nil
        isConnected = false
        senders = []
        waiting = []
        takesWrites = false
        flushAt = nil
    }

    /// In recovery, following nobody. What was in the OS's cache is read and flushed by recovery.
    mutating func runAsStandby(at now: Duration) {
        if disk.isHalf { ledger.report("at \(now) node \(node) started on a half-made folder") }
        if disk.needsSource { ledger.report("at \(now) node \(node) started on an incomplete folder") }
        state = .standby
        disk.flushed = disk.log.count
        nextTick = now
        flushAt = nil
    }

    mutating func follow(_ source: Int?, at now: Duration) {
        self.source = source
        isConnected = false
        connection += 1
        // A receiver that ends flushes what it has.
        if source == nil, flushAt != nil {
            disk.flushed = disk.log.count
            flushAt = nil
        }
        nextTick = now
    }

    mutating func promote(to timeline: UInt32, epoch: UInt64, at now: Duration) {
        if disk.isHalf { ledger.report("at \(now) node \(node) was promoted on a half-made folder") }
        follow(nil, at: now)
        disk.history.branches.append(
            .init(timeline: disk.history.timeline, end: UInt64(disk.log.count)))
        disk.history.timeline = timeline
        disk.log.append(-Int32(timeline))
        disk.flushed = disk.log.count
        state = .primary
        self.epoch = epoch
        isCheckpointed = false
        takesWrites = true
        nextWrite = now + .milliseconds(5)
        ledger.promoted(node, epoch: epoch, log: disk.log, now)
    }

    /// Commits whose confirmations are there are acknowledged.
    mutating func release(at now: Duration) {
        while let first = waiting.first {
            let confirmed = senders.filter { sender in
                sender.flushed > first.offset && MemberID(sender.node + 1).map(rule.members.contains) ?? false
            }.count
            guard confirmed >= rule.count else { return }
            waiting.removeFirst()
            ledger.acknowledge(first.write, at: first.offset, by: node, in: epoch, now)
        }
    }

    /// False: the disk is full, and PostgreSQL ends.
    mutating func wake(at now: Duration) -> (isAlive: Bool, outgoing: [Outgoing<ShelfMail>]) {
        var outgoing: [Outgoing<ShelfMail>] = []
        if let flush = flushAt, now >= flush {
            flushAt = nil
            if disk.isFull { return (false, []) }
            disk.flushed = disk.log.count
            if isConnected, let source {
                outgoing.append(
                    .to(source, .postgres(.confirm(connection: connection, flushed: disk.flushed))))
            }
        }
        if state == .primary, takesWrites, now >= nextWrite {
            if disk.isFull { return (false, outgoing) }
            nextWrite = now + random.duration(in: .milliseconds(10) ... .milliseconds(150))
            // One client has at most a few writes on their way: it waits for the answer.
            if waiting.count < 3 {
                let write = ledger.newWrite()
                waiting.append((disk.log.count, write))
                disk.log.append(write)
                disk.flushed = disk.log.count
                outgoing += push()
                release(at: now)
            }
        }
        if now >= nextTick {
            nextTick = now + Self.keepalive
            if state == .primary {
                senders.removeAll { now - $0.heardAt > Self.connectionTimeout }
                outgoing += push(isKeepalive: true)
            } else if let source {
                if isConnected, now - heardAt > Self.connectionTimeout { isConnected = false }
                if !isConnected {
                    connection += 1
                    outgoing.append(
                        .to(source, .postgres(.connect(connection: connection, disk.position))))
                }
            }
        }
        return (true, outgoing)
    }

    private mutating func push(isKeepalive: Bool = false) -> [Outgoing<ShelfMail>] {
        var outgoing: [Outgoing<ShelfMail>] = []
        for index in senders.indices where isKeepalive || senders[index].sent < disk.log.count {
            let start = senders[index].sent
            let end = min(disk.log.count, start + 200)
            outgoing.append(
                .to(
                    senders[index].node,
                    .postgres(
                        .log(
                            connection: senders[index].connection, start: start,
                            Array(disk.log[start..<end]), disk.history))))
            senders[index].sent = end
        }
        return outgoing
    }

    mutating func receive(_ message: ReplicationMail, from sender: Int, at now: Duration) -> [Outgoing<
        ShelfMail
    >] {
        switch message {
        case .connect(let connection, let position):
            senders.removeAll { $0.node == sender }
            guard state == .primary, disk.history.contains(position), position.offset <= disk.log.count
            else { return [] }
            senders.append(
                Sender(
                    node: sender, connection: connection, sent: Int(position.offset), flushed: 0,
                    heardAt: now))
            return push(isKeepalive: true)
        case .log(let connection, let start, let records, let history):
            guard state == .standby, connection == self.connection, source == sender else { return [] }
            guard start == disk.log.count else {
                isConnected = false
                return []
            }
            isConnected = true
            heardAt = now
            if !records.isEmpty { ledger.took(node, from: sender, now) }
            disk.log += records
            disk.history = history.cut(at: disk.log.count)
            if !records.isEmpty, flushAt == nil {
                flushAt =
                    now
                    + random.duration(in: .zero ... .milliseconds(random.happens(perMille: 20) ? 1500 : 8))
            }
            let flushed = confirmsUnflushed ? disk.log.count : disk.flushed
            return [.to(sender, .postgres(.confirm(connection: connection, flushed: flushed)))]
        case .confirm(let connection, let flushed):
            guard state == .primary,
                let index = senders.firstIndex(where: { $0.node == sender && $0.connection == connection })
            else { return [] }
            senders[index].flushed = max(senders[index].flushed, flushed)
            senders[index].heardAt = now
            release(at: now)
            return push()
        case .fetch(let job):
            guard state == .primary else { return [] }
            return [
                .to(
                    sender,
                    .postgres(
                        .folder(
                            job: job, disk.log, disk.history, isCheckpointed: isCheckpointed,
                            isPrimary: true)))
            ]
        case .folder: return []
        }
    }
}
