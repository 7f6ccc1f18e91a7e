import Foundation

/// An IPv4 or IPv6 address written as a literal.
public struct IPAddress: Sendable, Equatable {
    /// 4 or 16 bytes, most significant first.
    public let bytes: [UInt8]

    /// Reads a literal (RFC 4291 2.2, dotted decimal without leading zeros); nil for anything else.
    public init?(_ text: String) {
        if let four = IPv4Address(text) {
            bytes = four.bytes
            return
        }
        var raw = in6_addr()
        guard text.utf8.contains(UInt8(ascii: ":")), inet_pton(AF_INET6, text, &raw) == 1 else { return nil }
        bytes = withUnsafeBytes(of: &raw) { Array($0) }
    }

    /// Whether this is an IPv4 address.
    public var isIPv4: Bool { bytes.count == 4 }
}

/// An IPv4 address.
public struct IPv4Address: Sendable, Equatable, Hashable, CustomStringConvertible {
    /// The 32 bits, most significant first.
    public let value: UInt32

    /// An address by its bits.
    public init(value: UInt32) { self.value = value }

    /// Reads `a.b.c.d`, each 0 to 255 without leading zeros; nil for anything else.
    public init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.allSatisfy(ASCII.isDigit),
                part.count == 1 || part.first != UInt8(ascii: "0"), let byte = UInt8(ASCII.text(part))
            else { return nil }
            value = value << 8 | UInt32(byte)
        }
        self.value = value
    }

    var bytes: [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }

    /// `a.b.c.d`.
    public var description: String { bytes.map { "\($0)" }.joined(separator: ".") }
}

/// A range of IPv4 addresses in CIDR notation (RFC 4632): `192.0.2.0/24`.
public struct IPv4Network: Sendable, Equatable, CustomStringConvertible {
    /// The first address: all host bits 0.
    public let address: IPv4Address
    /// 0 to 32.
    public let prefix: Int

    /// The range that an address is in.
    public init(containing address: IPv4Address, prefix: Int) {
        self.prefix = min(32, max(0, prefix))
        let mask: UInt32 = self.prefix == 0 ? 0 : UInt32.max << UInt32(32 - self.prefix)
        self.address = IPv4Address(value: address.value & mask)
    }

    /// Reads `a.b.c.d/n`; nil for anything else, host bits that are not 0 included.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPv4Address(String(parts[0])),
            (1...2).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy(ASCII.isDigit),
            let prefix = Int(parts[1]), prefix <= 32
        else { return nil }
        self.init(containing: address, prefix: prefix)
        guard self.address == address else { return nil }
    }

    /// Whether an address is in the range.
    public func contains(_ address: IPv4Address) -> Bool {
        IPv4Network(containing: address, prefix: prefix).address == self.address
    }

    /// Whether the other range lies within this one.
    public func contains(_ other: IPv4Network) -> Bool { other.prefix >= prefix && contains(other.address) }

    /// The last address, which is the broadcast address.
    public var last: IPv4Address {
        IPv4Address(value: address.value | (prefix == 0 ? UInt32.max : (1 << UInt32(32 - prefix)) &- 1))
    }

    /// `a.b.c.d/n`.
    public var description: String { "\(address)/\(prefix)" }

    /// The ranges that documentation may use and no network routes (RFC 5737).
    public static let documentation = [
        IPv4Network(containing: IPv4Address(value: 0xC000_0200), prefix: 24),
        IPv4Network(containing: IPv4Address(value: 0xC633_6400), prefix: 24),
        IPv4Network(containing: IPv4Address(value: 0xCB00_7100), prefix: 24),
    ]
}
