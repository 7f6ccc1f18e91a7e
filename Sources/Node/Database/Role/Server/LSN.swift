/// PostgreSQL's form of a place in its log: two hexadecimal numbers of 32 bits with a slash (pg_lsn).
enum LSN {
    /// `16/B374D848`.
    static func text(_ offset: UInt64) -> String {
        "\(hexadecimal(offset >> 32))/\(hexadecimal(offset & 0xFFFF_FFFF))"
    }

    /// Reads it; nil for anything else.
    static func offset(_ text: some Collection<UInt8>) -> UInt64? {
        let parts = text.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2, let high = number(parts[0]), let low = number(parts[1]) else { return nil }
        return high << 32 | low
    }

    /// Upper-case digits, without leading zeros unless `width` wants them.
    static func hexadecimal(_ value: UInt64, width: Int = 1) -> String {
        var digits: [UInt8] = []
        var rest = value
        while rest > 0 || digits.count < width {
            let digit = UInt8(rest & 15)
            digits.append(digit < 10 ? 0x30 + digit : 0x37 + digit)
            rest >>= 4
        }
        return String(decoding: digits.reversed(), as: UTF8.self)
    }

    /// One to eight hexadecimal digits.
    static func number(_ digits: some Collection<UInt8>) -> UInt64? {
        guard !digits.isEmpty, digits.count <= 8 else { return nil }
        var value: UInt64 = 0
        for digit in digits {
            switch digit {
            case 0x30...0x39: value = value << 4 | UInt64(digit - 0x30)
            case 0x41...0x46: value = value << 4 | UInt64(digit - 0x37)
            case 0x61...0x66: value = value << 4 | UInt64(digit - 0x57)
            default: return nil
            }
        }
        return value
    }
}
