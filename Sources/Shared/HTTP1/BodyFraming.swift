/// How a message's body ends (RFC 9112 section 6.3).
public enum BodyFraming: Equatable, Sendable {
    /// No body.
    case none
    /// So many bytes.
    case length(Int64)
    case chunked
    /// A response that lasts until the server closes.
    case untilClose

    /// The longest Content-Length we believe: 2^53, what every language can count to.
    public static let maximumLength: Int64 = 1 << 53
}
