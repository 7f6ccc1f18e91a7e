import CLinux
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
        _ command: String, input: any SSHInput = [UInt8](), idle: Duration? = nil,
        line: ((String) -> Void)? = nil
    ) throws(SSHError) -> Result {
        let idle = idle ?? timeouts.commandIdle
        let channel = try openChannel(command, until: .now + timeouts.authentication)
        defer { libssh2_channel_free(channel) }
        var stream = SSHStream(
            session: self, channel: channel, input: input, idle: idle, keeps: true,
            tell: line.map { line in { if $0 == .output { line($1) } } })
        try stream.run()
        return Result(
            status: try stream.close(), standardOutput: stream.output.bytes,
            standardError: stream.errors.bytes)
    }

    /// Which of a command's streams a line came from.
    public enum Stream: Sendable {
        /// Standard output.
        case output
        /// Standard error.
        case errors
    }

    /// Runs a command that may print without end: `tell` gets each line of both streams as it comes, from this
    /// thread, and nothing is kept. Returns the exit code (128 where a signal ended it), or nil when `isStopped`,
    /// which is asked at least once a second, said so. As root where the inventory says `become`.
    public func stream(
        _ command: String, idle: Duration, isStopped: () -> Bool = { false },
        tell: (Stream, String) -> Void
    ) throws(SSHError) -> Int32? {
        // Whoever only listens would never learn that the other side is gone.
        _ = cl_setsockopt_int(
            descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, Int32(timeouts.unanswered.milliseconds))
        try becomeOnce()
        let (whole, password) = asRoot("sh -c \(Self.quote(command))", otherwise: command)
        let channel = try openChannel(whole, until: .now + timeouts.authentication)
        defer { libssh2_channel_free(channel) }
        return try withoutActuallyEscaping(tell) { (tell) throws(SSHError) -> Int32? in
            var isRefused = false
            var stream = SSHStream(
                session: self, channel: channel, input: password, idle: idle, keeps: false,
                tell: {
                    if $0 == .errors, self.wantsPassword($1) { isRefused = true }
                    tell($0, $1)
                })
            guard try stream.run(until: isStopped) else { return nil }
            let status = try stream.close()
            if isRefused, status == 1 { throw sudoRefusal }
            return status
        }
    }

    /// A word that a POSIX shell takes as it stands.
    public static func quote(_ word: String) -> String { "'" + word.replacing("'", with: "'\\''") + "'" }

    /// Runs a command as root where the inventory says `become`; another exit code than 0 is thrown as a sentence
    /// that tells what `step` was being done.
    @discardableResult
    public func perform(
        _ command: String, step: String, input: any SSHInput = [UInt8](), idle: Duration? = nil,
        line: ((String) -> Void)? = nil
    ) throws(SSHError) -> Result {
        let (whole, password) = asRoot(command, otherwise: command)
        let result = try run(
            whole, input: SSHPrefixedInput(first: password, rest: input), idle: idle, line: line)
        guard result.status != 0 else { return result }
        let complaint = String(decoding: result.standardError, as: UTF8.self)
        if wantsPassword(complaint), !usesPassword, target.becomePassword != nil {
            // sudo has asked before it ran anything: once more, with the password.
            try usePassword()
            return try perform(command, step: step, input: input, idle: idle, line: line)
        }
        throw failure(of: step, result)
    }

    /// A command as root, and what to feed it first; `-k`: sudo reads the password whatever it remembers, so that it is
    /// never left for the command to read.
    func asRoot(_ command: String, otherwise plain: String) -> (command: String, input: [UInt8]) {
        guard target.become else { return (plain, []) }
        guard usesPassword, let password = target.becomePassword else { return ("sudo -n \(command)", []) }
        return ("sudo -k -S -p '' \(command)", Array((password + "\n").utf8))
    }

    /// Finds out whether sudo wants the password, for commands whose input or output cannot be had twice.
    func becomeOnce() throws(SSHError) {
        guard target.become, target.becomePassword != nil, !usesPassword else { return }
        try perform("true", step: "becoming root")
    }

    /// From now on with the password; a wrong one is told here, where sudo can try it on nothing else.
    private func usePassword() throws(SSHError) {
        usesPassword = true
        let (command, input) = asRoot("true", otherwise: "true")
        let result = try run(command, input: input)
        guard result.status != 0 else { return }
        throw error(
            .sudo,
            "sudo on the node does not take the password of \(target.user): "
                + (String(decoding: result.standardError, as: UTF8.self).split(separator: "\n").last.map(
                    String.init)
                    ?? "it ended with \(result.status)"))
    }

    func failure(of step: String, _ result: Result) -> SSHError {
        let errors = String(decoding: result.standardError, as: UTF8.self)
        if wantsPassword(errors) { return sudoRefusal }
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

    /// Whether sudo, and not the command, has said that it will not go on without a password.
    private func wantsPassword(_ errors: String) -> Bool {
        target.become && errors.contains("sudo:") && errors.contains("password")
    }

    private var sudoRefusal: SSHError {
        error(
            .sudo,
            "sudo asks for a password, and pidep has none to give: --ask-become-pass, or ansible_become_password in the "
                + "inventory. Or on the node: echo '\(target.user) ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/pidep"
        )
    }

    func openChannel(_ command: String, until end: ContinuousClock.Instant) throws(SSHError)
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
    let input: any SSHInput
    let idle: Duration
    let tell: ((SSHSession.Stream, String) -> Void)?
    var output: SSHLines
    var errors: SSHLines
    private var sent: Int64 = 0
    // Kept until it is gone: libssh2 wants the same bytes again when it could not send them.
    private var piece: ArraySlice<UInt8> = []
    private var inputEnded = false
    private var buffer = [UInt8](repeating: 0, count: 65536)

    init(
        session: SSHSession, channel: OpaquePointer, input: any SSHInput, idle: Duration, keeps: Bool,
        tell: ((SSHSession.Stream, String) -> Void)?
    ) {
        self.session = session
        self.channel = channel
        self.input = input
        self.idle = idle
        self.tell = tell
        output = SSHLines(keeps: keeps)
        errors = SSHLines(keeps: keeps)
    }

    /// Returns false when it was stopped before the command ended.
    @discardableResult
    mutating func run(until isStopped: () -> Bool = { false }) throws(SSHError) -> Bool {
        var end = ContinuousClock.now + idle
        while true {
            var moved = try write()
            for stream: Int32 in [0, SSH_EXTENDED_DATA_STDERR] {
                while try read(stream) { moved = true }
            }
            if libssh2_channel_eof(channel) == 1 { break }
            if isStopped() { return false }
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
        for line in output.take(last: true) { tell?(.output, line) }
        for line in errors.take(last: true) { tell?(.errors, line) }
        return true
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
        if sent < input.byteCount {
            if piece.isEmpty {
                do throws(SSHInputFailure) {
                    piece = try input.piece(at: sent, limit: SSHSession.writeSize)
                } catch { throw session.error(.lost, error.sentence) }
            }
            let done = piece.withUnsafeBytes {
                libssh2_channel_write_ex(
                    channel, 0, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
            }
            if done == Int(LIBSSH2_ERROR_EAGAIN) { return false }
            // The command may end without reading all of its input: what it says then is what counts.
            if done < 0, libssh2_channel_eof(channel) == 1 {
                inputEnded = true
                return false
            }
            guard done >= 0 else { throw broken("sending") }
            sent += Int64(done)
            piece = piece.dropFirst(done)
            return done > 0
        }
        let code = libssh2_channel_send_eof(channel)
        if code == LIBSSH2_ERROR_EAGAIN { return false }
        inputEnded = true
        return true
    }

    private mutating func read(_ stream: Int32) throws(SSHError) -> Bool {
        let channel = channel
        let count = buffer.withUnsafeMutableBytes {
            libssh2_channel_read_ex(
                channel, stream, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
        }
        if count == 0 || count == Int(LIBSSH2_ERROR_EAGAIN) { return false }
        guard count > 0 else { throw broken("reading") }
        if stream == 0 {
            output.bytes.append(contentsOf: buffer[0..<count])
        } else {
            errors.bytes.append(contentsOf: buffer[0..<count])
        }
        if let tell {
            for line in output.take(last: false) { tell(.output, line) }
            for line in errors.take(last: false) { tell(.errors, line) }
        }
        guard output.bytes.count + errors.bytes.count <= SSHSession.outputLimit else {
            throw session.error(.lost, "the command printed more than \(SSHSession.outputLimit >> 20) MiB")
        }
        return true
    }

    private func broken(_ doing: String) -> SSHError {
        session.error(
            .lost,
            "the connection broke while \(doing) (\(session.lastError)). What was begun on the node goes on; "
                + "run the command again to see how it ended")
    }
}
