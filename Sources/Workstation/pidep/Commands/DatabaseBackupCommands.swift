import ArgumentParser
import Deployment
import Foundation

extension DatabaseCommand {
    struct Backup: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a base backup now, on the node that keeps them.",
            discussion: """
                Ends when pg_verifybackup has gone through it. Backups are made by themselves, too: postgresql_backup_every.

                  pidep database backup inventory/lab.ini
                """)

        @OptionGroup var options: RoleOptions
        @Flag(help: "Print one event a line, as JSON.") var json = false

        func run() throws { try sayFailures { try options.actions("backup", json: json).backup() } }
    }

    struct Restore: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Brings all nodes back to what the data was at a time.",
            discussion: """
                A backup, and the log since, up to --time (UTC) or to the log's end. Says what it means, asks, and does it; without
                a terminal only with --yes. PostgreSQL is stopped everywhere meanwhile.

                  pidep database restore inventory/lab.ini --time "2026-11-25 19:00:00"
                  pidep database restore inventory/lab.ini --backup 20261125T030000Z
                """)

        @OptionGroup var options: RoleOptions
        @Option(help: "Up to then, in UTC: 2026-11-25 19:00:00.") var time: String?
        @Option(help: "This backup, not the newest that is old enough.") var backup = "latest"
        @Flag(help: "Do not ask.") var yes = false
        @Flag(help: "Print one event a line, as JSON.") var json = false

        func run() throws {
            let actions = try sayFailures { try options.actions("restore", json: json) }
            let plan = try sayFailures { try actions.planOfRestoring(backup, until: time) }
            FileHandle.standardError.write(Data((plan + "\n").utf8))
            guard yes || DeployOptions.confirm() else { throw ExitCode.failure }
            try sayFailures { try actions.restore(backup, until: time) }
        }
    }

    struct Resume: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets nodes on hold go on, after a restore that broke off.",
            discussion: """
                  pidep database resume inventory/lab.ini
                """)

        @OptionGroup var options: RoleOptions
        @Flag(help: "Print one event a line, as JSON.") var json = false

        func run() throws { try sayFailures { try options.actions("resume", json: json).resume() } }
    }

    struct Drill: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Kills the primary's PostgreSQL on purpose, while rows are written, and reports.",
            discussion: """
                Takes half a minute. Ends with how long nobody could write, and whether every acknowledged row is there.

                  pidep database drill inventory/lab.ini
                """)

        @OptionGroup var options: RoleOptions
        @Flag(help: "Print one event a line, as JSON.") var json = false

        func run() throws {
            let actions = try sayFailures { try options.actions("drill", json: json) }
            _ = try sayFailures { try actions.drill() }
        }
    }
}
