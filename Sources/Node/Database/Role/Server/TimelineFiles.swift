import CLinux
import Database
import Service

/// The `.history` files of pg_wal. PostgreSQL numbers a promotion's timeline by them: one more than the last of an unbroken row of
/// files (findNewestTimeLine). Elections want a timeline of their own, so the row is filled with empty files up to it.
struct TimelineFiles {
    /// PostgreSQL's `pg_wal`.
    let folder: String
    /// Whose the files are; nil: this process's.
    let owner: (user: UInt32, group: UInt32)?

    /// The files' timelines, with whether each says something.
    private func list() -> [(timeline: UInt32, isFiller: Bool)] {
        var found: [(timeline: UInt32, isFiller: Bool)] = []
        for name in FolderNames.list(folder) where name.hasSuffix(".history") {
            guard name.utf8.count == 16, let timeline = LSN.number(Array(name.utf8.prefix(8))) else {
                continue
            }
            var file = cl_file()
            guard cl_lstat("\(folder)/\(name)", &file) == 0 else { continue }
            found.append((UInt32(timeline), file.size == 0))
        }
        return found
    }

    private func path(_ timeline: UInt32) -> String {
        "\(folder)/\(LSN.hexadecimal(UInt64(timeline), width: 8)).history"
    }

    /// The latest timeline that a file tells of; 1: none.
    func newest() -> UInt32 { list().filter { !$0.isFiller }.map { $0.timeline }.max() ?? 1 }

    /// Takes away fillers above the latest timeline: a recovery that begins must not aim at one.
    func tidy() {
        let newest = newest()
        for file in list() where file.isFiller && file.timeline > newest { unlink(path(file.timeline)) }
    }

    /// Fills the row below a timeline, so that the next promotion makes just this one. False, with errno: a file cannot be made.
    func fill(below timeline: UInt32) -> Bool {
        guard timeline > 2 else { return true }
        let known = list().map { $0.timeline }
        for filler in 2..<timeline where !known.contains(filler) {
            let descriptor = cl_open(path(filler), O_WRONLY | O_CREAT, 0o600)
            guard descriptor >= 0 else { return false }
            if let owner { fchown(descriptor, owner.user, owner.group) }
            fsync(descriptor)
            close(descriptor)
        }
        let handle = cl_open(folder, O_RDONLY, 0)
        if handle >= 0 {
            fsync(handle)
            close(handle)
        }
        return true
    }

    /// What led to a timeline.
    func history(of timeline: UInt32) -> TimelineHistory {
        let text = SmallFile.read(path(timeline), limit: 1 << 20) ?? []
        return TimelineHistory(branches: Self.branches(text), timeline: timeline)
    }

    /// Lines of `timeline TAB switchpoint TAB reason`; `#` begins a comment.
    static func branches(_ text: [UInt8]) -> [TimelineHistory.Branch] {
        var branches: [TimelineHistory.Branch] = []
        for line in text.split(separator: 10) {
            let fields = line.split(whereSeparator: { $0 == 9 || $0 == 32 })
            guard fields.count >= 2, let timeline = UInt32(String(decoding: fields[0], as: UTF8.self)),
                let end = LSN.offset(fields[1])
            else { continue }
            branches.append(TimelineHistory.Branch(timeline: timeline, end: end))
        }
        return branches
    }

    /// Which timeline a log that ends at `offset` ends on: the latest whose file is there and whose log really reaches so far.
    func position(of offset: UInt64, segmentSize: UInt64) -> WALPosition {
        var history = history(of: newest())
        while let last = history.branches.last {
            if offset > last.end, hasLog(history.timeline, upTo: offset, segmentSize) {
                return WALPosition(timeline: history.timeline, offset: offset)
            }
            history = TimelineHistory(branches: Array(history.branches.dropLast()), timeline: last.timeline)
        }
        return WALPosition(timeline: history.timeline, offset: offset)
    }

    /// A log that went another way has the history's file, but no segment of that timeline.
    private func hasLog(_ timeline: UInt32, upTo offset: UInt64, _ segmentSize: UInt64) -> Bool {
        let segment = (offset - 1) / segmentSize
        let perFile = 0x1_0000_0000 / segmentSize
        let name =
            LSN.hexadecimal(UInt64(timeline), width: 8) + LSN.hexadecimal(segment / perFile, width: 8)
            + LSN.hexadecimal(segment % perFile, width: 8)
        return access("\(folder)/\(name)", F_OK) == 0
    }
}
