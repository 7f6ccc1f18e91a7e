/// An IPv4 address as the number that its four bytes make in network order, so that `<` compares as
/// RFC 9568 section 6.4.3 wants it (unsigned, network byte order).
public struct IPv4Address: Hashable, Comparable, Sendable {
    /// The first byte of the address is the most significant one.
    public let bits: UInt32

    /// The address with these bits, first byte most significant.
    public init(bits: UInt32) { self.bits = bits }

    /// An address in dotted decimal notation with four numbers from 0 to 255; nil for anything else.
    public init?(_ text: String) {
        var bits: UInt32 = 0
        var parts = 0
        var digits = 0
        var value: UInt32 = 0
        for byte in text.utf8 {
            if byte == UInt8(ascii: ".") {
                guard digits > 0, parts < 3 else { return nil }
                bits = bits << 8 | value
                parts += 1
                digits = 0
                value = 0
            } else {
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
                // inet_aton(3) reads a leading zero as octal: refuse what two readers read differently.
                guard digits == 0 || value != 0 else { return nil }
                value = value * 10 + UInt32(byte - UInt8(ascii: "0"))
                digits += 1
                guard value <= 255 else { return nil }
            }
        }
        guard parts == 3, digits > 0 else { return nil }
        self.bits = bits << 8 | value
    }

    /// Dotted decimal notation.
    public var text: String {
        "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
    }

    /// Whether a host can have this address: not 0.0.0.0/8, not loopback, multicast or reserved.
    public var isUnicast: Bool {
        let first = bits >> 24
        return first != 0 && first != 127 && first < 224
    }

    /// Whether both addresses are the same.
    public static func == (a: IPv4Address, b: IPv4Address) -> Bool { a.bits == b.bits }

    /// Unsigned comparison in network byte order.
    public static func < (a: IPv4Address, b: IPv4Address) -> Bool { a.bits < b.bits }
}
