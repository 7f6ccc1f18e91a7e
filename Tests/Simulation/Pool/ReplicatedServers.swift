import Simulator

/// A primary and hot standbys as the router sees them: logs, replay that lags, crashes, failovers without losing what was
/// acknowledged, an old primary that comes back with a log of its own.
struct ReplicatedServers {
    struct Commit: Equatable {
        var number: Int
        var end: UInt64
    }

    struct Server {
        var log: [Commit] = []
        /// Commits of `log` that readers see.
        var replayed = 0
        /// Whose log it writes or follows.
        var timeline: UInt32 = 1
        /// Each start of the process.
        var incarnation = 0
        var isUp = true
        /// It follows the primary from then on.
        var attachesAt: Duration = .zero
        /// It replays nothing before then.
        var stalledUntil: Duration = .zero

        var insertion: UInt64 { log.last?.end ?? 1000 }
        var position: UInt64 { replayed == 0 ? 1000 : log[replayed - 1].end }
        func sees(_ number: Int) -> Bool { has(number, in: replayed) }

        /// Whether a commit is among the first of the log; numbers only grow there.
        func has(_ number: Int, in count: Int) -> Bool {
            var (low, high) = (0, count)
            while low < high {
                let middle = (low + high) / 2
                if log[middle].number < number { low = middle + 1 } else { high = middle }
            }
            return low < count && log[low].number == number
        }
    }

    private(set) var servers: [Server]
    private(set) var primary = 0
    private(set) var epoch: UInt64 = 1
    private(set) var commits = 0

    init(count: Int) { servers = Array(repeating: Server(), count: count) }

    /// A commit on the primary, which is not acknowledged yet.
    mutating func commit(random: inout SeededRandom) -> Int {
        commits += 1
        servers[primary].log.append(
            Commit(number: commits, end: servers[primary].insertion + UInt64(8 * (1 + random.below(50)))))
        servers[primary].replayed = servers[primary].log.count
        return commits
    }

    /// Whether a commit is in the primary's log and in a standby's.
    func isSafe(_ number: Int, epoch: UInt64) -> Bool {
        guard epoch == self.epoch, servers[primary].isUp else { return false }
        return servers.indices.contains { node in
            node != primary && servers[node].has(number, in: servers[node].log.count)
        }
    }

    /// Log flows, standbys replay.
    mutating func flow(at now: Duration, random: inout SeededRandom) {
        for node in servers.indices where node != primary && servers[node].isUp {
            if now >= servers[node].attachesAt, servers[primary].isUp { follow(node, random: &random) }
            guard now >= servers[node].stalledUntil, servers[node].replayed < servers[node].log.count else {
                continue
            }
            if random.happens(perMille: 20) {
                servers[node].stalledUntil = now + random.duration(in: .milliseconds(20) ... .seconds(2))
            } else if random.happens(perMille: 700) {
                servers[node].replayed += 1 + random.below(servers[node].log.count - servers[node].replayed)
            }
        }
    }

    private mutating func follow(_ node: Int, random: inout SeededRandom) {
        if servers[node].timeline != servers[primary].timeline {
            // What it has beyond the common part was never acknowledged, and is rewound.
            var common = 0
            while common < min(servers[node].log.count, servers[primary].log.count),
                servers[node].log[common] == servers[primary].log[common]
            { common += 1 }
            if common < servers[node].log.count {
                servers[node].incarnation += 1
                servers[node].log.removeSubrange(common...)
                servers[node].replayed = min(servers[node].replayed, common)
            }
            servers[node].timeline = servers[primary].timeline
        }
        let missing = servers[primary].log.count - servers[node].log.count
        guard missing > 0 else { return }
        let taken = random.happens(perMille: 800) ? missing : random.below(missing + 1)
        let start = servers[node].log.count
        for place in start..<(start + taken) { servers[node].log.append(servers[primary].log[place]) }
    }

    /// The primary dies; the standby with the furthest log (timeline, then place) takes its place. The old one comes back later, with its log.
    mutating func failOver(at now: Duration, random: inout SeededRandom) {
        let old = primary
        let candidates = servers.indices.filter { $0 != old && servers[$0].isUp }
        guard let next = candidates.max(by: { isBehind($0, $1) }) else { return }
        servers[old].incarnation += 1
        // What it wrote last nobody was told of.
        for _ in 0..<random.below(30) { _ = commit(random: &random) }
        // It may be read from as a standby of its old timeline before it is rewound.
        servers[old].attachesAt = now + random.duration(in: .milliseconds(100) ... .seconds(3))
        primary = next
        epoch += 1
        for node in servers.indices where node != next && node != old {
            servers[node].attachesAt = now + random.duration(in: .zero ... .seconds(1))
        }
        servers[next].timeline = UInt32(epoch)
        servers[next].replayed = servers[next].log.count
        servers[next].stalledUntil = .zero
    }

    private func isBehind(_ one: Int, _ other: Int) -> Bool {
        (servers[one].timeline, servers[one].log.count) < (servers[other].timeline, servers[other].log.count)
    }

    /// A standby crashes and starts again where its data are consistent, further back than it was.
    mutating func restart(_ node: Int, random: inout SeededRandom) {
        guard node != primary else { return }
        servers[node].incarnation += 1
        servers[node].replayed -= random.below(min(servers[node].replayed, 20) + 1)
    }
}
