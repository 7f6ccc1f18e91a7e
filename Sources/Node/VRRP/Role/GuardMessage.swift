import CLinux

/// What goes from the role to its guard: one message a state, both ends the same binary.
enum GuardMessage {
    /// "You may go."
    static let dismissal: [UInt8] = [0xFF]
    static let maximum = 64 * 1024

    static func bytes(_ holding: Guard.Holding) -> [UInt8] {
        var bytes: [UInt8] = [0]
        append(holding.limit, to: &bytes)
        append(UInt32(holding.addresses.count), to: &bytes)
        for entry in holding.addresses {
            append(entry.index, to: &bytes)
            append(entry.address, to: &bytes)
            append(UInt32(entry.prefix), to: &bytes)
        }
        append(UInt32(holding.resignations.count), to: &bytes)
        for entry in holding.resignations {
            append(entry.index, to: &bytes)
            append(UInt32(entry.interface.utf8.count), to: &bytes)
            bytes.append(contentsOf: entry.interface.utf8)
            append(UInt32(entry.packet.count), to: &bytes)
            bytes.append(contentsOf: entry.packet)
        }
        return bytes
    }

    /// Nil for the dismissal.
    static func read(_ bytes: ArraySlice<UInt8>) -> Guard.Holding? {
        guard bytes.first == 0 else { return nil }
        var rest = bytes.dropFirst()
        var holding = Guard.Holding()
        holding.limit = number(&rest)
        for _ in 0..<number(&rest) {
            let index = number(&rest)
            let address = number(&rest)
            holding.addresses.append((index, address, UInt8(truncatingIfNeeded: number(&rest))))
        }
        for _ in 0..<number(&rest) {
            let index = number(&rest)
            let name = String(decoding: text(&rest), as: UTF8.self)
            holding.resignations.append((name, index, Array(text(&rest))))
        }
        return holding
    }

    private static func append(_ value: UInt32, to bytes: inout [UInt8]) {
        for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    private static func number(_ rest: inout ArraySlice<UInt8>) -> UInt32 {
        guard rest.count >= 4 else {
            rest = []
            return 0
        }
        var value: UInt32 = 0
        for byte in rest.prefix(4) { value = value << 8 | UInt32(byte) }
        rest = rest.dropFirst(4)
        return value
    }

    private static func text(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let count = min(rest.count, Int(truncatingIfNeeded: number(&rest)))
        let text = rest.prefix(max(0, count))
        rest = rest.dropFirst(text.count)
        return text
    }
}
