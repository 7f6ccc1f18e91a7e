import CLinux
import Events
import Foundation
import Reactor

/// The load itself, on a thread of its own: counts everything, tells once a second how it goes.
struct LoadSeries: Sendable {
    let options: LoadTest.Options
    let target: Target
    let origin: Duration

    /// What happened in one second of the run, by when it happened.
    struct Moment: Sendable {
        var second = 0
        var started = 0
        var answered = 0
        var failed = 0
        var p50: Duration?
        var p99: Duration?
    }

    func run(_ interruption: Interruption, moment: @escaping @Sendable (Moment) -> Void) throws -> Tally {
        _ = cl_raise_thread_priority()
        let schedule = options.schedule
        let loop = OpenLoop(
            schedule: schedule, connections: options.connections, timeout: options.timeout,
            startLimit: options.startLimit)
        let book = Book(Tally(schedule))
        let generator = try Generator(
            loop, to: target, newConnections: options.newConnections, origin: origin,
            observer: .init(
                started: { _, _, lag, ownLag in book.start(lag, ownLag) },
                ended: { request, now, outcome in
                    book.end(request, outcome, at: now, intended: schedule.intendedStart(of: request))
                },
                dropped: { book.tally.drop($0) }))
        book.tick(on: generator.reactor, origin: origin, moment)
        generator.run { interruption.isRequested }
        book.tally.stop()
        return book.tally
    }

    /// What the observer's closures share; used by the generator's thread alone.
    private final class Book {
        var tally: Tally
        private var current = Moment()
        private var latencies = Latencies()

        init(_ tally: Tally) { self.tally = tally }

        func start(_ lag: Duration, _ ownLag: Duration) {
            tally.start(lag: lag, ownLag: ownLag)
            current.started += 1
        }

        func end(_ request: Int, _ outcome: Outcome, at now: Duration, intended: Duration) {
            tally.end(request, outcome, at: now)
            if case .answered = outcome {
                current.answered += 1
                latencies.record(now - intended)
            } else {
                current.failed += 1
            }
        }

        func tick(on reactor: Reactor, origin: Duration, _ moment: @escaping @Sendable (Moment) -> Void) {
            let next = origin + .seconds(current.second + 1)
            reactor.schedule(at: next) { [unowned self, unowned reactor] in
                current.p50 = latencies.percentile(50)
                current.p99 = latencies.percentile(99)
                moment(current)
                current = Moment(second: current.second + 1)
                latencies.reset()
                tick(on: reactor, origin: origin, moment)
            }
        }
    }
}
