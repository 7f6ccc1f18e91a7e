/// Entries that were written and synchronised at once.
///
/// A header of 32 bytes: first index (8), number of entries (4), bytes of the body (4), checksum of the body (4), zeros (4),
/// checksum of the header so far (4), `end` (4). The body: for each entry term (8), kind (1), length (4), data; zeros up to a
/// multiple of 8; `end` (4) and its complement (4). All but the two ends is masked by a fixed sequence of bytes.
///
/// What a power cut leaves of the last batch ends early, or has zeros where sectors were not written. A batch that is whole has
/// no eight zeros in its place of a sector (that is what the mask is for), so it can be told: what is all there and
/// still wrong was not torn but has been damaged.
struct Batch {
    static let headerSize = 32
    /// The least that a disk writes at once.
    static let sector = 512
    /// A body is shorter: entries that may be under way, each of the greatest size, and room to spare.
    static let bodyLimit = 1 << 30
    private static let end: [UInt8] = [0xA5, 0x5A, 0xC3, 0x3C]
    private static let complement: [UInt8] = [0x5A, 0xA5, 0x3C, 0xC3]
    private static let mask: [UInt8] = {
        // Marsaglia's xorshift32.
        var state: UInt32 = 0x9E37_79B9
        return (0..<4096).map { _ in
            state ^= state << 13
            state ^= state >> 17
            state ^= state << 5
            return UInt8(truncatingIfNeeded: state >> 11)
        }
    }()

    var first: UInt64
    var entries: [Entry]

    var encoded: [UInt8] {
        var body = ByteWriter()
        for entry in entries {
            body.add(entry.term)
            body.add(entry.kind.rawValue)
            body.add(entry.data)
        }
        while body.bytes.count % 8 != 0 { body.add(UInt8(0)) }
        let sum = CRC32C.of(body.bytes)
        var writer = ByteWriter()
        writer.add(first)
        writer.add(UInt32(entries.count))
        writer.add(UInt32(body.bytes.count + 8))
        writer.add(sum)
        writer.add(UInt32(0))
        writer.add(CRC32C.of(writer.bytes))
        return Self.masked(writer.bytes[...], 0) + Self.end
            + Self.masked(body.bytes[...], Self.headerSize) + Self.end + Self.complement
    }

    enum Found {
        /// A batch and its bytes on the disk.
        case batch(Batch, size: Int)
        /// Nothing more.
        case nothing
        /// A write that was cut short.
        case torn
        case damaged(String)
    }

    /// What stands at an offset of a segment.
    static func read(_ bytes: [UInt8], at offset: Int) -> Found {
        guard offset < bytes.count else { return .nothing }
        guard let header = Header(bytes, at: offset) else {
            if isIncomplete(bytes, offset, offset + headerSize) { return unlessFollowed(bytes, offset) }
            return .damaged("the batch at byte \(offset) has a wrong header")
        }
        let end = offset + headerSize + header.bodySize
        guard end <= bytes.count else { return .torn }
        guard let entries = header.entries(bytes, at: offset) else {
            if isIncomplete(bytes, offset, end) { return unlessFollowed(bytes, offset) }
            return .damaged("the batch at byte \(offset) has a wrong checksum")
        }
        return .batch(Batch(first: header.first, entries: entries), size: headerSize + header.bodySize)
    }

    /// What stands before a whole batch was synchronised, and so was not torn.
    private static func unlessFollowed(_ bytes: [UInt8], _ offset: Int) -> Found {
        var place = offset + 8
        while place + headerSize <= bytes.count {
            if let header = Header(bytes, at: place), header.entries(bytes, at: place) != nil {
                return .damaged("there is none at byte \(offset), but one behind it")
            }
            place += 8
        }
        return .torn
    }

    private struct Header {
        var first: UInt64
        var count: Int
        var bodySize: Int
        var bodySum: UInt32

        init?(_ bytes: [UInt8], at offset: Int) {
            guard offset + headerSize <= bytes.count else { return nil }
            let stop = offset + headerSize
            guard bytes[(stop - 4)..<stop].elementsEqual(end) else { return nil }
            let plain = masked(bytes[offset..<(stop - 4)], 0)
            var reader = ByteReader(plain)
            guard let first = reader.uint64(), let count = reader.uint32(), let size = reader.uint32(),
                let bodySum = reader.uint32(), reader.uint32() == 0, let sum = reader.uint32(),
                sum == CRC32C.of(plain[..<(headerSize - 8)]), first > 0, size >= 8, size % 8 == 0,
                size < UInt32(bodyLimit)
            else { return nil }
            self.first = first
            self.count = Int(count)
            bodySize = Int(size)
            self.bodySum = bodySum
        }

        /// The entries of the batch that this header stands before; nil when they are not all there, and right.
        func entries(_ bytes: [UInt8], at offset: Int) -> [Entry]? {
            let start = offset + headerSize
            let stop = start + bodySize
            guard stop <= bytes.count, bytes[(stop - 8)..<stop].elementsEqual(end + complement) else {
                return nil
            }
            let plain = masked(bytes[start..<(stop - 8)], headerSize)
            guard CRC32C.of(plain) == bodySum else { return nil }
            var reader = ByteReader(plain)
            var entries: [Entry] = []
            for _ in 0..<count {
                guard let entry = reader.entry() else { return nil }
                entries.append(entry)
            }
            return reader.remaining < 8 ? entries : nil
        }
    }

    private static func masked(_ bytes: ArraySlice<UInt8>, _ position: Int) -> [UInt8] {
        var result = Array(bytes)
        result.withUnsafeMutableBufferPointer { result in
            mask.withUnsafeBufferPointer { mask in
                var place = 0
                while place < result.count {
                    result[place] ^= mask[(position + place) & (mask.count - 1)]
                    place += 1
                }
            }
        }
        return result
    }

    /// Whether what should stand between two offsets is not all there.
    private static func isIncomplete(_ bytes: [UInt8], _ start: Int, _ stop: Int) -> Bool {
        // A batch and a header end with something else than 0.
        guard stop <= bytes.count, bytes[stop - 1] != 0 else { return true }
        var place = start
        while place < stop {
            let next = min(stop, (place / sector + 1) * sector)
            // The beginning of a sector may be there where its end is not: the file ended within it.
            if bytes[place..<next].suffix(8).allSatisfy({ $0 == 0 }) { return true }
            place = next
        }
        return false
    }
}
