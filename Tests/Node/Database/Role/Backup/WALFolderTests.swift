import CLinux
import Database
import Foundation
import Testing

@testable import DatabaseRole

/// Segments of 1 KiB: a file's size tells.
@Suite struct WALFolderTests {
    private let folder = NSTemporaryDirectory() + "wal-folder-\(UUID().uuidString)"
    private let history = TimelineHistory(
        branches: [.init(timeline: 1, end: 0x400), .init(timeline: 4, end: 0xA00)], timeline: 9)

    /// What is in the folder after pruning, and what was put aside.
    private func prune(_ names: [String]) throws -> (kept: [String], left: [String]) {
        let manager = FileManager.default
        try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? manager.removeItem(atPath: folder) }
        for name in names { try Data(count: 0x400).write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
        let wal = WALFolder(path: folder)
        wal.prune(history)
        let left = (try? manager.contentsOfDirectory(atPath: wal.left)) ?? []
        return (
            try manager.contentsOfDirectory(atPath: folder).filter { $0 != "left" }.sorted(), left.sorted()
        )
    }

    private func name(_ timeline: Int, _ segment: Int) -> String {
        String(format: "%08X%08X%08X", timeline, 0, segment)
    }

    @Test("what the present primary's log went through stays, and its own")
    func kept() throws {
        let names = [name(1, 0), name(4, 1), name(9, 2), name(9, 3) + ".partial", "00000009.history", "x"]
        let (kept, left) = try prune(names)
        #expect(kept == names.sorted() && left.isEmpty)
    }

    @Test("a segment in whose middle the ways part is partial: the rest of it is taken from there")
    func parting() throws {
        let (kept, left) = try prune([name(4, 1), name(4, 2)])
        #expect(kept == [name(4, 1), name(4, 2) + ".partial"] && left.isEmpty)
    }

    @Test("what is behind the parting, or of a timeline that was left, is put aside")
    func aside() throws {
        let strange = [name(1, 1), name(3, 1), name(4, 3) + ".partial"]
        let (kept, left) = try prune(strange + [name(4, 1)])
        #expect(kept == [name(4, 1)] && left == strange.sorted())
    }

    @Test("a timeline that is later than the one known here is nobody's yet to judge")
    func later() throws {
        let (kept, left) = try prune([name(10, 7)])
        #expect(kept == [name(10, 7)] && left.isEmpty)
    }

    @Test(
        "names that are no segments",
        arguments: ["", "00000009.history", "00000004000000000000000G", "000000040000000000000001.partia"])
    func strangers(_ name: String) {
        #expect(WALFolder.Segment(name) == nil)
    }
}
