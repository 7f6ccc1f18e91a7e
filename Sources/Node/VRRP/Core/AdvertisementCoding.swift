import Languages

/// Bytes on the wire. What arrives comes from a network: every length is checked before it is believed.
extension Advertisement {
    /// The advertisement in its IPv4 packet, for a raw socket that is given the header (IP_HDRINCL).
    ///
    /// - Parameter identification: the IPv4 header's; may repeat, as DF is set (RFC 6864 section 4.1).
    public func packet(from source: IPv4Address, identification: UInt16) -> [UInt8] {
        let length = VRRP.ipHeaderLength + VRRP.headerLength + 4 * addresses.count
        var bytes = [UInt8]()
        bytes.reserveCapacity(length)
        // Version 4 and 5 words of header, DSCP CS6 as routing protocols have it (RFC 4594 section 3.2).
        bytes.append(contentsOf: [0x45, 0xC0])
        Self.append16(UInt16(length), to: &bytes)
        Self.append16(identification, to: &bytes)
        bytes.append(contentsOf: [0x40, 0, VRRP.timeToLive, VRRP.ipProtocol, 0, 0])
        Self.append32(source.bits, to: &bytes)
        Self.append32(VRRP.group.bits, to: &bytes)
        Self.set(Self.fold(Self.sum(bytes[...])), at: 10, in: &bytes)
        appendMessage(to: &bytes, from: source)
        return bytes
    }

    private func appendMessage(to bytes: inout [UInt8], from source: IPv4Address) {
        let start = bytes.count
        bytes.append(contentsOf: [
            0x31, virtualRouterID, priority, UInt8(truncatingIfNeeded: addresses.count),
        ])
        Self.append16(UInt16(truncatingIfNeeded: Self.centiseconds(interval)), to: &bytes)
        bytes.append(contentsOf: [0, 0])
        for address in addresses { Self.append32(address.bits, to: &bytes) }
        var sum = Self.sum(bytes[start...])
        if checksum == .pseudoHeader {
            sum += Self.pseudoHeaderSum(source, VRRP.group, length: bytes.count - start)
        }
        Self.set(Self.fold(sum), at: start + 6, in: &bytes)
    }

    /// Reads an IPv4 packet as a raw socket delivers it, header included. Bytes beyond the packet's
    /// own length are Ethernet's padding and do not count.
    public static func read(_ bytes: ArraySlice<UInt8>) throws(Rejection) -> (
        Advertisement, from: IPv4Address
    ) {
        let start = bytes.startIndex
        guard bytes.count >= VRRP.ipHeaderLength, bytes[start] >> 4 == 4 else { throw .ipHeader }
        let headerLength = Int(bytes[start] & 15) * 4
        let totalLength = Int(read16(bytes, start + 2))
        guard headerLength >= VRRP.ipHeaderLength, totalLength >= headerLength, totalLength <= bytes.count,
            bytes[start + 9] == VRRP.ipProtocol
        else { throw .ipHeader }
        let source = IPv4Address(bits: read32(bytes, start + 12))
        let destination = IPv4Address(bits: read32(bytes, start + 16))
        guard destination == VRRP.group else { throw .destination }
        guard bytes[start + 8] == VRRP.timeToLive else { throw .timeToLive }
        let message = bytes[(start + headerLength)..<(start + totalLength)]
        return (try read(message: message, source, destination), source)
    }

    private static func read(
        message: ArraySlice<UInt8>, _ source: IPv4Address, _ destination: IPv4Address
    ) throws(Rejection) -> Advertisement {
        let start = message.startIndex
        guard message.count >= VRRP.headerLength else { throw .tooShort }
        let count = Int(message[start + 3])
        guard message[start] >> 4 == 3 else {
            guard message[start] >> 4 == 2 else { throw .version }
            // CARP: 36 bytes of which byte 3 says 7 words of authentication (OpenBSD's ip_carp.h).
            throw message.count == 36 && count == 7 ? .carp : .version2
        }
        guard message[start] & 15 == 1 else { throw .type }
        guard count > 0 else { throw .noAddresses }
        let centiseconds = read16(message, start + 4) & 0x0FFF
        guard centiseconds > 0 else { throw .zeroInterval }
        guard message.count == VRRP.headerLength + 4 * count else { throw .length }
        let sum = sum(message)
        let pseudo = pseudoHeaderSum(source, destination, length: message.count)
        let form: ChecksumForm
        if fold(sum + pseudo) == 0 {
            form = .pseudoHeader
        } else if fold(sum) == 0 {
            form = .messageOnly
        } else {
            throw .checksum
        }
        var addresses: [IPv4Address] = []
        addresses.reserveCapacity(count)
        for index in 0..<count {
            addresses.append(IPv4Address(bits: read32(message, start + VRRP.headerLength + 4 * index)))
        }
        return Advertisement(
            virtualRouterID: message[start + 1], priority: message[start + 2],
            interval: .milliseconds(10 * Int64(centiseconds)), addresses: addresses, checksum: form)
    }

    private static func centiseconds(_ interval: Duration) -> Int64 {
        let (seconds, attoseconds) = interval.components
        return seconds * 100 + attoseconds / 10_000_000_000_000_000
    }

    // MARK: the Internet checksum (RFC 1071)

    private static func pseudoHeaderSum(_ source: IPv4Address, _ destination: IPv4Address, length: Int)
        -> UInt32
    {
        (source.bits >> 16) + (source.bits & 0xFFFF) + (destination.bits >> 16) + (destination.bits & 0xFFFF)
            + UInt32(VRRP.ipProtocol) + UInt32(length)
    }

    /// Of at most 1,080 bytes: 32 bits cannot overflow.
    private static func sum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var sum: UInt32 = 0
        var index = bytes.startIndex
        while index + 1 < bytes.endIndex {
            sum += UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1])
            index += 2
        }
        if index < bytes.endIndex { sum += UInt32(bytes[index]) << 8 }
        return sum
    }

    private static func fold(_ sum: UInt32) -> UInt16 {
        var folded = (sum >> 16) + (sum & 0xFFFF)
        folded += folded >> 16
        return ~UInt16(truncatingIfNeeded: folded)
    }

    private static func append16(_ value: UInt16, to bytes: inout [UInt8]) {
        bytes.append(UInt8(value >> 8))
        bytes.append(UInt8(value & 255))
    }

    private static func append32(_ value: UInt32, to bytes: inout [UInt8]) {
        append16(UInt16(value >> 16), to: &bytes)
        append16(UInt16(value & 0xFFFF), to: &bytes)
    }

    private static func set(_ value: UInt16, at index: Int, in bytes: inout [UInt8]) {
        bytes[index] = UInt8(value >> 8)
        bytes[index + 1] = UInt8(value & 255)
    }

    private static func read16(_ bytes: ArraySlice<UInt8>, _ index: Int) -> UInt16 {
        UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1])
    }

    private static func read32(_ bytes: ArraySlice<UInt8>, _ index: Int) -> UInt32 {
        UInt32(read16(bytes, index)) << 16 | UInt32(read16(bytes, index + 2))
    }
}
