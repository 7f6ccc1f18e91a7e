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

    /// `restore NAME|latest [TIME]`: on hold, on the node that keeps the backups. `prepare`, without `isMeant`, does beforehand what
    /// may fail and what takes long, while PostgreSQL goes on everywhere.
    func restore(_ name: String, until time: String?, isMeant: Bool) -> String {
        guard let archive, let restore else {
            return "refused: the backups are on \(configuration.backup?.node ?? "no node")"
        }
        guard !isMeant || (isHeld && postgres.program == nil && !postgres.isEnding) else {
            return "refused: the role must be on hold and PostgreSQL stopped, on every node. Say hold first"
        }
        if let step = restore.step { return "refused: a restore is under way: it \(step.word)" }
        if archive.isBackingUp { return "refused: a backup is under way. Wait for its end" }
        var seconds: Int64?
        if let time {
            guard let parsed = UTCTime.seconds(time) else {
                return "refused: \(time) is no time. Write 2026-11-25 19:00:00, in UTC"
            }
            guard parsed <= Int64(cl_wall_ns() / 1_000_000_000) else {
                return "refused: \(time) is still to come, by this node's clock"
            }
            seconds = parsed
        }
        let names = archive.names
        guard let chosen = name == "latest" ? Restore.choose(names, until: seconds) : name else {
            return
                "refused: the oldest backup is \(names.first ?? "still to be made"), and no time before that can be reached"
        }
        guard names.contains(chosen) else { return "refused: there is no backup \(chosen)" }
        note(
            "\(isMeant ? "restores" : "prepares a restore of") the backup \(chosen)"
                + "\(time.map { ", then the log until \($0)" } ?? " and all the log since")")
        if !isHeld { archive.log.follow(leader) }
        let goal = time.map { $0.hasSuffix("UTC") || $0.hasSuffix("Z") ? $0 : $0 + " UTC" }
        restore.begin(.init(backup: chosen, time: goal), isReplacing: isMeant)
        return "ok: \(chosen) it is; show json says when all is done"
    }
}
