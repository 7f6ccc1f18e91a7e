/// IPv4 or IPv6, as the proxy's language has it: names are not looked up, for a static binary has no resolver.
public typealias PoolAddress = HAProxyConfiguration.Address

/// Where a server or a peer listens.
public enum PoolHost: Sendable, Equatable, Hashable {
    /// On TCP.
    case address(PoolAddress)
    /// A Unix socket `.s.PGSQL.PORT` in this folder.
    case folder(String)
    /// The same in Linux's abstract namespace; without the `@` in front.
    case abstract(String)

    /// A word of a `host` list; nil for a name. `localhost` is 127.0.0.1.
    public init?(_ text: String) {
        switch text.utf8.first {
        case nil: return nil
        case UInt8(ascii: "/"): self = .folder(text)
        case UInt8(ascii: "@"):
            guard text.utf8.count > 1 else { return nil }
            self = .abstract(String(text.dropFirst()))
        default:
            guard let address = PoolAddress(text == "localhost" ? "127.0.0.1" : text) else { return nil }
            self = .address(address)
        }
    }

    /// As the file says it.
    public var text: String {
        switch self {
        case .address(let address): address.text
        case .folder(let path): path
        case .abstract(let name): "@" + name
        }
    }
}
