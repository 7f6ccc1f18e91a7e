import CLinux
import Commands
import Foundation

/// Runs helper programs inside a cgroup from their first instruction on: when `pidep` itself is killed, the next
/// command on the lab ends what it had started, and nothing changes the lab behind its back.
struct Toolbox: Sendable {
    let cgroup: Cgroup

    /// Runs a program to its end. `input` must fit into a pipe (64 KiB). Every line of standard error goes to `line`
    /// as it comes. A program that exceeds `timeout` is killed; a failure to exit with 0 is thrown.
    @discardableResult
    func run(
        _ arguments: [String], environment: [String: String] = [:], input: String = "", timeout: Duration,
        line: (String) -> Void = { _ in }
    ) throws(LabFailure) -> String {
        let output = try runAny(
            arguments, environment: environment, input: input, timeout: timeout, line: line)
        guard output.code == 0 else {
            let text = output.standardError.isEmpty ? output.standardOutput : output.standardError
            let last = text.split(separator: "\n").suffix(12).joined(separator: "\n  ")
            throw LabFailure(
                "\"\(arguments.prefix(8).joined(separator: " "))\" exited with \(output.code):\n  \(last)")
        }
        return output.standardOutput
    }

    /// As `run`, and returns whatever the exit code is.
    func runAny(
        _ arguments: [String], environment: [String: String] = [:], input: String = "", timeout: Duration,
        line: (String) -> Void = { _ in }
    ) throws(LabFailure) -> Command.Output {
        let standardInput = try InputFile(input)
        defer { close(standardInput.descriptor) }
        let standardOutput = try Pipe()
        let standardError = try Pipe()
        defer {
            for pipe in [standardOutput, standardError] { pipe.close() }
        }
        let process = try spawn(
            arguments, environment: environment,
            streams: (standardInput.descriptor, standardOutput.writer, standardError.writer), detached: false)
        standardOutput.closeWriter()
        standardError.closeWriter()
        let expired = !collect(
            standardOutput, standardError, until: ContinuousClock.now + timeout, line: line)
        if expired { kill(process, SIGKILL) }
        let code = wait(for: process)
        if expired {
            throw LabFailure(
                "\"\(arguments.prefix(8).joined(separator: " "))\" was stopped after \(timeout).")
        }
        return Command.Output(
            code: code, standardOutput: standardOutput.text, standardError: standardError.text)
    }

    /// Starts a program with the given standard streams; 0 is returned for a detached one, else its process id.
    func spawn(
        _ arguments: [String], environment: [String: String] = [:], streams: (Int32, Int32, Int32),
        detached: Bool
    ) throws(LabFailure) -> Int32 {
        guard let program = arguments[0].contains("/") ? arguments[0] : Command.path(of: arguments[0]) else {
            throw LabFailure("The program \"\(arguments[0])\" is not on PATH.")
        }
        try cgroup.create()
        let descriptor = try cgroup.open()
        defer { close(descriptor) }
        var variables = [
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
        ]
        variables.merge(environment) { $1 }
        let words = CStrings([program] + arguments.dropFirst())
        let settings = CStrings(variables.map { "\($0)=\($1)" })
        let result = cl_spawn_in_cgroup(
            descriptor, words.pointer, settings.pointer, streams.0, streams.1, streams.2, detached ? 1 : 0)
        guard result >= 0 else {
            throw LabFailure("\"\(program)\" cannot be started: \(String(cString: cl_strerror(-result))).")
        }
        return result
    }

    /// The exit code; 128 and the signal's number for a program that a signal ended.
    func wait(for process: Int32) -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 { guard cl_errno() == EINTR else { return 127 } }
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    }

    /// Reads both pipes to their ends; false when the time came first.
    private func collect(
        _ output: Pipe, _ error: Pipe, until deadline: ContinuousClock.Instant, line: (String) -> Void
    ) -> Bool {
        while output.isOpen || error.isOpen {
            let left = deadline - ContinuousClock.now
            guard left > .zero else { return false }
            var polled = [
                pollfd(fd: output.isOpen ? output.reader : -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: error.isOpen ? error.reader : -1, events: Int16(POLLIN), revents: 0),
            ]
            poll(&polled, 2, Int32(min(left.components.seconds, 60) * 1000 + 1))
            if polled[0].revents != 0 { output.read() }
            if polled[1].revents != 0 { error.read().forEach(line) }
        }
        return true
    }
}

/// A pipe and what was read from it.
private final class Pipe {
    let reader: Int32
    let writer: Int32
    private(set) var isOpen = true
    private var writerIsOpen = true
    private var bytes: [UInt8] = []
    private var lineStart = 0

    init() throws(LabFailure) {
        var ends: [Int32] = [-1, -1]
        guard cl_pipe_cloexec(&ends) == 0 else {
            throw LabFailure("No pipe can be made: \(String(cString: cl_strerror(cl_errno()))).")
        }
        (reader, writer) = (ends[0], ends[1])
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Reads once; returns the lines that are complete now.
    @discardableResult
    func read() -> [String] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = Glibc.read(reader, &buffer, buffer.count)
        if count <= 0 {
            if count == 0 || cl_errno() != EINTR { isOpen = false }
            return []
        }
        bytes += buffer[..<count]
        var lines: [String] = []
        while let end = bytes[lineStart...].firstIndex(of: UInt8(ascii: "\n")) {
            lines.append(String(decoding: bytes[lineStart..<end], as: UTF8.self))
            lineStart = end + 1
        }
        return lines
    }

    func closeWriter() {
        if writerIsOpen { Glibc.close(writer) }
        writerIsOpen = false
    }

    func close() {
        closeWriter()
        Glibc.close(reader)
    }
}

/// A NULL-terminated array of C strings, as execve takes it.
private final class CStrings {
    let pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ texts: [String]) {
        count = texts.count
        pointer = .allocate(capacity: count + 1)
        for (index, text) in texts.enumerated() { pointer[index] = strdup(text) }
        pointer[count] = nil
    }

    deinit {
        for index in 0..<count { free(pointer[index]) }
        pointer.deallocate()
    }
}
