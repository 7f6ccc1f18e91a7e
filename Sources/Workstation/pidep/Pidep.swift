import ArgumentParser
import Foundation

/// The workstation's command line: a file a command, no logic below it.
@main
struct Pidep: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pidep",
        abstract:
            "Turns a shelf of Raspberry Pis into one highly available web, database and storage service.",
        discussion: """
            A first look, on this machine alone:
              scripts/demo

            With real Pis:
              pidep doctor
              pidep build --arch armv7
              pidep plan inventory/nustler.ini
              pidep deploy inventory/nustler.ini
            """,
        subcommands: [
            BuildCommand.self, DoctorCommand.self, InventoryCommand.self, LabCommand.self, PlanCommand.self,
            DeployCommand.self, RollbackCommand.self, HistoryCommand.self, UnlockCommand.self,
            TrustCommand.self,
            StatusCommand.self, SmokeCommand.self, ControlCommand.self, DatabaseCommand.self,
            ExplainCommand.self, ExecCommand.self, FactsCommand.self, LogsCommand.self, EventsCommand.self,
            LoadTestCommand.self,
        ])

    /// Exit code of wrong usage, as in the README's table; the parser's own is 64 (sysexits.h).
    static let usageExitCode: Int32 = 2

    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            FileHandle.standardError.write(Data((fullMessage(for: error) + "\n").utf8))
            Foundation.exit(usageExitCode)
        }
    }
}
