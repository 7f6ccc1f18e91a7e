/// What a client says before there are messages with a type (PostgreSQL 18 manual, 54.7): a wish for encryption, a wish to cancel,
/// or who it is. Names and values are bytes: their encoding is known only later.
public enum StartupPacket: Equatable, Sendable {
    /// SSLRequest: answer `S` and begin TLS, or `N`.
    case tls
    /// GSSENCRequest: answer `G` or `N`.
    case gss
    /// CancelRequest. The secret has 4 bytes in protocol 3.0, up to 256 from 3.2 on.
    case cancel(process: Int32, secret: [UInt8])
    /// StartupMessage.
    case startup(StartupMessage)

    /// What the bytes so far amount to.
    public enum Outcome: Equatable, Sendable {
        /// There must be more bytes before anything can be said.
        case needsMore
        /// A first byte that only TLS begins with: a handshake without a request before it (PostgreSQL 17, `sslnegotiation=direct`).
        case directTLS
        /// A packet of so many bytes.
        case packet(StartupPacket, length: Int)
        /// Nothing that PostgreSQL's protocol allows: close the connection.
        case violation(StartupViolation)
    }

    /// The longest packet that PostgreSQL takes (MAX_STARTUP_PACKET_LENGTH).
    public static let defaultLimit = 10_000

    private static let tlsHandshake: UInt8 = 0x16
    private static let cancelCode: UInt32 = 80_877_102
    private static let tlsCode: UInt32 = 80_877_103
    private static let gssCode: UInt32 = 80_877_104
    /// PostgreSQL takes secrets of up to so many bytes (protocol 3.2).
    private static let secretLimit = 256

    /// Parses what a connection begins with. Call it with all bytes so far, from the first on; `limit`: the longest packet, in bytes.
    public static func parse(_ bytes: RawSpan, limit: Int = defaultLimit) -> Outcome {
        guard bytes.byteCount > 0 else { return .needsMore }
        // As a length it would be 369 million bytes.
        if bytes.byte(0) == tlsHandshake { return .directTLS }
        guard bytes.byteCount >= 4 else { return .needsMore }
        let length = Int64(bytes.word(0))
        guard length >= 8 else { return .violation(.tooShort(length)) }
        guard length <= Int64(limit) else { return .violation(.tooLong(length, limit: limit)) }
        let end = Int(length)
        guard bytes.byteCount >= 8 else { return .needsMore }
        let code = bytes.word(4)
        switch code {
        case tlsCode, gssCode:
            guard end == 8 else { return .violation(.malformed) }
            return .packet(code == tlsCode ? .tls : .gss, length: end)
        case cancelCode:
            guard end >= 16, end <= 12 + secretLimit else { return .violation(.malformed) }
            guard bytes.byteCount >= end else { return .needsMore }
            let secret = bytes.bytes(from: 12, to: end)
            return .packet(.cancel(process: Int32(bitPattern: bytes.word(8)), secret: secret), length: end)
        default:
            guard code >> 16 == 3 else {
                return .violation(.version(major: UInt16(code >> 16), minor: UInt16(code & 0xFFFF)))
            }
            guard bytes.byteCount >= end else { return .needsMore }
            guard let message = StartupMessage(bytes, end: end, minor: UInt16(code & 0xFFFF)) else {
                return .violation(.malformed)
            }
            return .packet(.startup(message), length: end)
        }
    }
}

/// Why what a connection began with is not PostgreSQL's protocol.
public enum StartupViolation: Equatable, Sendable {
    /// A packet says that it has so many bytes, too few for any.
    case tooShort(Int64)
    /// A packet says that it has so many bytes.
    case tooLong(Int64, limit: Int)
    /// The parts do not fill the packet.
    case malformed
    /// Not protocol 3.
    case version(major: UInt16, minor: UInt16)

    /// PostgreSQL's SQLSTATE for it.
    public var code: String {
        switch self {
        case .tooShort, .tooLong, .malformed: "08P01"
        case .version: "0A000"
        }
    }

    /// For the client, where it is worth an answer, without a full stop.
    public var sentence: String {
        switch self {
        case .tooShort, .tooLong: "invalid length of startup packet"
        case .malformed: "invalid startup packet layout"
        case .version(2, _): "old V2 protocol not supported"
        case .version(let major, let minor):
            "unsupported frontend protocol \(major).\(minor): server supports 3.0 to 3.2"
        }
    }
}

extension RawSpan {
    func byte(_ offset: Int) -> UInt8 { unsafeLoad(fromByteOffset: offset, as: UInt8.self) }

    /// Four bytes in network order.
    func word(_ offset: Int) -> UInt32 {
        UInt32(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    func bytes(from start: Int, to end: Int) -> [UInt8] {
        unsafe extracting(start..<end).withUnsafeBytes { Array($0) }
    }
}
