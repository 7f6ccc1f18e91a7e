import Foundation
import Simulator

/// Runs simulated histories on all cores: `simulate KIND... [--first N] [--count N] [--hours N] [--threads N]`, with KIND one of
/// consensus, leases, members, lives, database, reads and pool. It ends with the first history that breaks an invariant (exit code 1), after
/// `count` histories of each kind, or after so many node-hours together.
///
/// scripts/soak and scripts/mutations build and start it.
struct History {
    var violation: String?
    var nodes = 0
    var simulated: Duration = .zero
    var faults = 0
    var elections = 0
    var writes = 0
}

enum Kind: String, CaseIterable {
    case consensus, leases, members, lives, database, reads, pool

    func run(_ seed: UInt64) -> History {
        switch self {
        case .consensus:
            var scenario = ConsensusScenario(seed: seed)
            let result = scenario.run()
            return History(
                violation: result.violation, nodes: result.nodes, simulated: result.simulated,
                faults: result.faults, elections: result.elections, writes: result.acknowledged)
        case .leases:
            var scenario = LeaseScenario(seed: seed)
            let result = scenario.run()
            return History(
                violation: result.violation, nodes: result.nodes, simulated: result.length,
                faults: result.faults, elections: result.takes)
        case .members:
            var scenario = MembershipScenario(seed: seed)
            let result = scenario.run()
            return History(
                violation: result.violation, nodes: result.nodes, simulated: result.simulated,
                faults: result.faults, elections: result.replaced)
        case .lives: return History(violation: LifeScenario().run(seed))
        case .database:
            var scenario = DatabaseScenario(seed: seed)
            let result = scenario.run()
            return History(
                violation: result.violation, nodes: result.nodes, simulated: result.simulated,
                faults: result.faults, elections: result.elections, writes: result.acknowledged)
        case .reads:
            var scenario = ReadScenario(seed: seed)
            let result = scenario.run()
            return History(
                violation: result.violation, nodes: result.nodes, simulated: result.simulated,
                faults: result.faults, elections: result.failovers, writes: result.writes)
        case .pool:
            var simulation = PoolSimulation(seed: seed)
            return History(violation: simulation.run(steps: 2500), writes: simulation.answered)
        }
    }
}

/// What all threads share.
final class Tally: @unchecked Sendable {
    private let lock = NSLock()
    private let kinds: [Kind]
    private let end: UInt64?
    private let hours: Double?
    private let began = Date()
    private var told = Date()
    private var next: UInt64
    private var place = 0
    private var sums: [Kind: (histories: Int, sum: History, nodeHours: Double)] = [:]
    private(set) var failure: String?

    init(_ kinds: [Kind], first: UInt64, count: UInt64?, hours: Double?) {
        self.kinds = kinds
        self.hours = hours
        next = first
        end = count.map { first + $0 }
    }

    /// The next history that nobody has begun yet; nil: enough.
    func take() -> (Kind, UInt64)? {
        lock.lock()
        defer { lock.unlock() }
        guard failure == nil, end.map({ next < $0 }) ?? true, hours.map({ nodeHours < $0 }) ?? true else {
            return nil
        }
        defer {
            place += 1
            if place == kinds.count { (place, next) = (0, next + 1) }
        }
        return (kinds[place], next)
    }

    func add(_ kind: Kind, _ seed: UInt64, _ history: History) {
        lock.lock()
        defer { lock.unlock() }
        var (histories, sum, hours) = sums[kind] ?? (0, History(), 0)
        histories += 1
        sum.simulated += history.simulated
        sum.faults += history.faults
        sum.elections += history.elections
        sum.writes += history.writes
        hours += Double(history.nodes) * Double(history.simulated.components.seconds) / 3600
        sums[kind] = (histories, sum, hours)
        if let violation = history.violation, failure == nil {
            let line = violation.split(separator: "\n").first.map { String($0) } ?? ""
            failure = "\(kind.rawValue) seed \(seed), after \(histories) histories: \(line)"
        }
        if Date().timeIntervalSince(told) >= 60 {
            told = Date()
            tell()
        }
    }

    private var nodeHours: Double { sums.reduce(0) { $0 + $1.value.nodeHours } }

    /// A line for each kind.
    func tell() {
        for kind in kinds {
            guard let (histories, sum, hours) = sums[kind] else { continue }
            let minutes = Double(sum.simulated.components.seconds) / 60
            print(
                String(
                    format:
                        "%@: %d histories, %.1f node-hours, %d faults (%.1f a minute), %d elections, %d writes",
                    kind.rawValue, histories, hours, sum.faults, Double(sum.faults) / max(1, minutes),
                    sum.elections,
                    sum.writes))
        }
        print(
            String(
                format: "all: %.1f node-hours in %.0f s, next seed %llu", nodeHours,
                Date().timeIntervalSince(began), next))
        fflush(nil)
    }
}

func usage() -> Never {
    FileHandle.standardError.write(
        Data(
            "usage: simulate consensus|leases|members|lives|database|reads|pool... [--first N] [--count N] [--hours N] [--threads N]\n"
                .utf8))
    exit(2)
}

func simulate() {
    var kinds: [Kind] = []
    var numbers: [String: UInt64] = [:]
    var words = CommandLine.arguments.dropFirst()
    while let word = words.popFirst() {
        if let kind = Kind(rawValue: word) {
            kinds.append(kind)
        } else if ["--first", "--count", "--hours", "--threads"].contains(word), let value = words.popFirst(),
            let number = UInt64(value), number > 0
        {
            numbers[word] = number
        } else {
            usage()
        }
    }
    guard !kinds.isEmpty, numbers["--count"] != nil || numbers["--hours"] != nil else { usage() }
    let tally = Tally(
        kinds, first: numbers["--first"] ?? 1, count: numbers["--count"],
        hours: numbers["--hours"].map { Double($0) })
    let threads = Int(numbers["--threads"] ?? UInt64(ProcessInfo.processInfo.activeProcessorCount))
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
        while let (kind, seed) = tally.take() { tally.add(kind, seed, kind.run(seed)) }
    }
    tally.tell()
    if let failure = tally.failure {
        print("VIOLATION: \(failure)")
        exit(1)
    }
}

simulate()
