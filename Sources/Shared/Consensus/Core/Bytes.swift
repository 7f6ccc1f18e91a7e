/// Puts little-endian numbers and bytes one behind the other.
struct ByteWriter {
    var bytes: [UInt8] = []

    mutating func add(_ value: UInt8) { bytes.append(value) }
    mutating func add(_ value: Bool) { bytes.append(value ? 1 : 0) }
    mutating func add(_ value: UInt16) { addLittleEndian(UInt64(value), 2) }
    mutating func add(_ value: UInt32) { addLittleEndian(UInt64(value), 4) }
    mutating func add(_ value: UInt64) { addLittleEndian(value, 8) }

    /// Four bytes that say how many follow, and those.
    mutating func add(_ data: [UInt8]) {
        add(UInt32(data.count))
        bytes.append(contentsOf: data)
    }

    private mutating func addLittleEndian(_ value: UInt64, _ count: Int) {
        for place in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * place))) }
    }
}

/// Takes apart what came from a disk or a network; nil as soon as something is missing.
struct ByteReader {
    private let bytes: [UInt8]
    private(set) var position: Int

    init(_ bytes: [UInt8], at position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    var remaining: Int { bytes.count - position }
    var rest: ArraySlice<UInt8> { bytes[position...] }

    mutating func uint8() -> UInt8? { littleEndian(1).map { UInt8(truncatingIfNeeded: $0) } }
    mutating func uint16() -> UInt16? { littleEndian(2).map { UInt16(truncatingIfNeeded: $0) } }
    mutating func uint32() -> UInt32? { littleEndian(4).map { UInt32(truncatingIfNeeded: $0) } }
    mutating func uint64() -> UInt64? { littleEndian(8) }

    /// 0 or 1; anything else is nil, so that a value has one encoding.
    mutating func bool() -> Bool? {
        switch uint8() {
        case 0: false
        case 1: true
        default: nil
        }
    }

    /// What `ByteWriter.add([UInt8])` wrote, at most `limit` bytes of it.
    mutating func data(limit: Int) -> [UInt8]? {
        guard let count = uint32(), count <= UInt32(limit), Int(count) <= remaining else { return nil }
        defer { position += Int(count) }
        return Array(bytes[position..<position + Int(count)])
    }

    /// Text up to a 0, which is taken, too; nil when it is no UTF-8 or longer than `limit` bytes.
    mutating func text(limit: Int) -> String? {
        guard let end = bytes[position...].firstIndex(of: 0), end - position <= limit else { return nil }
        let part = bytes[position..<end]
        let text = String(decoding: part, as: UTF8.self)
        guard text.utf8.elementsEqual(part) else { return nil }
        position = end + 1
        return text
    }

    private mutating func littleEndian(_ count: Int) -> UInt64? {
        guard remaining >= count else { return nil }
        var value: UInt64 = 0
        for place in 0..<count { value |= UInt64(bytes[position + place]) << UInt64(8 * place) }
        position += count
        return value
    }
}
