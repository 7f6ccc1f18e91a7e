import ArgumentParser
import Deployment
import Events

struct RollbackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Goes back to a release that the nodes still have.",
        discussion: """
            Each node keeps its last three releases. Without --to it goes back to the one before its current one; twice
            in a row leads back again. Nothing is sent: it takes seconds.
            Exit code 0 done or nothing to do, 1 nothing was touched, 7 a node failed and is left as it is.

              pidep rollback inventory/lab.ini
              pidep rollback inventory/lab.ini --limit nustler2 --yes
              pidep rollback inventory/lab.ini --to df37d95f6653176c
            """)

    @Argument(help: "The inventory file.") var inventory: String
    @Option(help: "Only these nodes: names, groups, a:b, a:!b, a:&b, wildcards.") var limit: String?
    @Option(help: "The release, or the beginning of its name.") var to: String?
    @Option(help: "Why, for the nodes' history.") var message = ""
    @Flag(help: "Do not ask.") var yes = false
    @OptionGroup var login: LoginOptions
    @Flag(help: "Print one event a line, as JSON.") var json = false

    func run() throws {
        try enterLab(of: inventory)
        let outcome = try sayFailures {
            try Rollback(
                on: try NodeAccess(inventory, limit: limit), to: to, message: message,
                sink: Renderer(.automatic(json: json)),
                asking: login.asking
            ).run { yes || DeployOptions.confirm() }
        }
        guard outcome == .done else { throw ExitCode(outcome.rawValue) }
    }
}
