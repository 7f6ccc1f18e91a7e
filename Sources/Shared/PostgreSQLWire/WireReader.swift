/// Reads the parts of a message's body, in network order.
struct WireReader {
    private var bytes: ArraySlice<UInt8>
    /// What a violation names.
    private let type: UInt8

    init(_ message: MessageBuffer.Message) {
        bytes = message.body
        type = message.type
    }

    var isAtEnd: Bool { bytes.isEmpty }

    mutating func byte() throws(WireViolation) -> UInt8 {
        guard let first = bytes.popFirst() else { throw .malformed(type) }
        return first
    }

    mutating func int16() throws(WireViolation) -> Int {
        let high = try byte()
        let low = try byte()
        return Int(Int16(bitPattern: UInt16(high) << 8 | UInt16(low)))
    }

    mutating func int32() throws(WireViolation) -> Int32 {
        var value: UInt32 = 0
        for _ in 0..<4 { value = value << 8 | UInt32(try byte()) }
        return Int32(bitPattern: value)
    }

    mutating func take(_ count: Int) throws(WireViolation) -> [UInt8] {
        guard count >= 0, count <= bytes.count else { throw .malformed(type) }
        let part = Array(bytes.prefix(count))
        bytes = bytes.dropFirst(count)
        return part
    }

    mutating func rest() -> [UInt8] {
        let part = Array(bytes)
        bytes = []
        return part
    }

    /// Up to a zero byte, which is taken, too. What is not UTF-8 is repaired.
    mutating func string() throws(WireViolation) -> String {
        guard let zero = bytes.firstIndex(of: 0) else { throw .malformed(type) }
        let text = String(decoding: bytes[bytes.startIndex..<zero], as: UTF8.self)
        bytes = bytes[(zero + 1)...]
        return text
    }

    func end() throws(WireViolation) {
        guard bytes.isEmpty else { throw .malformed(type) }
    }
}
