import CLinux
import Languages

extension HAProxyConfiguration.Address {
    /// As the kernel's door wants it.
    public func raw(port: UInt16) -> cl_peer {
        var raw = cl_peer()
        raw.port = port
        switch self {
        case .v4(let value): raw.low = UInt64(value)
        case .v6(let high, let low):
            raw.high = high
            raw.low = low
            raw.is_v6 = 1
        }
        return raw
    }

    /// The address of one that the kernel gave.
    public init(_ raw: cl_peer) {
        self = raw.is_v6 != 0 ? .v6(high: raw.high, low: raw.low) : .v4(UInt32(truncatingIfNeeded: raw.low))
    }
}
