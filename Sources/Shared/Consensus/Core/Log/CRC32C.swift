/// CRC-32C (Castagnoli; RFC 3720 appendix B.4): finds every burst of up to 32 wrong bits.
struct CRC32C {
    private static let table: [UInt32] = (0..<256 as Range<UInt32>).map { byte in
        var value = byte
        for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ 0x82F6_3B78 : value >> 1 }
        return value
    }

    private var state: UInt32 = .max

    var value: UInt32 { ~state }

    mutating func update(_ bytes: ArraySlice<UInt8>) {
        state = bytes.withUnsafeBufferPointer { bytes in
            Self.table.withUnsafeBufferPointer { table in
                var state = state
                var place = 0
                while place < bytes.count {
                    state = (state >> 8) ^ table[Int((state ^ UInt32(bytes[place])) & 0xFF)]
                    place += 1
                }
                return state
            }
        }
    }

    static func of(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var sum = CRC32C()
        sum.update(bytes)
        return sum.value
    }

    static func of(_ bytes: [UInt8]) -> UInt32 { of(bytes[...]) }
}
