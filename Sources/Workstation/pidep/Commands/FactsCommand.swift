import ArgumentParser
import Deployment
import Events
import Foundation

struct FactsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "facts", abstract: "What the nodes say about themselves.",
        discussion: """
            What a plan is made from, in one round trip a node: system, memory, disks, the release, and how each
            package, unit and path is that its recipes decide about. Changes nothing.
            Exit code 0, or 1 and a sentence for each node that could not be asked.

              pidep facts inventory/lab.ini
              pidep facts inventory/lab.ini nustler3
              pidep facts inventory/lab.ini --json
            """)

    @Argument(help: "The inventory file.") var inventory: String
    @Argument(help: "Only this node.") var node: String?
    @OptionGroup var login: LoginOptions
    @Flag(help: "Print one JSON document.") var json = false

    func run() throws {
        try enterLab(of: inventory)
        let report = try sayFailures {
            try FactsReport.ask(
                NodeAccess(inventory, names: node.map { [$0] } ?? []), asking: login.asking)
        }
        let text = json ? report.json.pretty : report.text(colour: Terminal.outputHasColour)
        if !text.isEmpty { print(text) }
        for sentence in report.failures { FileHandle.standardError.write(Data((sentence + "\n").utf8)) }
        guard report.isWhole else { throw ExitCode.failure }
    }
}
