import ArgumentParser
import Deployment
import Events
import Foundation

struct ControlCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "control",
        abstract: "What the nodes agree on: who leads, who votes, who owns which lease.",
        discussion: """
              pidep control status inventory/lab.ini
              pidep control recover inventory/lab.ini nustler3 --accept-loss
            """, subcommands: [Status.self, Recover.self, Rejoin.self])

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

    struct Recover: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "The last resort: one node begins anew, alone, when a majority of the voters is gone for good.",
            discussion: """
                Says what the node knows and what could be lost, asks, and does it; without a terminal only with --yes. The other nodes
                that answer throw their logs away and follow it, and two of them vote again.

                  pidep control recover inventory/lab.ini nustler3 --accept-loss
                """)

        @OptionGroup var options: RoleOptions
        @Argument(help: "The node.") var node: String
        @Flag(help: "Required: what was agreed on may be lost.") var acceptLoss = false
        @Flag(help: "Do not ask.") var yes = false
        @Flag(help: "Print one event a line, as JSON.") var json = false

        func validate() throws {
            guard acceptLoss else {
                throw ValidationError(
                    "recover may lose what only the lost nodes knew: add --accept-loss to see what this node knows"
                )
            }
        }

        func run() throws {
            let recovery = try sayFailures { try options.recovery("recover", json: json) }
            let loss = try sayFailures { try recovery.lossOfRecovering(node) }
            FileHandle.standardError.write(Data((loss + "\n").utf8))
            guard yes || DeployOptions.confirm() else { throw ExitCode.failure }
            try sayFailures { try recovery.recover(node) }
        }
    }

    struct Rejoin: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "A node that comes back after another one was recovered throws its log away and follows.",
            discussion: """
                  pidep control rejoin inventory/lab.ini nustler1 --accept-loss
                """)

        @OptionGroup var options: RoleOptions
        @Argument(help: "The node.") var node: String
        @Flag(help: "Required: what the node's log has is lost.") var acceptLoss = false
        @Flag(help: "Print one event a line, as JSON.") var json = false

        func validate() throws {
            guard acceptLoss else {
                throw ValidationError(
                    "rejoin throws the node's log away. Only after another node was recovered: add --accept-loss"
                )
            }
        }

        func run() throws {
            let recovery = try sayFailures { try options.recovery("rejoin", json: json) }
            try sayFailures { try recovery.rejoin(node) }
        }
    }
}

extension RoleOptions {
    func recovery(_ command: String, json: Bool) throws -> ControlRecovery {
        ControlRecovery(
            try consoles("control", recipe: "control").1, command: "control \(command)",
            sink: Renderer(.automatic(json: json)))
    }
}
