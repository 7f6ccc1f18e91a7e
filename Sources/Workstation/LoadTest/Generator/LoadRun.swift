import CLinux
import Events
import Foundation
import JSON
import Reactor

/// One run: the load, the prober and the fault on threads of their own; the caller's thread reports.
struct LoadRun {
    let test: LoadTest
    let fault: Fault?
    let interruption: Interruption

    private enum Message: Sendable {
        case moment(LoadSeries.Moment)
        case load(Result<Tally, any Error>)
        case probes(Result<ProbeSeries.Result, any Error>)
        case injected(node: String, began: Duration, done: Duration, problem: String?)
        /// Nobody could say what to break.
        case noNode(problem: String)
        /// Interrupted before its time: nothing was broken.
        case notInjected
    }

    /// What has come so far.
    private struct State {
        var load: Result<Tally, any Error>?
        var probes: Result<ProbeSeries.Result, any Error>?
        var fault: LoadReport.FaultRecord?
        var faultIsOver = true
    }

    func run(reporting sink: any EventSink) throws(LoadTestError) -> LoadReport {
        let options = test.options
        let mailbox = Mailbox<Message>()
        let origin = Reactor.clock() + LoadTest.leadTime
        let holders = test.holderTable()
        sink.report(started())
        start(mailbox, origin: origin, holders: holders)
        var state = State()
        if let fault {
            state.fault = .init(name: fault.name, problems: [])
            state.faultIsOver = false
        }
        while state.load == nil || state.probes == nil || !state.faultIsOver {
            for message in mailbox.take(waiting: 0.1) { receive(message, into: &state, sink) }
        }
        let elapsed = Reactor.clock() - origin
        undo(&state, sink)
        let load: Tally
        let probes: ProbeSeries.Result
        do {
            load = try state.load?.get() ?? Tally(options.schedule)
            probes = try state.probes?.get() ?? .init()
        } catch { throw .failed("the load could not be made: \(LoadTest.sentence(error))") }
        let summary = options.probe.map { probe in
            LoadReport.ProbeSummary(
                options: probe, count: probes.probes.count, failed: probes.probes.count { !$0.succeeded },
                lag: probes.lag, outages: Outage.all(in: probes.probes))
        }
        var report = LoadReport(
            cluster: test.cluster, target: test.target, options: options, elapsed: max(elapsed, .zero),
            load: load,
            probes: summary, holders: probes.holders, fault: state.fault, thresholds: [],
            interrupted: interruption.isRequested)
        report.judge(options.thresholds)
        return report
    }

    private func start(_ mailbox: Mailbox<Message>, origin: Duration, holders: HolderTable?) {
        let (options, target, interruption) = (test.options, test.target, interruption)
        Thread.detachNewThread {
            let series = LoadSeries(options: options, target: target, origin: origin)
            let result = Result { try series.run(interruption) { mailbox.put(.moment($0)) } }
            mailbox.put(.load(result))
        }
        if let probe = options.probe {
            Thread.detachNewThread {
                let series = ProbeSeries(
                    options: probe, duration: options.duration, target: target, origin: origin,
                    holders: holders)
                mailbox.put(.probes(Result { try series.run(interruption) }))
            }
        } else {
            mailbox.put(.probes(.success(.init())))
        }
        guard let fault else { return }
        Thread.detachNewThread {
            let time = origin + fault.at
            while Reactor.clock() < time {
                guard !interruption.isRequested else { return mailbox.put(.notInjected) }
                let rest = min(time - Reactor.clock(), .milliseconds(50))
                if rest > .zero { usleep(useconds_t(rest.microseconds + 1)) }
            }
            let node: String
            do { node = try fault.node() } catch {
                return mailbox.put(.noNode(problem: LoadTest.sentence(error)))
            }
            var began = Reactor.clock() - origin
            var done: Duration?
            var problem: String?
            do {
                if let effect = try fault.inject(node) {
                    began = effect.lowerBound - origin
                    done = effect.upperBound - origin
                }
            } catch { problem = LoadTest.sentence(error) }
            mailbox.put(
                .injected(
                    node: node, began: began, done: done ?? Reactor.clock() - origin, problem: problem))
        }
    }

    private func receive(_ message: Message, into state: inout State, _ sink: any EventSink) {
        switch message {
        case .moment(let moment): sink.report(progress(moment))
        case .load(let result): state.load = result
        case .probes(let result): state.probes = result
        case .notInjected: state.faultIsOver = true
        case .noNode(let problem):
            state.faultIsOver = true
            state.fault?.problems.append(problem)
            interruption.request()
            sink.report(Event(.warning, command: LoadTest.command, message: problem))
        case .injected(let node, let began, let done, let problem):
            state.faultIsOver = true
            state.fault?.node = node
            state.fault?.began = began
            state.fault?.done = done
            let name = state.fault?.name ?? ""
            if let problem {
                state.fault?.problems.append("\(name) failed: \(problem)")
                // Without its fault the rest of the run shows nothing.
                interruption.request()
            }
            sink.report(
                Event(
                    .warning, command: LoadTest.command, subject: state.fault?.node,
                    message: problem.map { "\(name) failed: \($0)" }
                        ?? "\(name), \(DurationText.words(began)) after the start",
                    data: [.init("at_ms", JSONValue.milliseconds(began))]))
        }
    }

    private func undo(_ state: inout State, _ sink: any EventSink) {
        guard let fault, let node = state.fault?.node else { return }
        sink.report(
            Event(
                .started, command: LoadTest.command, subject: node,
                message: "undoing \(fault.name)"))
        do {
            try fault.undo(node)
            sink.report(
                Event(
                    .finished, command: LoadTest.command, subject: node,
                    message: "\(fault.name) undone"))
        } catch {
            let sentence = "\(fault.name) could not be undone: \(LoadTest.sentence(error))"
            state.fault?.problems.append(sentence)
            sink.report(
                Event(
                    .failed, command: LoadTest.command, subject: node, message: sentence))
        }
    }

    private func started() -> Event {
        let options = test.options
        return Event(
            .started, command: LoadTest.command,
            message:
                "\(options.rate) requests/s to \(test.target.url) for \(DurationText.words(options.duration))"
        )
    }

    private func progress(_ moment: LoadSeries.Moment) -> Event {
        let latency = moment.p50.flatMap { p50 in
            moment.p99.map { "p50 \(DurationText.words(p50)), p99 \(DurationText.words($0))" }
        }
        let parts = [
            "second \(moment.second + 1)", "\(moment.answered)/s answered", latency,
            moment.failed > 0 ? "\(moment.failed) failed" : nil,
        ]
        return Event(
            .progress, command: LoadTest.command, message: parts.compactMap { $0 }.joined(separator: ", "),
            data: [
                .init("second", .integer(Int64(moment.second))),
                .init("started", .integer(Int64(moment.started))),
                .init("answered", .integer(Int64(moment.answered))),
                .init("failed", .integer(Int64(moment.failed))),
                .init("p50_ms", JSONValue.milliseconds(moment.p50)),
                .init("p99_ms", JSONValue.milliseconds(moment.p99)),
            ])
    }
}

extension JSONValue {
    /// Milliseconds with three decimals; null when there is nothing.
    static func milliseconds(_ duration: Duration?) -> JSONValue {
        duration.map { .decimal($0.microseconds, places: 3) } ?? .null
    }
}
