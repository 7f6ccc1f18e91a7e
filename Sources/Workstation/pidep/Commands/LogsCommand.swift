import ArgumentParser
import Deployment

struct LogsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "The nodes' journals in one order.",
        discussion: """
            Lines of the units that the recipes put on the nodes, oldest first: time, node, unit, message. With
            --follow also what comes, until Ctrl-C; a node that goes away is read on when it is back.
            Exit code 0, or 1 and a sentence for each node whose journal cannot be read; 130 after Ctrl-C.

              pidep logs inventory/lab.ini
              pidep logs inventory/lab.ini nustler3 nustler4 --role vrrp --since 10m
              pidep logs inventory/lab.ini --role apache2 --lines 20 --follow
              pidep logs inventory/lab.ini --role ssh.service --since 'today' --json
            """)

    @OptionGroup var journals: JournalOptions
    @Option(help: "Only this role (proxy, vrrp), unit of a recipe (apache2), or any unit (ssh.service).")
    var role: String?
    @Option(
        help: ArgumentHelp(
            "Lines a node at most, from before now (default: \(LogRequest.defaultLines); with --since "
                + "\(LogRequest.defaultLinesSince)).")) var lines: Int?

    func validate() throws {
        if let lines, !(0...LogRequest.mostLines).contains(lines) {
            throw ValidationError("--lines \(lines) is not from 0 to \(LogRequest.mostLines).")
        }
    }

    func run() throws { try journals.read(role: role, lines: lines) }
}
