import Testing

@testable import LoadTest

/// Runs an `OpenLoop` against a server in virtual time; `service` says when a request that starts at a time is
/// answered, nil means never.
struct VirtualRun {
    var loop: OpenLoop
    var tally: Tally
    var mostUnderWay = 0

    init(
        _ schedule: Schedule, connections: Int, timeout: Duration = .seconds(5),
        startLimit: Duration = .seconds(1)
    ) {
        loop = OpenLoop(
            schedule: schedule, connections: connections, timeout: timeout, startLimit: startLimit)
        tally = Tally(schedule)
    }

    mutating func run(stallOfGenerator: Range<Duration>? = nil, service: (Duration) -> Duration?) {
        var now: Duration = .zero
        var answers: [(at: Duration, request: Int, connection: Int)] = []
        while !loop.isDone {
            while let index = answers.indices.filter({ answers[$0].at <= now }).min(by: {
                answers[$0].at < answers[$1].at
            }) {
                let answer = answers.remove(at: index)
                loop.finish(request: answer.request, connection: answer.connection, at: answer.at)
                tally.end(answer.request, .answered(node: nil), at: answer.at)
            }
            for action in loop.advance(to: now) {
                switch action {
                case .start(let request, let connection, let lag, let ownLag):
                    tally.start(lag: lag, ownLag: ownLag)
                    if let end = service(now) { answers.append((end, request, connection)) }
                case .expire(let request, let connection):
                    answers.removeAll { $0.connection == connection }
                    tally.end(request, .failed(.timeout), at: now)
                case .drop(let request): tally.drop(request)
                }
            }
            mostUnderWay = max(mostUnderWay, loop.underWay)
            guard let next = [loop.deadline, answers.map(\.at).min()].compactMap({ $0 }).min() else { break }
            now = max(now, next)
            if let stall = stallOfGenerator, stall.contains(now) { now = stall.upperBound }
        }
    }
}

@Suite struct OpenLoopTests {
    @Test("a server that answers at once gets every request at its time, over one connection")
    func quick() {
        var run = VirtualRun(Schedule(rate: 100, for: .seconds(2)), connections: 10)
        run.run { $0 + .milliseconds(2) }
        #expect(run.tally.answered == 200)
        #expect(run.tally.lag.longest == .zero)
        #expect(run.tally.latency.longest == .milliseconds(2))
        #expect(run.mostUnderWay == 1)
    }

    @Test("a stall of the server is in the latency of every request that it delayed")
    func coordinatedOmission() {
        var run = VirtualRun(Schedule(rate: 100, for: .seconds(10)), connections: 1000)
        let stall: Range<Duration> = .seconds(4)..<(.seconds(6))
        run.run { stall.contains($0) ? stall.upperBound + .milliseconds(1) : $0 + .milliseconds(1) }
        #expect(run.tally.answered == 1000)
        // 200 of 1000 requests fell into the stall, and waited from 2 s down to 10 ms.
        #expect(run.tally.latency.percentile(80) == .milliseconds(1))
        let p90 = run.tally.latency.percentile(90) ?? .zero
        #expect(p90 > .milliseconds(1000) && p90 < .milliseconds(1015))
        #expect(run.tally.latency.longest == .milliseconds(2001))
        // Those 200, and the one that starts at the stall's end while they are being answered.
        #expect(run.mostUnderWay == 201)
        #expect(run.tally.lag.longest == .zero)
    }

    @Test(
        "with too few connections the wait is in the latency, and is called late but not the generator's own fault"
    )
    func tooFewConnections() {
        var run = VirtualRun(Schedule(rate: 10, for: .seconds(1)), connections: 1)
        run.run { $0 + .milliseconds(150) }
        #expect(run.tally.answered == 10)
        #expect(run.tally.waited == 9)
        // The tenth starts when nine have taken 150 ms each, and was meant to at 900 ms.
        #expect(run.tally.lag.longest == .milliseconds(450))
        #expect(run.tally.ownLag.longest == .zero)
        #expect(run.tally.latency.longest == .milliseconds(600))
    }

    @Test("a request that finds no connection within the limit is dropped, and counted")
    func dropped() {
        var run = VirtualRun(
            Schedule(rate: 10, for: .seconds(1)), connections: 1, timeout: .seconds(2),
            startLimit: .milliseconds(300))
        run.run { _ in nil }
        #expect(run.tally.started == 1)
        #expect(run.tally.dropped == 9)
        #expect(run.tally.failures == [.timeout: 1])
    }

    @Test(
        "a stall of the generator is its own fault, and what was due is sent late with the latency from then")
    func ownStall() {
        var run = VirtualRun(Schedule(rate: 100, for: .seconds(1)), connections: 100)
        run.run(stallOfGenerator: .milliseconds(500)..<(.milliseconds(700))) { $0 + .milliseconds(1) }
        #expect(run.tally.answered == 100)
        #expect(run.tally.waited == 0)
        #expect(run.tally.ownLag.longest == .milliseconds(200))
        #expect(run.tally.latency.longest == .milliseconds(201))
    }

    @Test("a timeout counts from the actual start and frees the connection")
    func timeout() {
        var loop = OpenLoop(
            schedule: Schedule(rate: 1, for: .seconds(2)), connections: 1, timeout: .milliseconds(200),
            startLimit: .seconds(1))
        #expect(loop.advance(to: .milliseconds(50)).count == 1)
        #expect(loop.deadline == .milliseconds(250))
        #expect(loop.advance(to: .milliseconds(249)) == [])
        #expect(loop.advance(to: .milliseconds(250)) == [.expire(request: 0, connection: 0)])
        #expect(loop.deadline == .seconds(1))
        loop.finish(request: 0, connection: 0, at: .milliseconds(260))
        #expect(loop.underWay == 0)
    }

    @Test("the connection that became free last is taken first")
    func lastFreeFirst() {
        var loop = OpenLoop(
            schedule: Schedule(rate: 10, for: .seconds(1)), connections: 3, timeout: .seconds(1),
            startLimit: .seconds(1))
        var used: [Int] = []
        for step in 0..<3 {
            for case .start(let request, let connection, _, _) in loop.advance(to: .milliseconds(100 * step))
            {
                used.append(connection)
                if request == 0 { loop.finish(request: 0, connection: connection, at: .milliseconds(1)) }
            }
        }
        #expect(used == [0, 0, 1])
    }

    @Test("after stop nothing starts, and what is under way may end")
    func stop() {
        var loop = OpenLoop(
            schedule: Schedule(rate: 10, for: .seconds(1)), connections: 3, timeout: .seconds(1),
            startLimit: .seconds(1))
        _ = loop.advance(to: .zero)
        loop.stop()
        #expect(loop.advance(to: .milliseconds(500)) == [])
        #expect(!loop.isDone)
        loop.finish(request: 0, connection: 0, at: .milliseconds(600))
        #expect(loop.isDone)
    }

    @Test("whatever the server does, every request ends exactly once", arguments: 0..<20)
    func conservation(seed: Int) {
        var random = SplitMix(state: UInt64(seed))
        var run = VirtualRun(
            Schedule(rate: 1 + Int(random.next() % 300), for: .seconds(3)),
            connections: 1 + Int(random.next() % 50),
            timeout: .milliseconds(Int(100 + random.next() % 900)),
            startLimit: .milliseconds(Int(random.next() % 500)))
        run.run { now in
            let kind = random.next() % 10
            return kind == 0 ? nil : now + .microseconds(Int(random.next() % (kind == 1 ? 800_000 : 20_000)))
        }
        let tally = run.tally
        #expect(tally.answered + tally.failed + tally.dropped == tally.scheduled, "seed \(seed)")
        #expect(tally.started == tally.answered + tally.failed, "seed \(seed)")
        #expect(tally.seconds.reduce(0) { $0 + $1.answered } == tally.answered, "seed \(seed)")
        #expect(tally.seconds.map(\.number) == Array(0..<tally.seconds.count), "seed \(seed)")
        #expect(run.mostUnderWay <= run.loop.connections, "seed \(seed)")
    }
}

/// A small seeded generator (Vigna's splitmix64).
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
