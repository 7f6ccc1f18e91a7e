import Database
import Foundation
import Testing

@testable import DatabaseRole

@Suite struct TimelineFilesTests {
    private static let segment: UInt64 = 16 << 20

    /// A folder like pg_wal with these files.
    private func withFolder(_ files: [String: String], _ body: (TimelineFiles) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "wal-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, text) in files {
            try text.write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
        }
        try body(TimelineFiles(folder: folder, owner: nil))
    }

    private func names(_ files: TimelineFiles) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: files.folder).sorted()
    }

    @Test("the newest timeline is the latest whose file says something")
    func newest() throws {
        try withFolder([:]) { #expect($0.newest() == 1) }
        try withFolder([
            "00000003.history": "1\t0/3000000\tx\n", "00000005.history": "", "0000000A.history.tmp": "x",
            "zzzzzzzz.history": "x", "000000010000000000000001": "x",
        ]) { #expect($0.newest() == 3) }
    }

    @Test("a row is filled up to the timeline below the wanted one, and what says something stays")
    func fill() throws {
        try withFolder(["00000003.history": "1\t0/3000000\tx\n"]) { files throws in
            #expect(files.fill(below: 6))
            #expect(
                try names(files)
                    == ["00000002.history", "00000003.history", "00000004.history", "00000005.history"])
            #expect(files.newest() == 3)
            #expect(files.history(of: 3).branches == [.init(timeline: 1, end: 0x300_0000)])
            #expect(files.fill(below: 6))
        }
        try withFolder([:]) { files throws in
            #expect(files.fill(below: 2) && files.fill(below: 1))
            #expect(try names(files) == [])
        }
        #expect(!TimelineFiles(folder: "/nonexistent", owner: nil).fill(below: 3))
    }

    @Test("fillers above the newest timeline go, those below stay, other files too")
    func tidy() throws {
        try withFolder([
            "00000002.history": "", "00000003.history": "1\t0/3000000\tx\n", "00000004.history": "",
            "0000000B.history": "", "000000040000000000000001": "",
        ]) { files throws in
            files.tidy()
            #expect(
                try names(files)
                    == ["000000040000000000000001", "00000002.history", "00000003.history"].sorted())
        }
    }

    @Test("comments, empty lines and lines of no known form in a history are passed over")
    func branches() {
        let text = """
            # a comment
            1\t0/15000A0\tno recovery target specified

            x\t0/1\tno number
            4\tnowhere\t
            4 1/20\twith a blank
            5
            """
        #expect(
            TimelineFiles.branches(Array(text.utf8)) == [
                .init(timeline: 1, end: 0x150_00A0), .init(timeline: 4, end: 0x1_0000_0020),
            ])
        #expect(TimelineFiles.branches([]) == [])
    }

    @Test("a log that ends before a timeline began is one of the timeline before")
    func position() throws {
        try withFolder([
            "00000003.history": "1\t0/3000100\tx\n", "00000006.history": "1\t0/3000100\tx\n3\t0/5000000\tx\n",
            "000000010000000000000003": "", "000000030000000000000004": "", "000000060000000000000005": "",
        ]) { files throws in
            func timeline(_ offset: UInt64) -> UInt32 {
                let position = files.position(of: offset, segmentSize: Self.segment)
                #expect(position.offset == offset)
                return position.timeline
            }
            #expect(timeline(0x200_0000) == 1)
            #expect(timeline(0x300_0100) == 1)
            // The segment of timeline 3 that this place is in is not there: the log went on on timeline 1.
            #expect(timeline(0x300_0101) == 1)
            #expect(timeline(0x480_0000) == 3)
            // The last byte of segment 4 is still timeline 3's; where it ends nothing of the next one is needed.
            #expect(timeline(0x500_0000) == 3)
            #expect(timeline(0x500_0001) == 6)
            #expect(timeline(0x600_0000) == 6)
        }
    }

    @Test("a file of a timeline whose log never came does not count")
    func fileWithoutLog() throws {
        try withFolder([
            "00000004.history": "1\t0/3000000\tx\n", "000000010000000000000003": "",
        ]) { files throws in
            #expect(files.position(of: 0x300_0028, segmentSize: Self.segment).timeline == 1)
        }
        try withFolder([:]) { files throws in
            #expect(
                files.position(of: 0x300_0028, segmentSize: Self.segment)
                    == WALPosition(timeline: 1, offset: 0x300_0028))
        }
    }

    @Test("segments are named by their size, whatever it is", arguments: [1, 16, 64, 1024] as [UInt64])
    func segmentSizes(megabytes: UInt64) throws {
        let size = megabytes << 20
        let offset: UInt64 = 0x5_4000_0001
        let number = offset / size
        let perFile = 0x1_0000_0000 / size
        let name =
            "00000002" + LSN.hexadecimal(number / perFile, width: 8)
            + LSN.hexadecimal(number % perFile, width: 8)
        try withFolder(["00000002.history": "1\t5/0\tx\n", name: ""]) { files throws in
            #expect(files.position(of: offset, segmentSize: size).timeline == 2)
        }
    }
}
