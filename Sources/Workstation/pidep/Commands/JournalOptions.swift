import ArgumentParser
import Deployment
import Events

/// What the commands that read the nodes' journals have in common.
struct JournalOptions: ParsableArguments {
    @Argument(help: "The inventory file.") var inventory: String
    @Argument(help: "Only these nodes.") var nodes: [String] = []
    @Option(
        help: ArgumentHelp(
            "Not what is older: 10m, 2h, or a time as journalctl reads it ('today', '2026-03-01 12:00').",
            valueName: "time")) var since: String?
    @Flag(help: "Go on with what comes, until Ctrl-C.") var follow = false
    @OptionGroup var login: LoginOptions
    @Flag(help: "Print one event a line, as JSON.") var json = false

    /// Reads the journals to their end, or until Ctrl-C: exit code 0, 1 or 130.
    func read(
        role: String?, lines: Int?, transitions newest: Int? = nil
    ) throws {
        try enterLab(of: inventory)
        let ending = try sayFailures {
            var logging = try Logging(
                NodeAccess(inventory, names: nodes), role: role, lines: lines, since: since, follows: follow,
                isReadable: !json, sink: Renderer(.automatic(json: json)), asking: login.asking)
            if let newest { logging.showTransitions(newest: newest) }
            return try logging.run(follow ? .onSignals() : Interruption())
        }
        switch ending {
        case .whole: return
        case .failed: throw ExitCode.failure
        case .interrupted: throw ExitCode(130)
        }
    }
}
