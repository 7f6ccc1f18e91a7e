import CLinux
import Database
import Service

/// The folder that pg_receivewal writes: segments, the last one with `.partial` behind its name, and histories of timelines.
struct WALFolder {
    let path: String

    /// Segments of ways that the cluster has left lie in it, until the next restore.
    var left: String { path + "/left" }

    /// A segment's file, by its name (`XLogFileName`).
    struct Segment: Equatable {
        var timeline: UInt32
        /// High and low part of its number.
        var log: UInt64
        var segment: UInt64
        var isPartial: Bool

        init?(_ name: String) {
            let bytes = Array(name.utf8)
            guard bytes.count == 24 || name.hasSuffix(".partial") && bytes.count == 32 else { return nil }
            let parts = [bytes[0..<8], bytes[8..<16], bytes[16..<24]].map { LSN.number(Array($0)) }
            guard let timeline = parts[0], let log = parts[1], let segment = parts[2] else { return nil }
            self.timeline = UInt32(timeline)
            self.log = log
            self.segment = segment
            isPartial = bytes.count == 32
        }

        /// Where it begins, when each has so many bytes.
        func start(_ size: UInt64) -> UInt64 { log << 32 + segment * size }
    }

    /// Puts aside what is not of the way that the present primary went: after a restore, or when a primary died whose last log nobody
    /// else had. A segment in whose middle the ways part is partial from then on, so that the rest of it is taken from there.
    func prune(_ history: TimelineHistory) {
        for name in FolderNames.list(path) {
            var file = cl_file()
            guard let segment = Segment(name), segment.timeline < history.timeline,
                cl_lstat("\(path)/\(name)", &file) == 0, file.size > 0
            else { continue }
            let size = UInt64(file.size)
            let start = segment.start(size)
            guard let end = history.branches.last(where: { $0.timeline == segment.timeline })?.end,
                start < end
            else {
                mkdir(left, 0o755)
                _ = cl_rename("\(path)/\(name)", "\(left)/\(name)")
                continue
            }
            if !segment.isPartial, end - start < size {
                _ = cl_rename("\(path)/\(name)", "\(path)/\(name).partial")
            }
        }
    }
}
