import Languages

/// A VRRP version 3 advertisement for IPv4 (RFC 9568 section 5).
public struct Advertisement: Sendable, Equatable {
    /// The virtual router, 1 to 255.
    public var virtualRouterID: UInt8
    /// 0: the sender stops; 1 to 254; 255: the sender owns the addresses.
    public var priority: UInt8
    /// Max Advertise Interval, 10 ms to 40.95 s, a multiple of 10 ms.
    public var interval: Duration
    /// At least one, at most 255.
    public var addresses: [IPv4Address]
    /// How its checksum is, or was, computed.
    public var checksum: ChecksumForm

    /// An advertisement.
    public init(
        virtualRouterID: UInt8, priority: UInt8, interval: Duration, addresses: [IPv4Address],
        checksum: ChecksumForm
    ) {
        self.virtualRouterID = virtualRouterID
        self.priority = priority
        self.interval = interval
        self.addresses = addresses
        self.checksum = checksum
    }
}

/// Two readings of the checksum of version 3 over IPv4 are in use; everybody must accept both.
public enum ChecksumForm: Sendable, Equatable {
    /// With a pseudo-header in front, as RFC 5798 was mostly read: Keepalived's and FRR's default.
    case pseudoHeader
    /// Over the message alone (RFC 9568 section 5.2.8): Keepalived's `v3_checksum_as_v2`.
    case messageOnly
}

/// The numbers of the protocol.
public enum VRRP {
    /// VRRP's IP protocol number (RFC 9568 section 5.1.1.4).
    public static let ipProtocol: UInt8 = 112
    /// Where IPv4 advertisements go (section 5.1.1.2).
    public static let group = IPv4Address(bits: 0xE000_0012)
    /// What every advertisement is sent with; one with less has crossed a router (section 5.1.1.3).
    public static let timeToLive: UInt8 = 255
    /// Bytes in front of the addresses (section 5.2).
    public static let headerLength = 8
    /// An IPv4 header without options.
    public static let ipHeaderLength = 20
    /// Bytes that a receive buffer needs: the longest IPv4 header and 255 addresses.
    public static let maximumPacket = 60 + headerLength + 4 * 255
}
