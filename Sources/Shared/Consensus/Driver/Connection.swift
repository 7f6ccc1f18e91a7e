import CLinux
import Consensus
import Reactor

/// One TCP connection to a member: a SecureChannel on a socket.
final class Connection: EventSource {
    /// From connecting until both have proved who they are.
    static let handshakeTimeout: Duration = .seconds(3)
    /// Bytes that were not acknowledged for so long end the connection (TCP_USER_TIMEOUT).
    static let unacknowledgedTimeout: Duration = .seconds(3)
    /// Bytes that are read at once.
    private static let readBytes = 64 << 10

    enum Event {
        case opened(MemberID)
        case message(SecureChannel.Lane, [UInt8])
        /// Why; nil for an ordinary end.
        case closed(String?)
    }

    let channel: SecureChannel
    private(set) var isClosed = false
    private let descriptor: Int32
    private let reactor: Reactor
    private var handler: ((Connection, Event) -> Void)?
    private var output: [UInt8] = []
    private var written = 0
    private var watchesWriting = true
    private var handshake: Deadline?

    /// Takes a descriptor and owns it.
    init(
        _ descriptor: Int32, _ channel: SecureChannel, on reactor: Reactor,
        _ handler: @escaping (Connection, Event) -> Void
    ) throws(SystemError) {
        self.descriptor = descriptor
        self.channel = channel
        self.reactor = reactor
        self.handler = handler
        _ = cl_setsockopt_int(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        _ = cl_setsockopt_int(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
        _ = cl_setsockopt_int(descriptor, Int32(IPPROTO_TCP), TCP_KEEPIDLE, 2)
        _ = cl_setsockopt_int(descriptor, Int32(IPPROTO_TCP), TCP_KEEPINTVL, 1)
        _ = cl_setsockopt_int(
            descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT,
            Int32(Self.unacknowledgedTimeout.components.seconds * 1000))
        do throws(SystemError) {
            try reactor.add(descriptor, for: [.read, .write], self)
        } catch {
            CLinux.close(descriptor)
            isClosed = true
            throw error
        }
        handshake = reactor.schedule(after: Self.handshakeTimeout) {
            self.end("it did not say who it is within \(Self.handshakeTimeout.components.seconds) s")
        }
    }

    deinit { if !isClosed { CLinux.close(descriptor) } }

    /// Queues a message and sends what goes; false when it is dropped.
    func send(_ message: [UInt8], in lane: SecureChannel.Lane) -> Bool {
        guard !isClosed, channel.send(message, in: lane) else { return false }
        flush()
        return !isClosed
    }

    /// Ends it; the handler is not called.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        handler = nil
        handshake?.cancel()
        reactor.remove(descriptor)
        CLinux.close(descriptor)
    }

    func ready(_ readiness: Readiness) {
        if !readiness.isDisjoint(with: [.error, .hangup]) {
            let code = cl_getsockopt_int(descriptor, SOL_SOCKET, SO_ERROR)
            return end(code > 0 ? String(cString: cl_strerror(code)) : nil)
        }
        if readiness.contains(.read) { readAll() }
        if !isClosed, readiness.contains(.write) { flush() }
    }

    private func end(_ reason: String?) {
        guard !isClosed else { return }
        let handler = handler
        close()
        handler?(self, .closed(reason))
    }

    private func readAll() {
        var piece = [UInt8](repeating: 0, count: Self.readBytes)
        while !isClosed {
            let count = piece.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return end(nil) }
            if count < 0 {
                let code = cl_errno()
                if code == EINTR { continue }
                return code == EAGAIN ? () : end(String(cString: cl_strerror(code)))
            }
            let wasOpen = channel.peer != nil
            do throws(ChannelError) {
                let messages = try channel.receive(piece[..<count])
                if !wasOpen, let peer = channel.peer {
                    handshake?.cancel()
                    handler?(self, .opened(peer))
                }
                for message in messages where !isClosed {
                    handler?(self, .message(message.lane, message.message))
                }
            } catch { return end(error.sentence) }
            if !isClosed { flush() }
            if count < piece.count { return }
        }
    }

    private func flush() {
        while !isClosed {
            if written == output.count {
                output = channel.takeOutgoing()
                written = 0
                if output.isEmpty { return watch(writing: false) }
            }
            let count = output.withUnsafeBytes {
                CLinux.send(
                    descriptor, $0.baseAddress! + written, $0.count - written, Int32(MSG_NOSIGNAL))
            }
            if count < 0 {
                let code = cl_errno()
                if code == EINTR { continue }
                // A connection that is not there yet is not writable either.
                return code == EAGAIN || code == ENOTCONN
                    ? watch(writing: true) : end(String(cString: cl_strerror(code)))
            }
            written += count
        }
    }

    private func watch(writing: Bool) {
        guard writing != watchesWriting else { return }
        watchesWriting = writing
        reactor.modify(descriptor, for: writing ? [.read, .write] : .read)
    }
}
