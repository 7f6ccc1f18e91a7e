import CLinux
import Database
import Service

/// A data folder from a backup, on the node that keeps them, while the role is on hold everywhere.
struct Restore {
    let configuration: DatabaseConfiguration
    let files: ServerFiles
    let keeper: KeeperLink

    /// The newest backup that was whole by then; nil: there is none so old.
    static func choose(_ names: [String], until time: Int64?) -> String? {
        guard let time else { return names.last }
        return names.last { name in UTCTime.seconds(name).map { $0 <= time } ?? false }
    }

    /// What PostgreSQL needs to go through the log up to the time (nil: to its end) and to stand still there.
    static func settings(folder: String, until time: String?) -> String {
        // A segment that was still being received counts as well.
        let command = "cp \"\(folder)/wal/%f\" \"%p\" 2>/dev/null || cp \"\(folder)/wal/%f.partial\" \"%p\""
        var text = "restore_command = \(ServerFiles.quoted(command))\n"
        if let time {
            text += "recovery_target_time = \(ServerFiles.quoted(time))\nrecovery_target_action = 'pause'\n"
        }
        return text
    }

    /// Starts the copy; the keeper's number of it.
    func begin(_ name: String) -> UInt32 {
        let folder = configuration.backup?.folder ?? ""
        return keeper.start(
            ["/bin/sh", "-c", Self.script, "sh", configuration.data, folder, name], environment: ["LC_ALL=C"],
            output: configuration.data + ".job.log")
    }

    /// Takes data folder, backups' folder and name. The former data stays beside it, until the next restore.
    private static let script = """
        set -eu
        rm -rf "$1.restoring"
        cp -a "$2/base/$3" "$1.restoring"
        for history in "$2"/wal/*.history; do
            [ ! -e "$history" ] || cp "$history" "$1.restoring/pg_wal/"
        done
        chmod 700 "$1.restoring"
        rm -rf "$1.before-restore"
        [ ! -e "$1" ] || mv "$1" "$1.before-restore"
        mv "$1.restoring" "$1"
        sync -f "$1"
        """
}
