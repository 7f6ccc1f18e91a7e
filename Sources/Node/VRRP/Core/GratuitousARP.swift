import Languages

/// A gratuitous ARP in the request form.
///
/// Linux takes a request with sender address == target address as gratuitous whatever the target MAC
/// (`arp_is_garp` in net/ipv4/arp.c), a reply only if its target MAC is its own: the request reaches more caches.
public enum GratuitousARP {
    /// The whole Ethernet frame: `address` is at `mac`.
    public static func frame(_ address: IPv4Address, at mac: [UInt8]) -> [UInt8] {
        let bytes: [UInt8] = [
            UInt8(address.bits >> 24), UInt8(address.bits >> 16 & 255), UInt8(address.bits >> 8 & 255),
            UInt8(address.bits & 255),
        ]
        let everybody = [UInt8](repeating: 0xFF, count: 6)
        // EtherType ARP; hardware Ethernet, protocol IPv4, their lengths, operation request (RFC 826).
        let head: [UInt8] = [0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1]
        return everybody + mac + head + mac + bytes + everybody + bytes
    }
}
