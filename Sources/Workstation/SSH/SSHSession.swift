import CLinux
import COpenSSL
import CSSH2
import Digest
import Foundation

/// One login at one node over libssh2. Not for several threads at once: libssh2's sessions are not.
public final class SSHSession {
    /// Whose login this is.
    public let target: SSHTarget
    let timeouts: SSHTimeouts
    let descriptor: Int32
    let session: OpaquePointer
    /// sudo has asked for its password once: it is given from then on.
    var usesPassword = false

    /// libssh2_init is not safe for threads: once, by whoever comes first.
    private static let library: Int32 = {
        // OpenSSL otherwise cleans up at exit, under the hands of threads that are just closing their sessions.
        OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
        return libssh2_init(0)
    }()

    /// Connects, checks the host key, logs in.
    public static func connect(to target: SSHTarget, timeouts: SSHTimeouts = SSHTimeouts())
        throws(SSHError) -> SSHSession
    {
        let made = try open(target, timeouts)
        let known = KnownHosts(files: target.knownHosts)
        try made.exchangeKeys(known)
        try made.check(made.hostKey(), known)
        try SSHLogin(session: made).run()
        libssh2_keepalive_config(made.session, 1, UInt32(timeouts.keepalive.seconds))
        return made
    }

    /// A server's host key and what is on file about it; nobody logs in.
    public static func identity(of target: SSHTarget, timeouts: SSHTimeouts = SSHTimeouts())
        -> Swift.Result<SSHIdentity, SSHError>
    {
        do throws(SSHError) {
            let session = try open(target, timeouts)
            let known = KnownHosts(files: target.knownHosts)
            try session.exchangeKeys(known)
            return .success(SSHIdentity(try session.hostKey(), known))
        } catch { return .failure(error) }
    }

    private static func open(_ target: SSHTarget, _ timeouts: SSHTimeouts) throws(SSHError) -> SSHSession {
        let descriptor = try SSHConnector(target: target, timeout: timeouts.connect).connect()
        guard library == 0, let session = libssh2_session_init_ex(nil, nil, nil, nil) else {
            close(descriptor)
            throw SSHError(.channel, node: target.node, sentence: "\(target.name): no memory for a session")
        }
        return SSHSession(target: target, timeouts: timeouts, descriptor: descriptor, session: session)
    }

    private init(target: SSHTarget, timeouts: SSHTimeouts, descriptor: Int32, session: OpaquePointer) {
        self.target = target
        self.timeouts = timeouts
        self.descriptor = descriptor
        self.session = session
        libssh2_session_set_blocking(session, 0)
    }

    deinit {
        // Non-blocking: what cannot be said at once is not worth waiting for.
        libssh2_session_disconnect_ex(session, SSH_DISCONNECT_BY_APPLICATION, "done", "")
        libssh2_session_free(session)
        close(descriptor)
    }

    func error(_ kind: SSHError.Kind, _ text: String) -> SSHError {
        SSHError(kind, node: target.node, sentence: "\(target.name): \(text)")
    }

    /// libssh2's own words for its last error.
    var lastError: String {
        var text: UnsafeMutablePointer<CChar>?
        libssh2_session_last_error(session, &text, nil, 0)
        return text.map { String(cString: $0) } ?? "unknown error"
    }

    /// Repeats a call until it does not want to wait any more; nil when the time is over.
    func complete(by end: ContinuousClock.Instant, _ call: () -> Int32) -> Int32? {
        while true {
            let code = call()
            guard code == LIBSSH2_ERROR_EAGAIN else { return code }
            guard waitForSocket(until: end) else { return nil }
        }
    }

    /// Waits until the socket can do what libssh2 wants; false when the time is over.
    func waitForSocket(until end: ContinuousClock.Instant) -> Bool {
        let left = ContinuousClock.now.duration(to: end)
        guard left > .zero else { return false }
        let directions = libssh2_session_block_directions(session)
        var events: Int32 = 0
        if directions & LIBSSH2_SESSION_BLOCK_INBOUND != 0 { events |= Int32(POLLIN) }
        if directions & LIBSSH2_SESSION_BLOCK_OUTBOUND != 0 { events |= Int32(POLLOUT) }
        if events == 0 { events = Int32(POLLIN) }
        _ = cl_poll(descriptor, events, Int32(min(left.milliseconds + 1, 1000)))
        return true
    }

    private func exchangeKeys(_ known: KnownHosts) throws(SSHError) {
        let types = known.types(for: target.knownHostsName)
        if !types.isEmpty {
            // A key of another type than the one on file would look like a stranger's.
            let others = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ssh-rsa"]
            let order = types + others.filter { !types.contains($0) }
            libssh2_session_method_pref(session, LIBSSH2_METHOD_HOSTKEY, order.joined(separator: ","))
        }
        let end = ContinuousClock.now + timeouts.keyExchange
        let code = complete(by: end) { libssh2_session_handshake(session, descriptor) }
        guard code != 0 else { return }
        guard libssh2_session_banner_get(session) != nil else {
            let how =
                code == nil ? "did not within \(timeouts.keyExchange.seconds) s" : "hung up before it did"
            throw error(
                .noAnswer,
                "something listens there, but should say hello as an SSH server and \(how). "
                    + "Is the port right, is the node overloaded (MaxStartups)?")
        }
        guard code != nil else {
            throw error(.keyExchange, "the key exchange took longer than \(timeouts.keyExchange.seconds) s")
        }
        throw error(
            .keyExchange,
            "no common way to exchange keys (\(lastError)). The node's sshd may be older than this machine "
                + "wants, or known_hosts may name a key type that it has no more")
    }

    /// The key that the server has shown.
    private func hostKey() throws(SSHError) -> HostKey {
        var count = 0
        var kind: Int32 = 0
        guard let raw = libssh2_session_hostkey(session, &count, &kind), count > 8 else {
            throw error(.keyExchange, "the server showed no host key")
        }
        let blob = raw.withMemoryRebound(to: UInt8.self, capacity: count) {
            Array(UnsafeBufferPointer(start: $0, count: count))
        }
        // A blob begins with the length and the name of its type (RFC 4253 section 6.6).
        let length = blob[0..<4].reduce(0) { $0 << 8 | Int($1) }
        guard length > 0, length <= blob.count - 4 else {
            throw error(.keyExchange, "the server's host key is malformed")
        }
        return HostKey(
            host: target.knownHostsName, type: String(decoding: blob[4..<4 + length], as: UTF8.self),
            base64: Data(blob).base64EncodedString(),
            fingerprint: HostKey.fingerprint(of: blob))
    }

    private func check(_ key: HostKey, _ known: KnownHosts) throws(SSHError) {
        switch known.check(key) {
        case .known: return
        case .unknown:
            throw error(
                .unknownKey(key),
                "its host key is not known yet: \(key.algorithm) \(key.fingerprint). "
                    + "pidep trust INVENTORY shows the keys of all nodes and asks whether they are right"
            )
        case .changed(let entry):
            throw error(
                .changedKey(key),
                """
                its host key does not match the one in \(entry.file) line \(entry.line)
                  recorded  \(HostKey.algorithm(entry.type)) \(HostKey.fingerprint(ofBase64: entry.base64))
                  offered   \(key.algorithm) \(key.fingerprint)
                  If the card was written anew: pidep trust INVENTORY. If not, somebody may be between you and the node.
                """)
        case .revoked(let entry):
            throw error(
                .changedKey(key), "its host key is marked as revoked in \(entry.file) line \(entry.line)")
        }
    }
}
