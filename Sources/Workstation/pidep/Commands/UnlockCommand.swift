import ArgumentParser
import Deployment
import Events

struct UnlockCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unlock", abstract: "Takes the nodes' locks from a deploy that will never end.",
        discussion: """
            A deploy holds a lock on each node that it changes, by its connection: it ends with it. A machine that was
            switched off in the middle may leave a lock behind for as long as the node believes in its connection.
            Says who holds which lock since when, asks, and takes it away.
            Exit code 0 when nothing is locked any more, 1 when not.

              pidep unlock inventory/lab.ini
              pidep unlock inventory/lab.ini --limit nustler2 --yes
            """)

    @Argument(help: "The inventory file.") var inventory: String
    @Option(help: "Only these nodes: names, groups, a:b, a:!b, a:&b, wildcards.") var limit: String?
    @Flag(help: "Do not ask.") var yes = false
    @OptionGroup var login: LoginOptions
    @Flag(help: "Print one event a line, as JSON.") var json = false

    func run() throws {
        try enterLab(of: inventory)
        let isFree = try sayFailures {
            try Unlocking(on: try NodeAccess(inventory, limit: limit), sink: Renderer(.automatic(json: json)))
                .run(asking: login.asking) { yes || DeployOptions.confirm() }
        }
        guard isFree else { throw ExitCode.failure }
    }
}
