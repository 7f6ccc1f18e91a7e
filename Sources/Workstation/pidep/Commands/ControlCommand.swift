import ArgumentParser
import Deployment
import Events

struct ControlCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "control",
        abstract: "What the nodes agree on: who leads, who votes, who owns which lease.",
        discussion: """
              pidep control status inventory/lab.ini
            """, subcommands: [Status.self])

    struct Status: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Whether the nodes agree, and about what.",
            discussion: """
                Exit code 0 only if a leader is known to every node and every voter does its part; else every reason in a
                sentence.

                  pidep control status inventory/lab.ini
                  pidep control status inventory/lab.ini --json
                """)

        @OptionGroup var options: RoleOptions
        @Flag(help: "Print one JSON document.") var json = false

        func run() throws {
            let report = try sayFailures {
                let (access, consoles) = try options.consoles("control", recipe: "control")
                return ControlReport(consoles, cluster: access.loaded.cluster)
            }
            print(json ? report.json.pretty : report.text(colour: Terminal.outputHasColour))
            guard report.problems.isEmpty else { throw ExitCode.failure }
        }
    }
}
