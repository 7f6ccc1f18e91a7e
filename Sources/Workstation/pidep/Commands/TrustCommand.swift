import ArgumentParser
import Deployment
import Events

struct TrustCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust", abstract: "Shows the nodes' host keys and keeps those that you accept.",
        discussion: """
            Asks every node for its host key and compares it with known_hosts. New and changed ones are shown together, what
            was recorded beside what is offered, for one answer; accepted ones are kept in known_hosts beside the inventory,
            in the place of old ones. Compare with what the node itself shows:

              ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub

            Exit code 0 when all keys are known now, 1 when not.

              pidep trust inventory/nustler.ini
              pidep trust inventory/nustler.ini --limit nustler2
            """)

    @Argument(help: "The inventory file.") var inventory: String
    @Option(help: "Only these nodes: names, groups, a:b, a:!b, a:&b, wildcards.") var limit: String?
    @Flag(help: "Print one event a line, as JSON.") var json = false

    func run() throws {
        try enterLab(of: inventory)
        let isKnown = try sayFailures {
            try Trusting(on: try NodeAccess(inventory, limit: limit), sink: Renderer(.automatic(json: json)))
                .run {
                    LoginOptions.hasTerminal
                        && DeployOptions.ask(
                            "Are they what the nodes themselves show, shall they be trusted?")
                }
        }
        guard isKnown else { throw ExitCode.failure }
    }
}
