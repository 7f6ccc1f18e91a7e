import Events
import Foundation
import Testing

@testable import LoadTest

/// Real runs against a scripted server on the loopback. What they assert are counts, and bounds that the server's own
/// clock gives; nothing says how quick this machine must be.
@Suite(.serialized) struct LoopbackTests {
    private func test(
        _ server: ScriptedServer, rate: Int, duration: Duration,
        _ change: (inout LoadTest.Options) -> Void = { _ in }
    ) throws -> LoadTest {
        var options = LoadTest.Options(
            rate: rate, duration: duration, connections: 500, timeout: .seconds(30))
        options.startLimit = .seconds(30)
        options.probe = nil
        change(&options)
        let target = try Target(address: "127.0.0.1", port: server.port)
        return LoadTest(cluster: "loopback", target: target, options: options)
    }

    @Test("every request is sent once and answered, each node's answers are counted, connections are kept")
    func allAnswered() throws {
        let server = try ScriptedServer { request, _ in .answer(node: request % 3 == 0 ? "a" : "b") }
        defer { server.stop() }
        let recorder = EventRecorder()
        let report = try test(server, rate: 200, duration: .milliseconds(1500)).run(reporting: recorder)
        #expect(report.load.started == 300)
        #expect(report.load.answered == 300)
        #expect(report.load.nodes == ["a": 100, "b": 200])
        #expect(server.book.requests == 300)
        #expect(server.book.connections < 300)
        #expect(report.load.latency.count == 300)
        #expect(recorder.events.contains { $0.kind == .progress })
    }

    @Test("with new connections each request has its own")
    func newConnections() throws {
        let server = try ScriptedServer { _, _ in .answer(node: "a") }
        defer { server.stop() }
        let report = try test(server, rate: 200, duration: .milliseconds(500)) { $0.newConnections = true }
            .run(reporting: EventRecorder())
        #expect(report.load.answered == 100)
        #expect(server.book.connections == 100)
    }

    @Test("each kind of failure is counted as what it is")
    func failures() throws {
        let server = try ScriptedServer { request, _ in
            switch request {
            case 10..<20: .reset
            case 30..<37: .close
            case 40..<45: .garbage
            case 50..<53: .answer(status: 503, node: "a")
            case 60..<62: .answer(status: 404, node: "a")
            default: .answer(node: "a")
            }
        }
        defer { server.stop() }
        let report = try test(server, rate: 200, duration: .milliseconds(500)) {
            $0.thresholds = [.errors("errors<=26"), .errors("errors<27%"), .errors("errors==0")]
        }.run(reporting: EventRecorder())
        #expect(
            report.load.failures
                == [.reset: 10, .closed: 7, .malformed: 5, .serverStatus: 3, .clientStatus: 2])
        #expect(report.load.answered == 73)
        #expect(report.thresholds.map(\.passed) == [false, false, false])
        #expect(report.load.latency.count == 73)
    }

    @Test("a server that stalls is seen by every request that it held back")
    func stall() throws {
        let until: Duration = .milliseconds(900)
        let server = try ScriptedServer { _, time in
            time > .milliseconds(400) && time < until ? .hold(until: until) : .answer(node: "a")
        }
        defer { server.stop() }
        let report = try test(server, rate: 100, duration: .milliseconds(1500)).run(
            reporting: EventRecorder())
        let held = server.book.held
        #expect(!held.isEmpty)
        #expect(report.load.answered == 150)
        #expect(report.load.nodes["held"] == held.count)
        #expect((report.load.latency.longest ?? .zero) >= (held.max() ?? .zero))
        // All that the server held back is in the sum of latencies (the histogram keeps three digits).
        let sum = (report.load.latency.mean ?? .zero) * report.load.answered
        #expect(sum * 1.002 >= held.reduce(.zero, +))
    }

    @Test("requests without an answer time out, and their connections are not used again")
    func timeouts() throws {
        let server = try ScriptedServer { request, _ in request < 8 ? .silence : .answer(node: "a") }
        defer { server.stop() }
        let report = try test(server, rate: 100, duration: .milliseconds(500)) {
            $0.timeout = .milliseconds(600)
        }
        .run(reporting: EventRecorder())
        #expect((report.load.failures[.timeout] ?? 0) >= 8)
        #expect(report.load.answered + report.load.failed == 50)
        #expect(report.elapsed >= .milliseconds(600))
    }

    @Test("nobody listens: every request is refused, and warming up says so in a sentence")
    func refused() throws {
        let server = try ScriptedServer { _, _ in .answer(node: "a") }
        server.listen(false)
        while server.book.closedAt == nil { Thread.sleep(forTimeInterval: 0.002) }
        defer { server.stop() }
        let test = try test(server, rate: 100, duration: .milliseconds(300))
        let report = try test.run(reporting: EventRecorder())
        #expect(report.load.failures == [.refused: 30])
        #expect(throws: LoadTestError.self) { try test.warmUp() }
    }

    @Test(
        "one connection and a server that never answers: the generator says that it could not keep its schedule"
    )
    func invalid() throws {
        let server = try ScriptedServer { _, _ in .silence }
        defer { server.stop() }
        let report = try test(server, rate: 100, duration: .milliseconds(500)) {
            $0.connections = 1
            $0.timeout = .milliseconds(400)
            $0.startLimit = .milliseconds(50)
            $0.thresholds = [.errors("p99<1s")]
        }.run(reporting: EventRecorder())
        #expect(report.load.dropped > 0)
        #expect(report.load.started + report.load.dropped == 50)
        #expect(report.exitCode == 4)
        #expect(report.text.contains("NOT VALID"))
    }

    @Test("a fault that takes the service away is an outage of at least that length, and is undone")
    func outage() throws {
        let server = try ScriptedServer { _, _ in .answer(node: "a") }
        defer { server.stop() }
        let injector = Closing(server)
        let test = try test(server, rate: 50, duration: .milliseconds(1800)) {
            var probe = LoadTest.ProbeOptions()
            // Long enough that no probe fails for another reason than the server.
            probe.timeout = .seconds(10)
            $0.probe = probe
        }
        var named = test
        named.nodes = [("a", "127.0.0.1")]
        let fault = try FaultText("kill a", nodes: ["a"])
        let report = try FailoverMeasurement(named, fault: fault, injector: injector).run(
            reporting: EventRecorder())
        let closed = try #require(server.book.closedAt)
        let opened = try #require(server.book.openedAt)
        let probes = try #require(report.probes)
        let outage = try #require(probes.outages.max { $0.length < $1.length })
        #expect(outage.length >= opened - closed - probes.options.interval)
        #expect((outage.atMost ?? .zero) >= opened - closed)
        #expect(outage.atLeast <= outage.length)
        #expect(outage.failures.keys.allSatisfy { $0 == .refused || $0 == .reset })
        #expect(outage.nodeBefore == "a")
        #expect(outage.nodeAfter == "a")
        #expect((report.fault?.began ?? .zero) >= .milliseconds(600))
        #expect(report.fault?.node == "a")
        #expect(injector.calls == ["kill a", "undo kill a"])
        #expect(report.text.contains("clients were without service for"))
    }

    @Test("an interrupted run reports what it has, injects nothing more, and exits with 130")
    func interrupted() throws {
        let server = try ScriptedServer { _, _ in .answer(node: "a") }
        defer { server.stop() }
        let interruption = Interruption()
        interruption.request()
        let injector = Closing(server)
        var test = try test(server, rate: 100, duration: .seconds(600))
        test.nodes = [("a", "127.0.0.1")]
        let report = try FailoverMeasurement(
            test, fault: FaultText("cut a", nodes: ["a"]), injector: injector
        )
        .run(reporting: EventRecorder(), interruption: interruption)
        #expect(report.exitCode == 130)
        #expect(injector.calls.isEmpty)
    }

    @Test("a fault that cannot be injected ends the run with exit code 1, and is undone all the same")
    func failingFault() throws {
        let server = try ScriptedServer { _, _ in .answer(node: "a") }
        defer { server.stop() }
        let injector = Closing(server, fails: true)
        var test = try test(server, rate: 100, duration: .seconds(600))
        test.nodes = [("a", "127.0.0.1")]
        let report = try FailoverMeasurement(
            test, fault: FaultText("freeze a", nodes: ["a"]), injector: injector, at: .milliseconds(100)
        ).run(reporting: EventRecorder())
        #expect(report.exitCode == 1)
        #expect(injector.calls == ["freeze a", "undo freeze a"])
        #expect(report.fault?.problems.count == 1)
    }

    @Test(
        "the node is chosen when the fault comes; when nobody can say it, nothing is broken and the exit code is 1"
    )
    func chosenLate() throws {
        let server = try ScriptedServer { _, _ in .answer(node: "a") }
        defer { server.stop() }
        let injector = Closing(server)
        let early = server.book.requests
        let test = try test(server, rate: 100, duration: .milliseconds(600))
        let fault = Fault(
            "kill active", node: { server.book.requests > early ? "b" : "a" }, at: .milliseconds(200),
            inject: { try injector.inject(.kill, on: $0) }, undo: { try injector.undo(.kill, on: $0) })
        let report = try test.run(reporting: EventRecorder(), breaking: fault)
        #expect(report.fault?.node == "b")
        #expect(injector.calls == ["kill b", "undo kill b"])

        let unknown = Fault(
            "kill active", node: { throw LoadTestError.failed("nobody is active") }, at: .milliseconds(100),
            inject: { try injector.inject(.kill, on: $0) }, undo: { try injector.undo(.kill, on: $0) })
        let none = try test.run(reporting: EventRecorder(), breaking: unknown)
        #expect(none.exitCode == 1)
        #expect(none.fault?.problems == ["nobody is active"])
        #expect(injector.calls.count == 2)
    }

    /// A "node" whose death closes the server for half a second.
    private final class Closing: FaultInjector, @unchecked Sendable {
        private let server: ScriptedServer
        private let fails: Bool
        private let lock = NSLock()
        private var kept: [String] = []

        var calls: [String] { lock.withLock { kept } }

        init(_ server: ScriptedServer, fails: Bool = false) {
            self.server = server
            self.fails = fails
        }

        func inject(_ verb: FaultText.Verb, on node: String) throws -> ClosedRange<Duration>? {
            lock.withLock { kept.append("\(verb.rawValue) \(node)") }
            if fails { throw LoadTestError.failed("no such node") }
            server.listen(false)
            Thread.sleep(forTimeInterval: 0.5)
            server.listen(true)
            return nil
        }

        func undo(_ verb: FaultText.Verb, on node: String) throws {
            lock.withLock { kept.append("undo \(verb.rawValue) \(node)") }
        }
    }
}

extension Threshold {
    /// A threshold that a test knows to be one.
    static func errors(_ text: String) -> Threshold {
        guard let threshold = try? Threshold(text) else { preconditionFailure(text) }
        return threshold
    }
}
