import CLinux
import Database
import Reactor
import Service

/// A data folder from a backup, on the node that keeps them.
///
/// All that can fail is done beside the data that there is, while PostgreSQL may go on everywhere: the log is brought up to the
/// present, the backup copied, and a PostgreSQL of its own goes through the log in the copy, to see that it comes to the time that is
/// wanted. Only then, with the role on hold everywhere, the copy takes the data's place.
final class Restore {
    /// What is wanted.
    struct Goal: Equatable {
        /// A backup's name.
        var backup: String
        /// As PostgreSQL takes it; nil: to the end of the log.
        var time: String?
    }

    enum Step {
        case reaching, copying, proving, replacing

        var word: String {
            switch self {
            case .reaching: "brings the log up to the present"
            case .copying: "copies the backup"
            case .proving: "goes through the log in the copy"
            case .replacing: "puts the copy in the place of the data"
            }
        }
    }

    /// What is ready counts for so long.
    static let readyLife: Duration = .seconds(600)

    private let configuration: DatabaseConfiguration
    private let files: ServerFiles
    private let keeper: KeeperLink
    private let archive: Archive
    private let folder: String
    private var goal: Goal?
    private var readyAt: Duration?
    private var isReplacing = false
    private var program: UInt32?
    private var shortage: String?
    /// What goes on; nil: nothing.
    private(set) var step: Step?
    /// Why the last one did not work.
    private(set) var failure: String?
    /// Told what is done or went wrong.
    var note: ((String) -> Void)?
    /// The copy is in its place.
    var replaced: (() -> Void)?

    /// Nil on a node that keeps no backups.
    init?(_ configuration: DatabaseConfiguration, _ archive: Archive?, keeper: KeeperLink, files: ServerFiles)
    {
        guard let archive, let backup = configuration.backup else { return nil }
        self.configuration = configuration
        self.files = files
        self.keeper = keeper
        self.archive = archive
        folder = backup.folder
    }

    private var copy: String { configuration.data + ".restoring" }
    private var output: String { configuration.data + ".restore.log" }

    /// Whether all is proven, and backups and log must stay as they are.
    var isReady: Bool { readyAt.map { Reactor.clock() - $0 < Self.readyLife } ?? false }

    /// The newest backup that was whole by then; nil: there is none so old.
    static func choose(_ names: [String], until time: Int64?) -> String? {
        guard let time else { return names.last }
        return names.last { name in UTCTime.seconds(name).map { $0 <= time } ?? false }
    }

    // MARK: one step after the other

    /// Makes everything ready, and then, if wanted, puts it in its place.
    func begin(_ goal: Goal, isReplacing: Bool) {
        self.isReplacing = isReplacing
        failure = nil
        if self.goal == goal, isReady { return proven() }
        self.goal = goal
        readyAt = nil
        shortage = nil
        guard archive.log.source != nil else { return makeCopy() }
        step = .reaching
        archive.log.reach { [unowned(unsafe) self] failure in
            guard step == .reaching else { return }
            shortage = failure
            if let failure, goal.time == nil {
                return fail(
                    "the log here does not come up to the present: \(failure). With --time it need not")
            }
            makeCopy()
        }
    }

    private func makeCopy() {
        guard let goal else { return }
        run(.copying, ["/bin/sh", "-c", Self.copyScript, "sh", copy, folder, goal.backup])
    }

    private func prove() {
        let wal = TimelineFiles(folder: copy + "/pg_wal", owner: files.owner)
        // PostgreSQL finds the newest timeline by an unbroken row of files.
        guard wal.fill(below: wal.newest()) else { return fail("the timelines cannot be written in \(copy)") }
        // Without a time there is nothing that it could fail to come to.
        guard let time = goal?.time else { return proven() }
        var arguments = [
            "/bin/sh", "-c", Self.proofScript, "sh", copy, configuration.programs + "/postgres", "-D", copy,
        ]
        let settings = [
            ("listen_addresses", ""), ("unix_socket_directories", copy), ("ssl", "off"),
            ("hot_standby", "off"),
            ("hba_file", copy + "/pidep-hba.conf"), ("ident_file", copy + "/pidep-ident.conf"),
            ("primary_conninfo", ""), ("primary_slot_name", ""), ("synchronous_standby_names", ""),
            ("restore_command", command), ("recovery_target_time", time),
            ("recovery_target_action", "shutdown"), ("recovery_target_timeline", "latest"),
            // Little besides the one that may go on.
            ("shared_buffers", "16MB"), ("logging_collector", "off"), ("log_destination", "stderr"),
            ("log_min_messages", "warning"), ("log_timezone", "UTC"), ("lc_messages", "C"),
        ]
        for setting in settings { arguments += ["-c", "\(setting.0)=\(setting.1)"] }
        run(.proving, arguments)
    }

    private func proven() {
        step = nil
        readyAt = Reactor.clock()
        guard isReplacing else { return }
        isReplacing = false
        if let why = SmallWriter.write(files.recoveryFile, Array(settings.utf8)) { return fail(why) }
        run(.replacing, ["/bin/sh", "-c", Self.replaceScript, "sh", configuration.data, copy, folder])
    }

    private func run(_ step: Step, _ arguments: [String]) {
        self.step = step
        unlink(output)
        program = keeper.start(arguments, environment: ["LC_ALL=C"], output: output)
    }

    /// A program of the keeper's has ended; true if it was one of these.
    func ended(_ program: UInt32, code: Int32) -> Bool {
        guard program == self.program, let step else { return false }
        self.program = nil
        switch (step, code) {
        case (.copying, 0): prove()
        case (.proving, 0): proven()
        case (.replacing, 0):
            self.step = nil
            goal = nil
            readyAt = nil
            replaced?()
        case (.proving, _): fail(verdict)
        case (.replacing, _):
            unlink(files.recoveryFile)
            fail("the copy could not be put in the data's place: \(LogReceiver.lastWords(output))")
        case (.copying, _), (.reaching, _):
            fail("the backup could not be copied: \(LogReceiver.lastWords(output))")
        }
        return true
    }

    private func fail(_ why: String) {
        step = nil
        goal = nil
        readyAt = nil
        isReplacing = false
        failure = why
        note?(why)
    }

    /// Why PostgreSQL did not come to the time.
    private var verdict: String {
        Self.verdict(
            String(decoding: FileTail.read(output, bytes: 64 << 10), as: UTF8.self), time: goal?.time ?? "")
            + (shortage.map { ". Nor could more be had of the primary: \($0)" } ?? "")
    }

    /// The same by what PostgreSQL said.
    static func verdict(_ text: String, time: String) -> String {
        let lines = text.utf8.split(separator: 10).map { String(decoding: $0, as: UTF8.self) }
        guard lines.contains(where: { Text.contains($0, "recovery ended before configured recovery target") })
        else {
            let last = lines.last { Text.contains($0, "FATAL:") || Text.contains($0, "PANIC:") } ?? lines.last
            return "PostgreSQL cannot go through the log: \(last ?? "it said nothing")"
        }
        let mark = "last completed transaction was at log time "
        let latest = lines.last { Text.contains($0, mark) }.map { line in
            String(decoding: line.utf8.suffix(line.utf8.count - Text.end(of: mark, in: line)), as: UTF8.self)
        }
        guard let latest else { return "the log here ends before \(time), with the backup itself" }
        return
            "the log here ends before \(time): its last transaction is of \(latest). Ask for a time up to that"
    }

    // MARK: settings and scripts

    /// How PostgreSQL gets the log. A segment that was still being received counts as well.
    private var command: String {
        "cp \"\(folder)/wal/%f\" \"%p\" 2>/dev/null || cp \"\(folder)/wal/%f.partial\" \"%p\" 2>/dev/null"
    }

    /// What PostgreSQL needs to go through the log up to the time, or to its end, and to stand still there.
    private var settings: String {
        var text = "restore_command = \(ServerFiles.quoted(command))\n"
        if let time = goal?.time {
            text += "recovery_target_time = \(ServerFiles.quoted(time))\nrecovery_target_action = 'pause'\n"
        }
        return text
    }

    /// Takes the copy, the backups' folder and the name. 128 MB stay for those who write meanwhile.
    private static let copyScript = """
        set -eu
        rm -rf "$1"
        need=$(du -skx "$2/base/$3" | cut -f 1)
        free=$(df -Pk "$(dirname "$1")" | awk 'NR == 2 { print $4 }')
        if [ "$free" -lt $((need + 131072)) ]; then
            echo "the copy needs $((need / 1024 + 128)) MB beside the data, and there are $((free / 1024)) MB. Make room" >&2
            exit 1
        fi
        cp -a "$2/base/$3" "$1"
        for history in "$2"/wal/*.history; do
            [ ! -e "$history" ] || cp "$history" "$1/pg_wal/"
        done
        chmod 700 "$1"
        """

    /// Takes the copy and how PostgreSQL is started. A recovery that is asked to end at a time ends with an error before it.
    private static let proofScript = """
        set -eu
        copy=$1
        shift
        rm -f "$copy/standby.signal" "$copy/postmaster.pid"
        : >"$copy/recovery.signal"
        code=0
        "$@" || code=$?
        rm -f "$copy/recovery.signal"
        exit "$code"
        """

    /// Takes data, copy and backups' folder. The former data stays beside the new, until the next restore.
    private static let replaceScript = """
        set -eu
        [ -d "$2" ]
        rm -rf "$1.before-restore" "$3/wal/left"
        [ ! -e "$1" ] || mv "$1" "$1.before-restore"
        mv "$2" "$1"
        sync -f "$1"
        """
}
