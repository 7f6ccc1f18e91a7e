import Simulator
import Testing

@testable import Consensus

/// What a power cut may leave, and what it cannot.
@Suite struct DamageTests {
    static let segment = "log-00000000000000000001"

    /// A log of three batches and where the last one begins.
    private func log() throws -> (disk: SimulatedDisk, state: StoredState, last: Int) {
        let disk = SimulatedDisk()
        var store = try LogStoreTests.filled(disk, LogStoreTests.commands(3))
        let state = try LogStoreTests.load(disk)
        let last = try #require(disk[Self.segment]).count
        try store.perform([.append(first: 5, LogStoreTests.commands(4))])
        return (disk, state, last)
    }

    @Test("a last write that ends at any byte is cut off, and the log goes on behind the one before")
    func tornAnywhere() throws {
        let (disk, state, last) = try log()
        let bytes = try #require(disk[Self.segment])
        for end in last..<bytes.count {
            for isZeroed in [false, true] {
                let rest = isZeroed ? [UInt8](repeating: 0, count: bytes.count - end) : []
                if isZeroed, bytes[end...].allSatisfy({ $0 == 0 }) { continue }
                disk[Self.segment] = Array(bytes[..<end]) + rest
                var store = LogStore(disk, member: 1)
                let found = try store.load()
                guard found == state else {
                    Issue.record("cut at byte \(end) (zeros: \(isZeroed)): \(found.lastIndex)")
                    return
                }
                guard end % 16 == 0 else { continue }
                try store.perform([.append(first: 5, LogStoreTests.commands(1))])
                #expect(try LogStoreTests.load(disk).lastIndex == 5)
            }
        }
    }

    @Test("a last write of which any sectors are missing is cut off")
    func tornSectors() throws {
        let (disk, state, last) = try log()
        let bytes = try #require(disk[Self.segment])
        let sectors = (last / 512)...((bytes.count - 1) / 512)
        #expect(sectors.count > 3)
        for missing in 1..<(1 << sectors.count) {
            var torn = bytes
            for (bit, sector) in sectors.enumerated() where missing >> bit & 1 == 1 {
                for place in max(last, sector * 512)..<min(bytes.count, sector * 512 + 512) {
                    torn[place] = 0
                }
            }
            disk[Self.segment] = torn
            let found = try LogStoreTests.load(disk)
            guard found == state else {
                Issue.record("sectors \(missing) missing: \(found.lastIndex)")
                return
            }
        }
    }

    @Test("no flipped bit is taken for a torn write, or for the truth: it is refused, whichever it is")
    func flippedAnywhere() throws {
        let disk = SimulatedDisk()
        let zeros = Entry(term: 1, kind: .command, data: [UInt8](repeating: 0, count: 700))
        _ = try LogStoreTests.filled(disk, [zeros, LogStoreTests.commands(2)[1], zeros])
        let bytes = try #require(disk[Self.segment])
        for place in bytes.indices {
            for bit in 0..<8 {
                let copy = disk.copy()
                var flipped = bytes
                flipped[place] ^= 1 << bit
                copy[Self.segment] = flipped
                // The mark's last byte is the version: another version is another sentence, and as much a refusal.
                guard (try? LogStoreTests.load(copy)) == nil else {
                    Issue.record("bit \(bit) of byte \(place) went unnoticed")
                    return
                }
            }
        }
    }

    @Test(
        "a flipped bit in the vote or a snapshot is refused",
        arguments: ["vote", "snapshot-00000000000000000004"])
    func flippedWholeFiles(name: String) throws {
        let (disk, _, _) = try log()
        var store = LogStore(disk, member: 1)
        _ = try store.load()
        try store.perform([.snapshot(LogStoreTests.snapshot(4), keepFrom: 2)])
        let bytes = try #require(disk[name])
        for place in bytes.indices {
            for bit in 0..<8 {
                let copy = disk.copy()
                var flipped = bytes
                flipped[place] ^= 1 << bit
                copy[name] = flipped
                guard (try? LogStoreTests.load(copy)) == nil else {
                    Issue.record("bit \(bit) of byte \(place) of \(name) went unnoticed")
                    return
                }
            }
        }
    }

    @Test("a file that is missing is noticed, and said", arguments: [0, 1, 2])
    func missing(number: Int) throws {
        let disk = SimulatedDisk()
        let big = Entry(term: 1, kind: .command, data: [UInt8](repeating: 7, count: Settings.commandLimit))
        _ = try LogStoreTests.filled(disk, [Entry](repeating: big, count: 12))
        let name = ["vote", Self.segment, "log-00000000000000000002"][number]
        #expect(disk[name] != nil)
        disk[name] = nil
        do {
            _ = try LogStoreTests.load(disk)
            Issue.record("nobody missed \(name)")
        } catch {
            #expect("\(error)".contains("missing"))
        }
    }

    @Test("another version's file is told from a damaged one")
    func otherVersion() throws {
        let (disk, _, _) = try log()
        var bytes = try #require(disk[Self.segment])
        bytes[7] = 2
        disk[Self.segment] = bytes
        do {
            _ = try LogStoreTests.load(disk)
            Issue.record("format 2 was read")
        } catch {
            #expect("\(error)".contains("Install the version that wrote it"))
        }
    }

    @Test("CRC-32C is the one of RFC 3720")
    func checksum() {
        #expect(CRC32C.of([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.of([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(CRC32C.of(Array("123456789".utf8)) == 0xE306_9283)
    }
}
