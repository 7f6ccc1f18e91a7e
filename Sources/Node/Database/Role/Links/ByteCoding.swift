/// Numbers and texts one after the other, the highest byte first.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    mutating func number<N: FixedWidthInteger & UnsignedInteger>(_ value: N) {
        for place in (0..<(N.bitWidth / 8)).reversed() {
            bytes.append(UInt8(truncatingIfNeeded: value >> N(place * 8)))
        }
    }

    mutating func flag(_ value: Bool) { bytes.append(value ? 1 : 0) }
}

/// Reads what `ByteWriter` wrote; after a mistake everything is nil.
///
/// An array and a place in it, not a slice: with a slice the 32-bit ARM compiler (Swift 6.3.1) releases what it does not own.
struct ByteReader {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: some Collection<UInt8>) { self.bytes = Array(bytes) }

    var isAtEnd: Bool { place == bytes.count }

    mutating func byte() -> UInt8? {
        guard place < bytes.count else { return nil }
        place += 1
        return bytes[place - 1]
    }

    mutating func number<N: FixedWidthInteger & UnsignedInteger>() -> N? {
        let count = N.bitWidth / 8
        guard bytes.count - place >= count else {
            place = bytes.count
            return nil
        }
        var value: N = 0
        for _ in 0..<count {
            value = value << 8 | N(bytes[place])
            place += 1
        }
        return value
    }

    mutating func flag() -> Bool? {
        switch byte() {
        case 0: false
        case 1: true
        default: nil
        }
    }
}
