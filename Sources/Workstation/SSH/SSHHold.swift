import CLinux
import CSSH2
import Foundation

/// A command that goes on beside others in the same session until it is told to end: what it holds on the node (a lock)
/// is let go when the connection ends, however it ends.
public final class SSHHold {
    /// The most of its first line that is read.
    static let lineLimit = 65536

    /// The first line that it printed.
    public let firstLine: String
    private let session: SSHSession
    private let channel: OpaquePointer
    private var isOpen = true

    init(_ session: SSHSession, _ command: String, input: [UInt8], within limit: Duration) throws(SSHError) {
        self.session = session
        let end = ContinuousClock.now + limit
        let channel = try session.openChannel(command, until: end)
        self.channel = channel
        if !input.isEmpty { Self.write(input, session, channel, until: end) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while !bytes.contains(10), bytes.count < Self.lineLimit {
            let count = chunk.withUnsafeMutableBytes {
                libssh2_channel_read_ex(
                    channel, 0, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
            }
            if count > 0 {
                bytes += chunk[0..<count]
            } else if count == Int(LIBSSH2_ERROR_EAGAIN), session.waitForSocket(until: end) {
                continue
            } else if count == 0, libssh2_channel_eof(channel) == 1 {
                break
            } else if count == 0, session.waitForSocket(until: end) {
                continue
            } else {
                libssh2_channel_free(channel)
                throw session.error(.lost, "the node did not say within \(limit.seconds) s how it stands")
            }
        }
        firstLine = String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self)
    }

    private static func write(
        _ bytes: [UInt8], _ session: SSHSession, _ channel: OpaquePointer, until end: ContinuousClock.Instant
    ) {
        _ = session.complete(by: end) {
            bytes.withUnsafeBytes {
                Int32(
                    libssh2_channel_write_ex(
                        channel, 0, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count))
            }
        }
    }

    deinit { if isOpen { libssh2_channel_free(channel) } }

    /// Sends a last line and waits until the command has ended, at most `limit`.
    public func end(saying line: String, within limit: Duration = .seconds(5)) {
        guard isOpen else { return }
        isOpen = false
        let end = ContinuousClock.now + limit
        Self.write(Array((line + "\n").utf8), session, channel, until: end)
        _ = session.complete(by: end) { libssh2_channel_send_eof(channel) }
        _ = session.complete(by: end) { libssh2_channel_close(channel) }
        _ = session.complete(by: end) { libssh2_channel_wait_closed(channel) }
        libssh2_channel_free(channel)
    }
}

extension SSHSession {
    /// Starts a command that goes on beside others; as root where the inventory says `become`. Returns when it has printed
    /// its first line, or has ended without one.
    public func hold(_ command: String, within limit: Duration = .seconds(10)) throws(SSHError) -> SSHHold {
        try becomeOnce()
        let (whole, password) = asRoot(command, otherwise: command)
        return try SSHHold(self, whole, input: password, within: limit)
    }
}
