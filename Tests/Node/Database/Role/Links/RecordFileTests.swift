import CLinux
import Database
import Foundation
import Testing

@testable import DatabaseRole

@Suite struct RecordFileTests {
    private func withFile(_ body: (RecordFile) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "record-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(RecordFile(path: folder + "/record"))
    }

    private func bytes(_ file: RecordFile) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: file.path)))
    }

    private func put(_ bytes: [UInt8], _ file: RecordFile) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: file.path))
    }

    @Test("where no record was written there is nothing")
    func nothing() throws {
        try withFile { #expect($0.read() == .nothing) }
    }

    @Test("a record comes back as it was written, over an earlier one, and nothing else is left")
    func roundTrips() throws {
        try withFile { file throws in
            var values = RandomValues(seed: 7)
            for _ in 0..<30 {
                let record = values.record()
                #expect(file.write(record) == nil)
                #expect(file.read() == .record(record))
            }
            let folder = URL(fileURLWithPath: file.path).deletingLastPathComponent().path
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["record"])
        }
    }

    @Test("a record that was cut or changed anywhere is damaged, never another record")
    func damage() throws {
        try withFile { file throws in
            var values = RandomValues(seed: 8)
            #expect(file.write(values.record()) == nil)
            let whole = try bytes(file)
            func expectDamaged(_ other: [UInt8]) throws {
                try put(other, file)
                guard case .damaged(let why) = file.read() else {
                    Issue.record("\(other) was believed")
                    return
                }
                #expect(why.contains(file.path))
            }
            for length in 0..<whole.count { try expectDamaged(Array(whole.prefix(length))) }
            for place in whole.indices {
                for bit in 0..<8 {
                    var other = whole
                    other[place] ^= 1 << UInt8(bit)
                    try expectDamaged(other)
                }
            }
            try expectDamaged(whole + [0])
        }
    }

    @Test("where it cannot be written, the sentence says where and why, and the former record stays")
    func unwritable() throws {
        let missing = RecordFile(path: "/nonexistent/record")
        let why = missing.write(MemberRecord())
        #expect(why == "cannot make /nonexistent/record.new: No such file or directory")
        try withFile { file throws in
            var values = RandomValues(seed: 9)
            let record = values.record()
            #expect(file.write(record) == nil)
            // A folder in the way of the new file, which not even root can write.
            try FileManager.default.createDirectory(
                atPath: file.path + ".new", withIntermediateDirectories: true)
            #expect(file.write(values.record()) != nil)
            #expect(file.read() == .record(record))
        }
    }
}
