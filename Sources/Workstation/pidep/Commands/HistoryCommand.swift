import ArgumentParser
import Deployment
import Events
import Foundation
import JSON

struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Shows what the nodes remember of the deploys to them.",
        discussion: """
            Who, when, from which release to which, how it ended and why: a line each, the newest last. What this machine
            remembers (plan, events, logs) is under .pidep/runs.

              pidep history inventory/lab.ini
              pidep history inventory/lab.ini nustler3 --last 3
              pidep history inventory/lab.ini --json
            """)

    @Argument(help: "The inventory file.") var inventory: String
    @Argument(help: "Only these nodes.") var nodes: [String] = []
    @Option(help: "How many of the newest entries of each node (1 to 500).") var last = 10
    @OptionGroup var login: LoginOptions
    @Flag(help: "Print one JSON document.") var json = false

    func validate() throws {
        guard (1...500).contains(last) else { throw ValidationError("--last takes 1 to 500, not \(last)") }
    }

    func run() throws {
        try enterLab(of: inventory)
        let answers = try sayFailures {
            try Histories(on: try NodeAccess(inventory, names: nodes), limit: last).ask(
                asking: login.asking)
        }
        if json {
            print(JSONValue.object([.init("nodes", .array(answers.map(\.json)))]).pretty)
        } else {
            print(answers.map(\.text).filter { !$0.isEmpty }.joined(separator: "\n"))
        }
        var isWhole = true
        for answer in answers {
            guard case .failure(let error) = answer.history else { continue }
            isWhole = false
            FileHandle.standardError.write(Data((error.sentence + "\n").utf8))
        }
        guard isWhole else { throw ExitCode.failure }
    }
}
