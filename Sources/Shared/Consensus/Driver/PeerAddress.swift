/// An address as members have it: `192.0.2.1:4100` or `[2001:db8::1]:4100`.
public struct PeerAddress: Equatable, Sendable {
    /// An IP address.
    public var host: String
    /// 1 to 65535.
    public var port: UInt16

    /// Reads one of the two forms; nil for anything else.
    public init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")),
            let port = UInt16(text[text.index(after: colon)...]),
            port > 0
        else { return nil }
        var host = text[..<colon]
        if host.utf8.first == UInt8(ascii: "["), host.utf8.last == UInt8(ascii: "]") {
            host = host.dropFirst().dropLast()
        } else if host.utf8.contains(UInt8(ascii: ":")) {
            return nil
        }
        guard !host.isEmpty else { return nil }
        (self.host, self.port) = (String(host), port)
    }
}
