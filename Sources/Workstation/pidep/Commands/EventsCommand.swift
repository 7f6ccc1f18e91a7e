import ArgumentParser
import Deployment

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

    @OptionGroup var journals: JournalOptions
    @Option(help: "How many of the newest (1 to 10000).") var last = 50

    func validate() throws {
        guard (1...10_000).contains(last) else {
            throw ValidationError("--last takes 1 to 10000, not \(last)")
        }
    }

    func run() throws {
        try journals.read(role: nil, lines: LogRequest.defaultLinesSince, transitions: last)
    }
}
