import ArgumentParser
import Deployment
import Events
import Foundation

struct DatabaseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "database", abstract: "How PostgreSQL is on the nodes, and who is the primary.",
        discussion: """
            The nodes are asked over SSH; nothing else needs to be installed here. docs/database.md tells all.

              pidep database status inventory/lab.ini
              pidep database switchover inventory/lab.ini --to nustler2
              pidep database restart inventory/lab.ini
              pidep database reinit inventory/lab.ini nustler3
              pidep database backup inventory/lab.ini
              pidep database restore inventory/lab.ini --time "2026-11-25 19:00:00"
              pidep database drill inventory/lab.ini
            """,
        subcommands: [
            Status.self, Switchover.self, Failover.self, Restart.self, Reinit.self, Promote.self, Backup.self,
            Restore.self, Resume.self, Drill.self,
        ])
}

/// What every database command takes.
struct RoleOptions: ParsableArguments {
    @Argument(help: "The inventory file.") var inventory: String
    @OptionGroup var login: LoginOptions

    func consoles(_ role: String, recipe: String) throws -> (NodeAccess, RoleConsoles) {
        try enterLab(of: inventory)
        let access = try NodeAccess(inventory, limit: nil)
        return (access, try RoleConsoles(role, recipe: recipe, of: access, asking: login.asking))
    }

    func actions(_ command: String, json: Bool) throws -> DatabaseActions {
        DatabaseActions(
            try consoles("database", recipe: "postgresql").1, command: "database \(command)",
            sink: Renderer(.automatic(json: json)))
    }
}

extension DatabaseCommand {
    struct Status: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Who is the primary, how far the standbys are, and what is not well.",
            discussion: """
                Exit code 0 only if all is well; else every reason in a sentence.

                  pidep database status inventory/lab.ini
                  pidep database status inventory/lab.ini --json
                """)

        @OptionGroup var options: RoleOptions
        @Flag(help: "Print one JSON document.") var json = false

        func run() throws {
            let status = try sayFailures {
                DatabaseStatus(try options.consoles("database", recipe: "postgresql").1)
            }
            print(json ? status.json.pretty : status.text(colour: Terminal.outputHasColour))
            guard status.problems.isEmpty else { throw ExitCode.failure }
        }
    }

    struct Switchover: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes another node the primary, in order; writes wait for about a second.",
            discussion: """
                Without --to the standby that is furthest. Ends when the old primary follows the new one.

                  pidep database switchover inventory/lab.ini
                  pidep database switchover inventory/lab.ini --to nustler2
                """)

        @OptionGroup var options: RoleOptions
        @Option(help: "The node that shall be the primary.") var to: String?
        @Flag(help: "Print one event a line, as JSON.") var json = false

        func run() throws {
            try sayFailures { try options.actions("switchover", json: json).switchover(to: to) }
        }
    }

    struct Failover: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives the primary up at once: for when it misbehaves.",
            discussion: """
                It is killed; the others elect one of those that have every acknowledged write. A primary whose node is gone
                needs no command: the others elect by themselves.

                  pidep database failover inventory/lab.ini
                """)

        @OptionGroup var options: RoleOptions
        @Flag(help: "Print one event a line, as JSON.") var json = false

        func run() throws {
            try sayFailures { try options.actions("failover", json: json).failover() }
        }
    }

    struct Restart: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Restarts PostgreSQL, on one node or on all.",
            discussion: """
                On all: one after the other, the primary last, each when the one before follows again. A primary hands over
                first.

                  pidep database restart inventory/lab.ini
                  pidep database restart inventory/lab.ini nustler3
                """)

        @OptionGroup var options: RoleOptions
        @Argument(help: "Only this node.") var node: String?
        @Flag(help: "Print one event a line, as JSON.") var json = false

        func run() throws { try sayFailures { try options.actions("restart", json: json).restart(node) } }
    }

    struct Reinit: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Throws a standby's data away and copies it anew from the primary.",
            discussion: """
                  pidep database reinit inventory/lab.ini nustler3
                """)

        @OptionGroup var options: RoleOptions
        @Argument(help: "The node; not the primary.") var node: String
        @Flag(help: "Print one event a line, as JSON.") var json = false

        func run() throws { try sayFailures { try options.actions("reinit", json: json).reinit(node) } }
    }

    struct Promote: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The last resort: makes a node the primary although writes may be lost.",
            discussion: """
                For when the nodes that have all acknowledged writes are gone for good. Says what may be lost, asks, and does
                it; without a terminal only with --yes.

                  pidep database promote inventory/lab.ini nustler3 --accept-loss
                """)

        @OptionGroup var options: RoleOptions
        @Argument(help: "The node.") var node: String
        @Flag(help: "Required: acknowledged writes may be lost.") var acceptLoss = false
        @Flag(help: "Do not ask.") var yes = false
        @Flag(help: "Print one event a line, as JSON.") var json = false

        func validate() throws {
            guard acceptLoss else {
                throw ValidationError(
                    "promote may lose writes that clients were told are safe: add --accept-loss to see how much"
                )
            }
        }

        func run() throws {
            let actions = try sayFailures { try options.actions("promote", json: json) }
            let loss = try sayFailures { try actions.lossOfPromoting(node) }
            FileHandle.standardError.write(Data((loss + "\n").utf8))
            guard yes || DeployOptions.confirm() else { throw ExitCode.failure }
            try sayFailures { try actions.promote(node) }
        }
    }
}
