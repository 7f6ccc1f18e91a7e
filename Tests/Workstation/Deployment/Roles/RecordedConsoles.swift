import Foundation
import JSON

@testable import Deployment

/// Consoles that answer what was recorded, one answer after the other; the last one stays. Time passes in pauses only.
final class RecordedConsoles: @unchecked Sendable {
    private let lock = NSLock()
    private var answers: [String: [String]] = [:]
    private var asked: [String] = []
    private var scripts: [String: (lines: [String], failure: String?)] = [:]
    private var time: Duration = .zero
    let nodes: [String]

    init(_ nodes: [String] = ["n1", "n2", "n3"]) { self.nodes = nodes }

    /// What a node answers to a command: in turn, the last one for ever.
    func record(_ node: String, _ command: String, _ answers: String...) {
        lock.withLock { self.answers["\(node) \(command)"] = answers }
    }

    /// What a script of a step says on a node, and why it does not end well. One that is not recorded says nothing and ends well.
    func recordRun(_ node: String, _ step: String, _ lines: [String], failure: String? = nil) {
        lock.withLock { scripts["\(node) \(step)"] = (lines, failure) }
    }

    /// What was ordered, looks left out.
    var orders: [String] { lock.withLock { asked.filter { !$0.contains(" show ") } } }

    var consoles: RoleConsoles {
        var consoles = RoleConsoles(inventory: "shelf.ini", nodes: nodes) { [self] node, command in
            lock.withLock {
                let question = "\(node) \(command)"
                asked.append(question)
                guard let first = answers[question]?.first else {
                    return .failure(.init(sentence: "\(node) (192.0.2.1:22): no answer", isReachable: false))
                }
                if let count = answers[question]?.count, count > 1 { answers[question]?.removeFirst() }
                return .success(first)
            }
        }
        consoles.run = { [self] node, _, step, line in
            let script = lock.withLock {
                asked.append("\(node) \(step)")
                return scripts["\(node) \(step)"]
            }
            for text in script?.lines ?? [] { line(text) }
            return script?.failure
        }
        consoles.pause = { [self] pause in lock.withLock { time += pause } }
        consoles.clock = { [self] in lock.withLock { time } }
        return consoles
    }

    /// An answer of three nodes, as a member that knows `primary` gives it; `states` are those of the others.
    static func answer(
        _ node: String, primary: String?, epoch: Int, states: [String: String] = [:], waiting: Bool = false,
        job: String = "null"
    ) -> String {
        let nodes = ["n1", "n2", "n3"].map { name in
            let isPrimary = name == primary
            let state = states[name] ?? (isPrimary ? "running" : primary == nil ? "stopped" : "streaming")
            let numbers =
                state == "no answer"
                ? #""timeline":null,"position":null,"lag_bytes":null,"lag_seconds":null"#
                : #""timeline":\#(epoch + 1),"position":"0/3000148","lag_bytes":\#(isPrimary ? 0 : 2048),"lag_seconds":0.5"#
            return
                #"{"node":"\#(name)","role":"\#(isPrimary ? "primary" : "standby")","state":"\#(state)",\#(numbers),"voter":\#(name != "n3"),"synchronous":\#(name == "n2"),"heard_seconds":0.1,"pending_restart":\#(name == "n3")}"#
        }
        let isPrimary = node == primary
        let state = states[node] ?? (isPrimary ? "running" : primary == nil ? "stopped" : "streaming")
        return #"""
            {"node":"\#(node)","member":1,"cluster":"7391","role":"\#(isPrimary ? "primary" : "standby")","state":"\#(state)","leader":\#(primary.map { "\"\($0)\"" } ?? "null"),"epoch":\#(epoch),"timeline":\#(epoch + 1),"durability":"strict","voters":["n1","n2"],"acknowledgements":1,"waiting":\#(waiting),"nodes":[\#(nodes.joined(separator: ","))],"job":\#(job),"slots":[],"decisions":[{"seconds_ago":12.3,"text":"elected in epoch \#(epoch)"}]}
            """#
    }

    /// All three know the same.
    func recordAll(primary: String?, epoch: Int, states: [String: String] = [:], waiting: Bool = false) {
        for node in nodes {
            record(
                node, "show json",
                Self.answer(node, primary: primary, epoch: epoch, states: states, waiting: waiting))
        }
    }
}
