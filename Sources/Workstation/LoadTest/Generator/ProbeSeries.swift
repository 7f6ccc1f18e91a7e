import CLinux
import Events
import Foundation
import Reactor

/// The outage prober: a fixed schedule of new connections with a short timeout each, on a thread of its own and
/// independent of the load, so that a stuck attempt never delays the next.
struct ProbeSeries: Sendable {
    let options: LoadTest.ProbeOptions
    let duration: Duration
    let target: Target
    let origin: Duration
    let holders: HolderTable?

    /// What the probes saw.
    struct Result: Sendable {
        /// In the order of their intended starts.
        var probes: [Probe] = []
        /// How late probes started.
        var lag = Latencies()
        /// Which node held the virtual address, from when on.
        var holders: [LoadReport.Holder] = []
    }

    func run(_ interruption: Interruption) throws -> Result {
        _ = cl_raise_thread_priority()
        let schedule = Schedule(every: options.interval, for: duration)
        // As many as can be under way at once, and some more for a moment in which this thread had to wait.
        let connections = Int(options.timeout / options.interval) + 64
        let loop = OpenLoop(
            schedule: schedule, connections: connections, timeout: options.timeout,
            startLimit: options.timeout)
        let book = Book(schedule, holders)
        let generator = try Generator(
            loop, to: target, newConnections: true, origin: origin,
            observer: .init(
                started: { request, now, lag, _ in book.start(request, at: now, lag: lag) },
                ended: { request, now, outcome in book.end(request, at: now, outcome) },
                dropped: { _ in }))
        generator.run { interruption.isRequested }
        return book.result()
    }

    private final class Book {
        private let schedule: Schedule
        private let table: HolderTable?
        private var started: [Int: Duration] = [:]
        private var ended: [(request: Int, probe: Probe)] = []
        private var lag = Latencies()
        private var holders: [LoadReport.Holder] = []

        init(_ schedule: Schedule, _ table: HolderTable?) {
            self.schedule = schedule
            self.table = table
        }

        func start(_ request: Int, at now: Duration, lag: Duration) {
            started[request] = now
            self.lag.record(lag)
            guard let table else { return }
            let holder = Neighbours.read().flatMap { table.holder($0) }
            if holders.isEmpty || holders[holders.count - 1].node != holder {
                holders.append(.init(since: now, node: holder))
            }
        }

        func end(_ request: Int, at now: Duration, _ outcome: Outcome) {
            guard let start = started.removeValue(forKey: request) else { return }
            let intended = schedule.intendedStart(of: request)
            ended.append((request, Probe(intended: intended, started: start, ended: now, outcome: outcome)))
        }

        func result() -> Result {
            ended.sort { $0.request < $1.request }
            return Result(probes: ended.map(\.probe), lag: lag, holders: holders)
        }
    }
}

extension Neighbours {
    /// The kernel's table now; nil where it cannot be read.
    static func read() -> Neighbours? {
        let file = cl_open("/proc/net/arp", O_RDONLY, 0)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        while bytes.count < 1 << 20 {
            let count = withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 1) { buffer in
                let count = CLinux.read(file, buffer.baseAddress, buffer.count)
                if count > 0 { bytes.append(contentsOf: buffer[..<count]) }
                return count
            }
            guard count > 0 else { break }
        }
        return Neighbours(String(decoding: bytes, as: UTF8.self))
    }
}
