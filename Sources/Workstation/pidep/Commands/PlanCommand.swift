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
              pidep plan inventory/lab.ini --json
            """)

    @OptionGroup var options: DeployOptions

    func run() throws {
        try enterLab(of: options.inventory)
        let verdict = options.deploying("plan").plan()
        guard verdict == .nothingToDo else { throw ExitCode(verdict.rawValue) }
    }
}
