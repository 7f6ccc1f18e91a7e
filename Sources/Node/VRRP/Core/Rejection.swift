/// Why a packet was not taken as an advertisement for us. Each has a counter.
public enum Rejection: Int, Error, Sendable, Equatable, CaseIterable {
    /// The IPv4 header is not whole, or it is not VRRP's protocol number.
    case ipHeader
    /// Not sent to VRRP's multicast group.
    case destination
    /// TTL is not 255: it crossed a router (RFC 9568 section 7.1).
    case timeToLive
    /// Shorter than a header.
    case tooShort
    /// UCarp or OpenBSD's CARP, which uses VRRP's protocol number and group.
    case carp
    /// VRRP version 2.
    case version2
    /// Another version.
    case version
    /// Not an ADVERTISEMENT.
    case type
    /// Its addresses number 0 (erratum 8299).
    case noAddresses
    /// Its interval is 0, which would make every backup fire at once (erratum 8301).
    case zeroInterval
    /// Longer or shorter than its count of addresses says.
    case length
    /// Right in neither form.
    case checksum
    /// For a virtual router that is not configured on this interface.
    case otherRouter
    /// Our own, reflected by the network.
    case own

    /// As the console's JSON says it.
    public var name: String {
        switch self {
        case .ipHeader: "ip_header"
        case .destination: "destination"
        case .timeToLive: "ttl"
        case .tooShort: "too_short"
        case .carp: "carp"
        case .version2: "version_2"
        case .version: "version"
        case .type: "type"
        case .noAddresses: "no_addresses"
        case .zeroInterval: "zero_interval"
        case .length: "length"
        case .checksum: "checksum"
        case .otherRouter: "other_vrid"
        case .own: "own"
        }
    }
}

/// How often each thing happened.
public struct RejectionCounters: Sendable, Equatable {
    private var counts = [UInt64](repeating: 0, count: Rejection.allCases.count)

    /// All zero.
    public init() {}

    /// One more.
    public mutating func count(_ rejection: Rejection) { counts[rejection.rawValue] &+= 1 }

    /// How often.
    public subscript(_ rejection: Rejection) -> UInt64 { counts[rejection.rawValue] }
}
