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
struct ByteReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: some Collection<UInt8>) { rest = Array(bytes)[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func byte() -> UInt8? { rest.popFirst() }

    mutating func number<N: FixedWidthInteger & UnsignedInteger>() -> N? {
        let count = N.bitWidth / 8
        guard rest.count >= count else { return nil }
        var value: N = 0
        for byte in rest.prefix(count) { value = value << 8 | N(byte) }
        rest = rest.dropFirst(count)
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
