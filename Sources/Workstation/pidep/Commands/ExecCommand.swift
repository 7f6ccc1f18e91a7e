import ArgumentParser
import Deployment
import Events
import Inventory

struct ExecCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec", abstract: "Runs a command on all nodes at once.",
        discussion: """
            Each line stands behind its node's name; what nodes print on standard error goes to standard error.
            Several words reach the command as they are; one word alone is a command line for the node's shell.
            Exit code 0 when it was 0 on all nodes, else 1 and a sentence for each node where it was not.

              pidep exec inventory/lab.ini -- uptime
              pidep exec inventory/lab.ini --limit edge -- systemctl is-active pinode-vrrp
              pidep exec inventory/lab.ini -- 'ip -br addr | grep eth0'
              pidep exec inventory/lab.ini --json -- cat /etc/debian_version
            """)

    @Argument(help: "The inventory file.") var inventory: String
    @Option(help: "Only these nodes: names, groups, a:b, a:!b, a:&b, wildcards.") var limit: String?
    @Option(
        help: "How long the command may print nothing: 30s, 10m (default: 10m).",
        transform: {
            guard let duration = Duration(spelled: $0) else {
                throw ValidationError("\"\($0)\" is no duration. Write \(ValueKind.duration.acceptedForms).")
            }
            return duration
        }) var silence: Duration = Executing.silence
    @OptionGroup var login: LoginOptions
    @Flag(help: "Print one event a line, as JSON.") var json = false
    @Argument(parsing: .postTerminator, help: "After --: the command.") var command: [String] = []

    func validate() throws {
        if command.isEmpty { throw ValidationError("Say what to run: pidep exec \(inventory) -- uptime") }
    }

    func run() throws {
        try enterLab(of: inventory)
        try sayFailures {
            let executing = Executing(
                command, on: try NodeAccess(inventory, limit: limit), silence: silence, tellsSuccess: json,
                sink: Renderer(.automatic(json: json)), asking: login.asking)
            guard try executing.run() else { throw ExitCode.failure }
        }
    }
}
