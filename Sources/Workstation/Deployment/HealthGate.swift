import Events
import Foundation
import Recipes
import SSH

/// What a node must pass before the next one is touched: its recipes' checks, and staying healthy for a while.
struct HealthGate {
    /// How many lines of a unit's log are read when a check fails, and how many of them are shown.
    static let logLines = (read: 20, shown: 8)
    /// How often a node is asked again while it must stay healthy.
    static let interval: Duration = .seconds(1)

    let device: String?
    let sink: any EventSink

    /// Lets a node pass, or says what it answered and what its units logged.
    func pass(_ member: Member, stability: Duration) throws(DeploymentFailure) {
        let name = member.compiled.node.name
        func progress(_ message: String) {
            sink.report(Event(.progress, command: "deploy", subject: name, message: message))
        }
        progress("checking")
        try check(member)
        let end = ContinuousClock.now + stability
        while true {
            let left = ContinuousClock.now.duration(to: end)
            guard left > .zero else { return }
            progress("healthy, to stay so for \(left.components.seconds + 1) s more")
            usleep(useconds_t(min(left, Self.interval) / .microseconds(1)))
            try check(member)
        }
    }

    /// Asks the recipes' checks of the node. Those of the virtual address are asked once an edge node is there.
    private func check(_ member: Member) throws(DeploymentFailure) {
        let isEdge = member.compiled.node.recipes.contains("vrrp")
        try ask(
            member.compiled.checks.filter { $0.together == nil && ($0.concernsNode || isEdge) }, of: member)
    }

    /// Asks what concerns all nodes with a recipe together, once it runs on all of them.
    func passTogether(_ member: Member, _ checks: [Check]) throws(DeploymentFailure) {
        guard !checks.isEmpty else { return }
        sink.report(
            Event(
                .progress, command: "deploy", subject: member.compiled.node.name,
                message: "checking that it is one with the others"))
        try ask(checks, of: member)
    }

    private func ask(_ checks: [Check], of member: Member) throws(DeploymentFailure) {
        var runner = CheckRunner(device: device)
        runner.waiting = { [sink, name = member.compiled.node.name] sentence in
            sink.report(Event(.progress, command: "deploy", subject: name, message: "waiting: \(sentence)"))
        }
        let console = ConsoleQuestions { () throws(SSHError) in member.session }
        runner.console = { console.ask($0) }
        let failed = runner.run(checks).filter { $0.failure != nil }
        guard let first = failed.first else { return }
        var text = failed.compactMap(\.sentence).joined(separator: "\n  ")
        if !first.body.isEmpty { text += "\n  the answer: " + first.body.prefix(500) }
        throw DeploymentFailure(text + logs(of: member))
    }

    private func logs(of member: Member) -> String {
        member.compiled.manifest.units.filter(\.running).map { unit in
            let command =
                "journalctl --no-pager --output=cat --lines=\(Self.logLines.read) --unit=\(quote(unit.name))"
            guard let log = try? member.session.perform(command, step: "reading the log").text, !log.isEmpty
            else { return "" }
            let lines = log.split(separator: "\n").suffix(Self.logLines.shown)
            return "\n  the last lines of \(unit.name):\n    " + lines.joined(separator: "\n    ")
        }.joined()
    }
}
