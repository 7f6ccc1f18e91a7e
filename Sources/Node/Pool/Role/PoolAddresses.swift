import CLinux
import Languages
import Pool

extension PoolAddress {
    /// As the kernel's door wants it.
    func raw(port: UInt16) -> cl_peer {
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

    init(_ raw: cl_peer) {
        self = raw.is_v6 != 0 ? .v6(high: raw.high, low: raw.low) : .v4(UInt32(truncatingIfNeeded: raw.low))
    }
}

extension Endpoint {
    /// The path of a Unix socket, with `@` in front in the abstract namespace; nil for TCP.
    var path: String? {
        switch host {
        case .address: nil
        case .folder(let folder): "\(folder)/.s.PGSQL.\(port)"
        case .abstract(let name): "@\(name)/.s.PGSQL.\(port)"
        }
    }
}
