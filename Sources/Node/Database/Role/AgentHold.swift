import CLinux
import Database
import Reactor
import Service

/// On hold the role does nothing: PostgreSQL is stopped and stays so, until an operator lets it go on. A restore needs it.
extension Agent {
    private var holdFile: String { configuration.folder + "/hold" }

    /// Whether an operator wants it so.
    var wasHeld: Bool { access(holdFile, F_OK) == 0 }

    func hold() -> String {
        if isHeld { return "ok: it is on hold already" }
        if let why = SmallWriter.write(holdFile, []) { return "refused: \(why)" }
        note("an operator puts it on hold")
        beginHold()
        return "ok: PostgreSQL is stopped, until: resume"
    }

    func resume() -> String {
        guard isHeld else { return "refused: it is not on hold" }
        unlink(holdFile)
        note("an operator lets it go on")
        endHold()
        return "ok: it goes on"
    }

    /// `restore NAME|latest [TIME]`: on hold, on the node that keeps the backups.
    func restore(_ name: String, until time: String?) -> String {
        guard isHeld, postgres.program == nil, !postgres.isEnding else {
            return "refused: the role must be on hold and PostgreSQL stopped, on every node. Say hold first"
        }
        guard let archive, let backup = configuration.backup else {
            return "refused: the backups are on \(configuration.backup?.node ?? "no node")"
        }
        var seconds: Int64?
        if let time {
            guard let parsed = UTCTime.seconds(time) else {
                return "refused: \(time) is no time. Write 2026-11-25 19:00:00, in UTC"
            }
            seconds = parsed
        }
        let chosen = name == "latest" ? Restore.choose(archive.names, until: seconds) : name
        guard let chosen, archive.names.contains(chosen) else {
            return "refused: there is no backup \(name == "latest" ? "of that time" : name)"
        }
        let settings = Restore.settings(
            folder: backup.folder,
            until: time.map { $0.hasSuffix("UTC") || $0.hasSuffix("Z") ? $0 : $0 + " UTC" })
        if let why = SmallWriter.write(postgres.files.recoveryFile, Array(settings.utf8)) {
            return "refused: \(why)"
        }
        note(
            "restores the backup \(chosen)\(time.map { ", then the log until \($0)" } ?? " and all the log since")"
        )
        beginRestore(chosen)
        return "ok: \(chosen) is copied; show json says when it is done"
    }
}
