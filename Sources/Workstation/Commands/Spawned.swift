import CLinux
import Foundation

/// One running program with its three streams, started by posix_spawn(3) and watched by poll(2).
///
/// Not Foundation's Process: that one waits in a run loop, which can miss the end of a program (seen with several at
/// once, and always in a network namespace whose loopback is down), and leaves our descriptors open in the program.
struct Spawned {
    /// How long a program that was told to stop may take before it is told with more force.
    static let grace: TimeInterval = 2
    /// What it is told, one after the other. SIGINT first: SwiftPM stops its compilers on that one only.
    private static let words = [SIGINT, SIGTERM, SIGKILL]
    private static let chunk = 1 << 16

    let pid: pid_t
    private var output: Int32
    private var error: Int32
    private var input: Int32

    /// Starts a program in a process group of its own, all signals as usual.
    init(
        path: String, arguments: [String], environment: [String: String], folder: String?, hasInput: Bool
    ) throws(Command.Failure) {
        func failure(_ code: Int32) -> Command.Failure {
            Command.Failure(
                sentence: "\"\(arguments.first ?? "")\" did not start: \(String(cString: strerror(code)))",
                code: nil)
        }
        var descriptors: [Int32] = []
        func pipe() throws(Command.Failure) -> (read: Int32, write: Int32) {
            var ends: [Int32] = [0, 0]
            let code = cl_pipe(&ends)
            guard code == 0 else {
                descriptors.forEach { close($0) }
                throw failure(code)
            }
            descriptors += ends
            return (ends[0], ends[1])
        }
        let (out, err) = (try pipe(), try pipe())
        let incoming = hasInput ? try pipe() : nil

        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] =
            environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (words + variables).forEach { free($0) } }
        var child: pid_t = 0
        let code = cl_spawn(
            path, &words, &variables, folder, incoming?.read ?? -1, out.write, err.write, &child)
        guard code == 0 else {
            descriptors.forEach { close($0) }
            throw failure(code)
        }
        pid = child
        output = out.read
        error = err.read
        input = incoming?.write ?? -1
        close(out.write)
        close(err.write)
        if let incoming { close(incoming.read) }
    }

    /// Feeds `bytes`, hands over what comes, and returns the wait status; nil when `timeout` passed and it was stopped.
    mutating func finish(
        feeding bytes: Data, timeout: TimeInterval, received: (Data, _ isError: Bool) -> Void
    ) -> Int32? {
        var fed = 0
        var deadline = Self.now + timeout
        var stops = 0
        if input >= 0 { _ = fcntl(input, F_SETFL, O_NONBLOCK) }
        defer { [output, error, input].filter { $0 >= 0 }.forEach { close($0) } }
        while output >= 0 || error >= 0 {
            if Self.now >= deadline {
                kill(-pid, Self.words[min(stops, 2)])
                stops += 1
                // Killed as a group: what still holds the pipes has left the group, and is not waited for.
                if stops > 3 { break }
                deadline = Self.now + Self.grace
            }
            var watched = [
                pollfd(fd: output, events: Int16(POLLIN), revents: 0),
                pollfd(fd: error, events: Int16(POLLIN), revents: 0),
                pollfd(fd: input, events: Int16(POLLOUT), revents: 0),
            ]
            // At most a second at a time, so that no deadline is too large for poll.
            let wait = Int32(min(1, max(0, deadline - Self.now)) * 1000) + 1
            guard poll(&watched, 3, wait) > 0 else { continue }
            if watched[0].revents != 0 { Self.drain(&output) { received($0, false) } }
            if watched[1].revents != 0 { Self.drain(&error) { received($0, true) } }
            if watched[2].revents != 0 { feed(bytes, &fed) }
        }
        return wait(until: &deadline, stops: &stops)
    }

    private static var now: TimeInterval { ProcessInfo.processInfo.systemUptime }

    private static func drain(_ descriptor: inout Int32, _ received: (Data) -> Void) {
        var buffer = [UInt8](repeating: 0, count: chunk)
        let count = read(descriptor, &buffer, chunk)
        if count > 0 {
            received(Data(buffer[0..<count]))
        } else if count == 0 || (errno != EINTR && errno != EAGAIN) {
            close(descriptor)
            descriptor = -1
        }
    }

    /// Writes what the pipe takes; closes it behind the last byte, or when the program reads no more.
    private mutating func feed(_ bytes: Data, _ fed: inout Int) {
        // A program that has closed its input must not kill us: the signal is held back and taken away.
        var pipeSignal = sigset_t()
        var before = sigset_t()
        sigemptyset(&pipeSignal)
        sigaddset(&pipeSignal, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &pipeSignal, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let rest = bytes.dropFirst(fed).prefix(Self.chunk)
        let count = rest.withUnsafeBytes { $0.isEmpty ? 0 : write(input, $0.baseAddress, $0.count) }
        if count < 0 {
            if errno == EINTR || errno == EAGAIN { return }
            var none = timespec()
            if errno == EPIPE { _ = sigtimedwait(&pipeSignal, nil, &none) }
            fed = bytes.count
        } else {
            fed += count
        }
        if fed == bytes.count {
            close(input)
            input = -1
        }
    }

    /// A program mostly ends when it closes its streams; one that does not is asked again and again.
    private func wait(until deadline: inout TimeInterval, stops: inout Int) -> Int32? {
        var status: Int32 = 0
        var pause: useconds_t = 500
        while true {
            let ended = waitpid(pid, &status, WNOHANG)
            if ended == pid { return stops == 0 ? status : nil }
            if ended < 0, errno != EINTR { return nil }
            if Self.now >= deadline {
                kill(-pid, Self.words[min(stops, 2)])
                stops += 1
                deadline = Self.now + Self.grace
            }
            usleep(pause)
            pause = min(20_000, pause * 2)
        }
    }
}
