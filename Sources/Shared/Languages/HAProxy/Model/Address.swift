extension HAProxyConfiguration {
    /// An IPv4 or IPv6 address. Names are not looked up: a static binary has no resolver.
    public enum Address: Sendable, Equatable, Hashable {
        /// Four bytes, the first one the most significant.
        case v4(UInt32)
        /// Sixteen bytes, the first eight in `high`.
        case v6(high: UInt64, low: UInt64)

        /// 0.0.0.0 or ::, which stands for every address of the machine.
        public var isWildcard: Bool {
            switch self {
            case .v4(let value): value == 0
            case .v6(let high, let low): high == 0 && low == 0
            }
        }

        /// In network order: 4 or 16 bytes.
        public var bytes: [UInt8] {
            switch self {
            case .v4(let value): bigEndianBytes(UInt64(value), count: 4)
            case .v6(let high, let low): bigEndianBytes(high, count: 8) + bigEndianBytes(low, count: 8)
            }
        }

        /// `192.0.2.1`, or RFC 5952's form of an IPv6 address.
        public var text: String {
            switch self {
            case .v4(let value): ipv4Text(value)
            case .v6(let high, let low): ipv6Text(high: high, low: low)
            }
        }

        /// The text with a port: `192.0.2.1:80`, `[2001:db8::1]:80`.
        public func text(port: UInt16) -> String {
            switch self {
            case .v4: "\(text):\(port)"
            case .v6: "[\(text)]:\(port)"
            }
        }
    }

    /// An address and the number of its leading bits that count.
    public struct Network: Sendable, Equatable {
        /// The network's address.
        public internal(set) var address: Address
        /// 0 to 32, or 0 to 128.
        public internal(set) var prefixLength: Int

        /// Whether the address belongs to the network.
        public func contains(_ other: Address) -> Bool {
            switch (address, other) {
            case (.v4(let mine), .v4(let theirs)):
                return prefixLength == 0 || (mine ^ theirs) >> UInt32(32 - prefixLength) == 0
            case (.v6(let high, let low), .v6(let otherHigh, let otherLow)):
                let highBits = min(prefixLength, 64)
                let lowBits = prefixLength - highBits
                let highAgrees = highBits == 0 || (high ^ otherHigh) >> UInt64(64 - highBits) == 0
                let lowAgrees = lowBits == 0 || (low ^ otherLow) >> UInt64(64 - lowBits) == 0
                return highAgrees && lowAgrees
            case (.v4, .v6), (.v6, .v4):
                return false
            }
        }
    }
}

private func bigEndianBytes(_ value: UInt64, count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    for index in 0..<count {
        bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * (count - 1 - index))))
    }
    return bytes
}

private func ipv4Text(_ value: UInt32) -> String {
    "\(value >> 24).\(value >> 16 & 255).\(value >> 8 & 255).\(value & 255)"
}

/// RFC 5952: lower case, no leading zeros, the longest run (the first of equals) of two or more zero groups
/// as `::`; an IPv4-mapped address ends with dots (section 5).
private func ipv6Text(high: UInt64, low: UInt64) -> String {
    if high == 0, low >> 32 == 0xffff { return "::ffff:" + ipv4Text(UInt32(truncatingIfNeeded: low)) }
    var groups: [UInt64] = []
    for half in [high, low] {
        for shift in [48, 32, 16, 0] as [UInt64] { groups.append(half >> shift & 0xffff) }
    }
    var best = 0..<0
    var index = 0
    while index < 8 {
        var end = index
        while end < 8, groups[end] == 0 { end += 1 }
        if end - index > max(best.count, 1) { best = index..<end }
        index = max(end, index + 1)
    }
    var text = ""
    index = 0
    while index < 8 {
        if !best.isEmpty, index == best.lowerBound {
            text += "::"
            index = best.upperBound
            continue
        }
        if !text.isEmpty, text.utf8.last != UInt8(ascii: ":") { text += ":" }
        text += String(groups[index], radix: 16)
        index += 1
    }
    return text
}
