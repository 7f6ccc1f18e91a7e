import CTLS

/// One TLS connection as bytes in and bytes out: ciphertext and plaintext, no socket.
///
/// The driver feeds what came (`receive`), reads plaintext until there is none (`read`), writes plaintext (`write`), and sends what
/// `withOutput` shows, also after a failure: the other side is told by an alert. Not fed any more, the engine buffers no more: that
/// is back-pressure in one direction; `write` takes no more than `outputLimit` allows: that is the other.
public final class TLSEngine {
    /// Where it is.
    public enum State: Equatable, Sendable {
        /// The handshake goes on.
        case handshake
        /// Plaintext flows.
        case open
        /// The other side has said close_notify: nothing more comes from it.
        case ended
        /// Broken; what and why, as a phrase without a full stop.
        case failed(String)
    }

    /// What `read` found.
    public enum Reading: Equatable, Sendable {
        /// So many bytes of plaintext.
        case bytes(Int)
        /// Nothing before more ciphertext comes.
        case needsMore
        /// The other side has said close_notify.
        case ended
        /// See `state`.
        case failed
    }

    /// `write` takes nothing while so many bytes of ciphertext wait to be sent.
    public static let outputLimit = 1 << 16
    /// Plaintext in one record at most (RFC 8446, 5.1).
    public static let recordLimit = 1 << 14

    /// Where it is.
    public private(set) var state = State.handshake
    private let handle: OpaquePointer
    /// Connections of a context that a reload has replaced go on with it.
    private let context: TLSContext

    /// A connection. `host`, for clients: the server's name or address as it was given; it goes into SNI, and with `checksHost` (`verify-full`)
    /// the server's certificate must have it. A client's first message waits in the output at once.
    public init(_ context: TLSContext, host: String? = nil, checksHost: Bool = false) throws(TLSError) {
        self.context = context
        let text = CText(host)
        let made = withExtendedLifetime(text) {
            ctls_engine_new(context.handle, text.pointer, checksHost ? 1 : 0)
        }
        guard let made else {
            throw TLSError(host.map { "\"\($0)\" cannot be a server's name" } ?? "no memory")
        }
        handle = made
        shakeHands()
    }

    deinit { ctls_engine_free(handle) }

    /// Takes ciphertext.
    public func receive(_ ciphertext: UnsafeRawBufferPointer) {
        if case .failed = state { return }
        guard ctls_engine_feed(handle, ciphertext.baseAddress, ciphertext.count) == 1 else {
            state = .failed("no memory")
            return
        }
        shakeHands()
    }

    /// Gives plaintext; call it until it needs more, or feed no more as long as there is no room.
    public func read(into room: UnsafeMutableRawBufferPointer) -> Reading {
        switch state {
        case .failed: return .failed
        case .ended: return .ended
        case .handshake: return .needsMore
        case .open: break
        }
        let count = Int(ctls_engine_read(handle, room.baseAddress, room.count))
        switch count {
        case CTLS_WANTS_INPUT: return .needsMore
        case CTLS_CLOSED:
            state = .ended
            return .ended
        case 1...: return .bytes(count)
        default:
            fail()
            return .failed
        }
    }

    /// Takes plaintext, as much as the limit allows; how much. Nothing before the handshake is done, or after `close`.
    public func write(_ plaintext: UnsafeRawBufferPointer) -> Int {
        var taken = 0
        while taken < plaintext.count, state == .open || state == .ended,
            outputCount < Self.outputLimit
        {
            let part = UnsafeRawBufferPointer(rebasing: plaintext[taken...].prefix(Self.recordLimit))
            let count = Int(ctls_engine_write(handle, part.baseAddress, part.count))
            if count == CTLS_FAILED { fail() }
            guard count > 0 else { break }
            taken += count
        }
        return taken
    }

    /// Says that nothing more will be written (close_notify).
    public func close() { ctls_engine_shutdown(handle) }

    /// Bytes of ciphertext that wait to be sent.
    public var outputCount: Int {
        var count = 0
        _ = ctls_engine_output(handle, &count)
        return count
    }

    /// Bytes of ciphertext that came and are not decrypted yet.
    public var unreadCount: Int { Int(ctls_engine_unread(handle)) }

    /// Shows the ciphertext that waits to be sent; `send` says how much of it has been.
    public func withOutput(_ send: (UnsafeRawBufferPointer) -> Int) {
        var count = 0
        guard let start = ctls_engine_output(handle, &count), count > 0 else { return }
        let sent = send(UnsafeRawBufferPointer(start: start, count: count))
        if sent > 0 { ctls_engine_drop(handle, min(sent, count)) }
    }

    private func shakeHands() {
        guard state == .handshake else { return }
        switch Int(ctls_engine_handshake(handle)) {
        case 1: state = .open
        case CTLS_WANTS_INPUT: break
        case CTLS_CLOSED: state = .ended
        default: fail()
        }
    }

    private func fail() { state = .failed(CText.text(ctls_engine_error(handle))) }
}

extension TLSEngine {
    /// The names in the other side's certificate: its common name, if it has one, then its DNS names. nil: it has shown none.
    public var peerNames: [[UInt8]]? {
        guard ctls_engine_has_peer_certificate(handle) == 1 else { return nil }
        var names: [[UInt8]] = []
        var room = [CChar](repeating: 0, count: 256)
        var index: Int32 = 0
        while true {
            let count = ctls_engine_peer_name(handle, index, &room, room.count)
            if count == -1 { return names }
            // Too long, or with a zero byte: nobody's name.
            if count >= 0 { names.append(room.prefix(Int(count)).map { UInt8(bitPattern: $0) }) }
            index += 1
        }
    }

    /// The digest of the server's certificate, for SCRAM's channel binding (`tls-server-end-point`, RFC 5929); nil: its signature has none.
    public var endPoint: [UInt8]? {
        var digest = [UInt8](repeating: 0, count: 64)
        let count = ctls_engine_end_point(handle, &digest)
        return count > 0 ? Array(digest.prefix(Int(count))) : nil
    }

    /// Whether both sides said that they speak PostgreSQL (ALPN `postgresql`): direct TLS demands it.
    public var hasAgreedOnPostgreSQL: Bool { ctls_engine_has_alpn(handle) == 1 }

    /// `TLSv1.3/TLS_AES_256_GCM_SHA384`
    public var summary: String {
        "\(CText.text(ctls_engine_version(handle)))/\(CText.text(ctls_engine_cipher(handle)))"
    }
}
