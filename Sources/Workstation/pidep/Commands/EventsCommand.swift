import ArgumentParser
import Deployment
import Events
import Foundation

struct EventsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Shows when roles, servers and units changed their state, and why.",
        discussion: """
            Who took the virtual address from whom and for what reason, which server went down or came up in which proxy, which
            unit was started, reloaded or failed: the nodes' journals in one order, and of them only that.
            Exit code 0, 1 when a node cannot be asked, 130 after Ctrl-C.

              pidep events inventory/lab.ini
              pidep events inventory/lab.ini --since 1h
              pidep events inventory/lab.ini --follow
            """)

    @Argument(help: "The inventory file.") var inventory: String
    @Argument(help: "Only these nodes.") var nodes: [String] = []
    @Option(help: "How many of the newest (1 to 10000).") var last = 50
    @Option(
        help: ArgumentHelp(
            "Not what is older: 10m, 2h, or a time as journalctl reads it ('today', '2026-03-01 12:00').",
            valueName: "time")) var since: String?
    @Flag(help: "Go on with what comes, until Ctrl-C.") var follow = false
    @OptionGroup var login: LoginOptions
    @Flag(help: "Print one event a line, as JSON.") var json = false

    func validate() throws {
        guard (1...10_000).contains(last) else {
            throw ValidationError("--last takes 1 to 10000, not \(last)")
        }
    }

    func run() throws {
        try enterLab(of: inventory)
        let ending = try sayFailures {
            var logging = try Logging(
                NodeAccess(inventory, names: nodes), role: nil, lines: LogRequest.defaultLinesSince,
                since: since,
                follows: follow, isReadable: !json, sink: Renderer(.automatic(json: json)),
                asking: login.asking)
            logging.showTransitions(newest: last)
            return try logging.run(follow ? .onSignals() : Interruption())
        }
        switch ending {
        case .whole: return
        case .failed: throw ExitCode.failure
        case .interrupted: throw ExitCode(130)
        }
    }
}
