import ArgumentParser
import Deployment
import Events

struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Shows what a deploy would change.",
        discussion: """
            Asks every node what it is, in one round trip, and compares. Changes nothing.
            Exit code 0 when there is nothing to do, 2 when there are changes, 1 when it cannot tell.

              pidep plan inventory/lab.ini
              pidep plan inventory/lab.ini --limit 'web:!edge'
              pidep plan inventory/lab.ini --out today.plan
              pidep plan inventory/lab.ini --json
            """)

    @Argument(help: "The inventory file.") var inventory: String
    @OptionGroup var options: DeployOptions
    @Option(
        help: ArgumentHelp(
            "Keep the plan in a file: pidep deploy --plan FILE does just that, or stops if a node has changed.",
            valueName: "file"))
    var out: String?

    func run() throws {
        try enterLab(of: inventory)
        let verdict = options.deploying("plan", inventory).plan(out: out)
        guard verdict == .nothingToDo else { throw ExitCode(verdict.rawValue) }
    }
}
