/// The processor that an ARM file was compiled for, from `.ARM.attributes` (ARM IHI 0045, "Addenda to the ABI").
enum ARMAttributes {
    /// `Tag_CPU_arch` of ARMv7; the tag's values above it are other profiles or later processors.
    static let v7: UInt64 = 10
    private static let cpuArchitecture: UInt64 = 6
    // The tags whose values are texts; of the others, those from 32 on are texts where odd.
    private static let textTags: Set<UInt64> = [4, 5, 67]
    private static let compatibility: UInt64 = 32

    /// `Tag_CPU_arch`, or nil where the section does not say.
    static func architecture(in bytes: [UInt8]) -> UInt64? {
        guard bytes.first == UInt8(ascii: "A") else { return nil }
        var reader = Reader(bytes: bytes, position: 1)
        // One vendor's subsection: length, "aeabi", then a file's attributes: tag 1, length.
        guard reader.skip(4), reader.text() == "aeabi", reader.number() == 1, reader.skip(4) else {
            return nil
        }
        while let tag = reader.number() {
            if tag == cpuArchitecture { return reader.number() }
            if tag == compatibility {
                guard reader.number() != nil, reader.text() != nil else { return nil }
            } else if textTags.contains(tag) || (tag > compatibility && tag % 2 == 1) {
                guard reader.text() != nil else { return nil }
            } else {
                guard reader.number() != nil else { return nil }
            }
        }
        return nil
    }

    private struct Reader {
        let bytes: [UInt8]
        var position: Int

        mutating func skip(_ count: Int) -> Bool {
            position += count
            return position <= bytes.count
        }

        /// ULEB128.
        mutating func number() -> UInt64? {
            var value: UInt64 = 0
            var shift: UInt64 = 0
            while position < bytes.count, shift < 63 {
                let byte = bytes[position]
                position += 1
                value |= UInt64(byte & 0x7f) << shift
                if byte & 0x80 == 0 { return value }
                shift += 7
            }
            return nil
        }

        mutating func text() -> String? {
            guard let end = bytes[min(position, bytes.count)...].firstIndex(of: 0) else { return nil }
            defer { position = end + 1 }
            return String(decoding: bytes[position..<end], as: UTF8.self)
        }
    }
}
