import Commands
import Foundation

/// A file system in memory, of a size that can be exhausted.
enum TemporaryFileSystem {
    static func with(megabytes: Int, _ body: (_ place: String) throws -> Void) throws {
        let place = "/tmp/pinode-apply-memory-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        defer { rmdir(place) }
        try Command(["mount", "-t", "tmpfs", "-o", "size=\(megabytes)m,mode=755", "pinode-apply", place])
            .run()
        defer { _ = try? Command(["umount", "--lazy", place]).run() }
        try body(place)
    }

    /// Makes a file that leaves this many bytes of room.
    static func fill(_ place: String, leaving bytes: Int, with file: String) throws {
        let attributes = try FileManager.default.attributesOfFileSystem(forPath: place)
        let free = (attributes[.systemFreeSize] as? NSNumber)?.intValue ?? 0
        try Command(["fallocate", "--length", "\(max(1, free - bytes))", file]).run()
    }
}
