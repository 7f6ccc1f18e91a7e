import CLinux
import Database
import Reactor
import Service

/// Base backups and the log since them, on one of the nodes: PostgreSQL's own programs, held by the keeper.
final class Archive {
    private let configuration: DatabaseConfiguration
    private let backup: DatabaseConfiguration.Backup
    private let keeper: KeeperLink
    private let reactor: Reactor
    private let files: ServerFiles
    let log: LogReceiver
    private(set) var running: UInt32?
    private var triedAt: Duration?
    /// Why the last backup did not work.
    private(set) var failure: String?
    var note: ((String) -> Void)?
    /// None is made while a restore needs those that are there, and their log.
    var isKept: () -> Bool = { false }

    /// Nil on a node that keeps none.
    init?(
        _ configuration: DatabaseConfiguration, on reactor: Reactor, keeper: KeeperLink, files: ServerFiles
    ) {
        guard let backup = configuration.backup, backup.node == configuration.node else { return nil }
        self.configuration = configuration
        self.backup = backup
        self.keeper = keeper
        self.reactor = reactor
        self.files = files
        log = LogReceiver(configuration, backup, on: reactor, keeper: keeper, files: files)
    }

    var isReceiving: Bool { log.program != nil }
    var isBackingUp: Bool { running != nil }
    private var output: String { backup.folder + "/backup.log" }
    private var environment: [String] {
        ["LC_ALL=C", "PGPASSFILE=\(files.passwordFile)", files.home]
    }

    /// What an earlier agent has started.
    func goOn(receiver: UInt32, backup: UInt32) {
        log.goOn(receiver)
        running = backup == 0 ? nil : backup
    }

    /// When the newest backup is older than it should be.
    func look() {
        guard backup.interval > .zero, running == nil, log.source != nil, !isKept() else { return }
        if let triedAt, reactor.now < triedAt + Swift.min(backup.interval, .seconds(600)) { return }
        guard let newest = names.last, let age = Self.age(of: newest) else { return begin() }
        if age >= backup.interval.components.seconds { begin() }
    }

    /// Makes a base backup; false: one or a restore is under way, or there is nobody to take it from.
    @discardableResult
    func makeBackup() -> Bool {
        guard running == nil, log.source != nil, !isKept() else { return false }
        begin()
        return true
    }

    private func begin() {
        guard let source = log.source else { return }
        triedAt = reactor.now
        unlink(output)
        note?("makes a backup of \(configuration.name(source))")
        running = keeper.start(
            [
                "/bin/sh", "-c", Self.backupScript, "sh", configuration.programs, backup.folder,
                files.connection(to: source, as: "pidep-archive") + " dbname=postgres", "\(backup.keep)",
            ], environment: environment, output: output)
    }

    /// A program of the keeper's has ended; true if it was one of these.
    func ended(_ program: UInt32, code: Int32) -> Bool {
        if log.ended(program, code: code) { return true }
        guard program == running else { return false }
        running = nil
        failure = code == 0 ? nil : LogReceiver.lastWords(output)
        note?(failure.map { "the backup did not work: \($0)" } ?? "the backup is made and verified")
        return true
    }

    /// The keeper has killed all programs.
    func wereKilled() {
        if running != nil { failure = "PostgreSQL had to be killed meanwhile" }
        running = nil
        log.wereKilled()
    }

    // MARK: what there is

    /// Complete backups by their names, which are times (`20261125T190000Z`), oldest first.
    var names: [String] {
        FolderNames.list(backup.folder + "/base").filter { $0.utf8.count == 16 && $0.hasSuffix("Z") }
    }

    /// Seconds since the time that a name is; nil for another text.
    static func age(of name: String) -> Int64? {
        guard let time = UTCTime.seconds(name) else { return nil }
        return Int64(cl_wall_ns() / 1_000_000_000) - time
    }

    // MARK: scripts

    /// Takes programs, folder, connection and how many to keep.
    private static let backupScript = """
        set -eu
        umask 077
        name=$(date -u +%Y%m%dT%H%M%SZ)
        mkdir -p "$2/base" "$2/wal"
        rm -rf "$2"/base/*.partial
        "$1"/pg_basebackup -D "$2/base/$name.partial" -d "$3" -X stream --checkpoint=fast -P
        "$1"/pg_verifybackup "$2/base/$name.partial"
        sync -f "$2/base"
        mv "$2/base/$name.partial" "$2/base/$name"
        ls -d "$2"/base/*Z | sort | head -n "-$4" | while read -r old; do rm -rf "$old"; done
        oldest=$(ls -d "$2"/base/*Z | sort | head -n 1)
        first=$(sed -n 's/^START WAL LOCATION: .* (file \\([0-9A-F]*\\))$/\\1/p' "$oldest/backup_label")
        [ -n "$first" ] || exit 0
        # Not what is being received: the receiver may still be on its way to where the backup began.
        "$1"/pg_archivecleanup -n "$2/wal" "$first" | { grep -v '\\.partial$' || true; } | tr '\\n' '\\0' | xargs -0r rm -f --
        """
}
