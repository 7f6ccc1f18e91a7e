import CSSH2
import Foundation

extension SSHSession {
    /// What a remote command left.
    public struct Result: Sendable {
        /// Its exit code; 128 where a signal ended it.
        public var status: Int32
        /// What it printed.
        public var standardOutput: [UInt8]
        /// What it complained.
        public var standardError: [UInt8]

        /// Standard output as text.
        public var text: String { String(decoding: standardOutput, as: UTF8.self) }
    }

    /// libssh2's defaults (its header has them as C expressions): what the server may send before we take it.
    static let windowSize: UInt32 = 2 * 1024 * 1024
    static let packetSize: UInt32 = 32768
    /// How much input is handed to libssh2 in one call: it sends no faster than it is fed.
    static let writeSize = 512 * 1024
    /// The most of each stream that is kept.
    public static let outputLimit = 64 * 1024 * 1024
    /// How many lines of a failed command are shown.
    static let shownLines = 20

    /// Runs a command, feeds it `input`, and returns what it printed. `line` gets each line of standard output
    /// as it comes, from this thread.
    public func run(
        _ command: String, input: [UInt8] = [], idle: Duration? = nil, line: ((String) -> Void)? = nil
    ) throws(SSHError) -> Result {
        let idle = idle ?? timeouts.commandIdle
        let channel = try openChannel(command, until: .now + timeouts.authentication)
        defer { libssh2_channel_free(channel) }
        var stream = SSHStream(session: self, channel: channel, input: input, idle: idle, line: line)
        try stream.run()
        return Result(
            status: try stream.close(), standardOutput: stream.output, standardError: stream.errors)
    }

    /// Runs a command as root where the inventory says `become`; another exit code than 0 is thrown as a sentence
    /// that tells what `step` was being done.
    @discardableResult
    public func perform(
        _ command: String, step: String, input: [UInt8] = [], idle: Duration? = nil,
        line: ((String) -> Void)? = nil
    ) throws(SSHError) -> Result {
        let whole = target.become ? "sudo -n \(command)" : command
        let result = try run(whole, input: input, idle: idle, line: line)
        guard result.status != 0 else { return result }
        throw failure(of: step, result)
    }

    func failure(of step: String, _ result: Result) -> SSHError {
        let errors = String(decoding: result.standardError, as: UTF8.self)
        if target.become, errors.contains("sudo:"), errors.contains("password") {
            return error(
                .sudo,
                "sudo asks for a password, and pidep has none to give. On the node: "
                    + "echo '\(target.user) ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/pidep")
        }
        if target.become, result.status == 127, errors.contains("sudo") {
            return error(
                .sudo, "the inventory says ansible_become, but the node has no sudo: apt install sudo")
        }
        if errors.contains("No space left on device") {
            return error(
                .diskFull, "\(step): the node's disk is full. Look there with df -h, make room, try again")
        }
        let lines = (errors.isEmpty ? result.text : errors).split(separator: "\n").suffix(Self.shownLines)
        return error(
            .command(status: result.status),
            "\(step) failed with exit code \(result.status):\n  " + lines.joined(separator: "\n  "))
    }

    private func openChannel(_ command: String, until end: ContinuousClock.Instant) throws(SSHError)
        -> OpaquePointer
    {
        var channel: OpaquePointer?
        let opened = complete(by: end) {
            channel = libssh2_channel_open_ex(
                session, "session", 7, Self.windowSize,
                Self.packetSize, nil, 0)
            return channel == nil ? libssh2_session_last_errno(session) : 0
        }
        guard let channel else {
            throw error(
                .channel,
                opened == nil
                    ? "the server gave no session in time"
                    : "logged in, but the server gives no session (\(lastError)): MaxSessions in sshd_config?"
            )
        }
        let started = complete(by: end) {
            libssh2_channel_process_startup(
                channel, "exec", 4, command, UInt32(command.utf8.count))
        }
        guard started == 0 else {
            libssh2_channel_free(channel)
            throw error(
                .channel, "logged in, but the server runs no commands (\(lastError)). Is a ForceCommand set?")
        }
        return channel
    }
}

/// One command's three streams, until they end.
private struct SSHStream {
    let session: SSHSession
    let channel: OpaquePointer
    let input: [UInt8]
    let idle: Duration
    let line: ((String) -> Void)?
    var output: [UInt8] = []
    var errors: [UInt8] = []
    private var sent = 0
    private var inputEnded = false
    private var told = 0
    private var buffer = [UInt8](repeating: 0, count: 65536)

    init(
        session: SSHSession, channel: OpaquePointer, input: [UInt8], idle: Duration, line: ((String) -> Void)?
    ) {
        self.session = session
        self.channel = channel
        self.input = input
        self.idle = idle
        self.line = line
    }

    mutating func run() throws(SSHError) {
        var end = ContinuousClock.now + idle
        while true {
            var moved = try write()
            for stream: Int32 in [0, SSH_EXTENDED_DATA_STDERR] {
                while try read(stream) { moved = true }
            }
            if libssh2_channel_eof(channel) == 1 { break }
            if moved {
                end = ContinuousClock.now + idle
                continue
            }
            var next: Int32 = 0
            libssh2_keepalive_send(session.session, &next)
            guard session.waitForSocket(until: end) else {
                throw session.error(.lost, "the command was silent for \(idle.components.seconds) s")
            }
        }
        tellLines(last: true)
    }

    /// Closes the channel and returns the exit code.
    func close() throws(SSHError) -> Int32 {
        let end = ContinuousClock.now + session.timeouts.authentication
        guard session.complete(by: end, { libssh2_channel_close(channel) }) != nil,
            session.complete(by: end, { libssh2_channel_wait_closed(channel) }) != nil
        else { throw session.error(.lost, "the command did not end after its output did") }
        var signal: UnsafeMutablePointer<CChar>?
        libssh2_channel_get_exit_signal(channel, &signal, nil, nil, nil, nil, nil)
        if let signal {
            libssh2_free(session.session, signal)
            return 128
        }
        return libssh2_channel_get_exit_status(channel)
    }

    private mutating func write() throws(SSHError) -> Bool {
        guard !inputEnded else { return false }
        if sent < input.count {
            let count = min(SSHSession.writeSize, input.count - sent)
            let done = input.withUnsafeBytes {
                libssh2_channel_write_ex(
                    channel, 0, $0.baseAddress?.advanced(by: sent).assumingMemoryBound(to: CChar.self), count)
            }
            if done == Int(LIBSSH2_ERROR_EAGAIN) { return false }
            // The command may end without reading all of its input: what it says then is what counts.
            if done < 0, libssh2_channel_eof(channel) == 1 {
                inputEnded = true
                return false
            }
            guard done >= 0 else { throw broken("sending") }
            sent += done
            return done > 0
        }
        let code = libssh2_channel_send_eof(channel)
        if code == LIBSSH2_ERROR_EAGAIN { return false }
        inputEnded = true
        return true
    }

    private mutating func read(_ stream: Int32) throws(SSHError) -> Bool {
        let count = buffer.withUnsafeMutableBytes {
            libssh2_channel_read_ex(
                channel, stream, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
        }
        if count == 0 || count == Int(LIBSSH2_ERROR_EAGAIN) { return false }
        guard count > 0 else { throw broken("reading") }
        if stream == 0 {
            output.append(contentsOf: buffer[0..<count])
            tellLines(last: false)
        } else {
            errors.append(contentsOf: buffer[0..<count])
        }
        guard output.count + errors.count <= SSHSession.outputLimit else {
            throw session.error(.lost, "the command printed more than \(SSHSession.outputLimit >> 20) MiB")
        }
        return true
    }

    private mutating func tellLines(last: Bool) {
        guard let line else { return }
        while let end = output[told...].firstIndex(of: UInt8(ascii: "\n")) {
            line(String(decoding: output[told..<end], as: UTF8.self))
            told = end + 1
        }
        if last, told < output.count {
            line(String(decoding: output[told...], as: UTF8.self))
            told = output.count
        }
    }

    private func broken(_ doing: String) -> SSHError {
        session.error(
            .lost,
            "the connection broke while \(doing) (\(session.lastError)). What was begun on the node goes on; "
                + "run the command again to see how it ended")
    }
}
