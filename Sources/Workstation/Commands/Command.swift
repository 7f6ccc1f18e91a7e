import Foundation

/// A program run to its end, with what it printed.
public struct Command: Sendable {
    /// A program that could not be run, or failed, as a sentence with the end of what it printed.
    public struct Failure: Error, Sendable, Equatable {
        /// What went wrong, with the end of what the program printed.
        public var sentence: String
        /// The exit code; nil when it did not start, was killed by a signal or ran out of time.
        public var code: Int32?
    }

    /// What a program left.
    public struct Output: Sendable {
        /// The exit code; 128 and the signal's number for a program that a signal ended.
        public var code: Int32
        /// All of it, decoded as UTF-8.
        public var standardOutput: String
        /// All of it, decoded as UTF-8.
        public var standardError: String
    }

    /// How long a program may run unless told otherwise.
    public static let defaultTimeout: TimeInterval = 600

    /// The program and its arguments.
    public var arguments: [String]
    /// Variables added to this process's environment.
    public var environment: [String: String]
    /// Where it runs; nil means this process's folder.
    public var folder: String?
    /// What it reads from standard input; nil means nothing.
    public var input: Data?
    /// Seconds after which it is stopped.
    public var timeout: TimeInterval

    /// `arguments[0]` is looked up in PATH; `environment` is added to ours.
    public init(
        _ arguments: [String], environment: [String: String] = [:], in folder: String? = nil,
        input: Data? = nil,
        timeout: TimeInterval = Command.defaultTimeout
    ) {
        self.arguments = arguments
        self.environment = environment
        self.folder = folder
        self.input = input
        self.timeout = timeout
    }

    /// Runs it; a failure to exit with 0 is thrown.
    @discardableResult
    public func run() throws(Failure) -> Output {
        let output = try runAny()
        guard output.code == 0 else {
            let words = arguments.prefix(6).joined(separator: " ")
            let last = (output.standardError.isEmpty ? output.standardOutput : output.standardError)
                .split(separator: "\n").suffix(12).joined(separator: "\n  ")
            throw Failure(sentence: "\"\(words)\" exited with \(output.code):\n  \(last)", code: output.code)
        }
        return output
    }

    /// Runs it and returns whatever its exit code is. `eachLine` is called with every whole line as it comes,
    /// of both streams, from another thread.
    public func runAny(eachLine: (@Sendable (String) -> Void)? = nil) throws(Failure) -> Output {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
        let out = Pipe()
        let err = Pipe()
        process.standardOutput = out
        process.standardError = err
        let incoming = input.map { _ in Pipe() }
        process.standardInput = incoming ?? FileHandle.nullDevice
        do { try process.run() } catch {
            throw Failure(
                sentence: "\"\(arguments.first ?? "")\" did not start: \(error.localizedDescription)",
                code: nil)
        }
        Interruption.remember(process.processIdentifier)
        defer { Interruption.forget(process.processIdentifier) }
        let collected = Collected()
        let group = DispatchGroup()
        for (pipe, isError) in [(out, false), (err, true)] {
            group.enter()
            DispatchQueue.global().async {
                let file = pipe.fileHandleForReading
                if let eachLine {
                    collected.set(Lines(from: file).readAll(eachLine), isError: isError)
                } else {
                    collected.set(file.readDataToEndOfFile(), isError: isError)
                }
                group.leave()
            }
        }
        if let incoming, let input {
            DispatchQueue.global().async {
                try? incoming.fileHandleForWriting.write(contentsOf: input)
                try? incoming.fileHandleForWriting.close()
            }
        }
        let expired = group.wait(timeout: .now() + timeout) == .timedOut
        if expired {
            process.terminate()
            if group.wait(timeout: .now() + 2) == .timedOut { kill(process.processIdentifier, SIGKILL) }
        }
        process.waitUntilExit()
        guard !expired else {
            throw Failure(
                sentence:
                    "\"\(arguments.prefix(6).joined(separator: " "))\" was stopped after \(Int(timeout)) s",
                code: nil)
        }
        return Output(
            code: process.terminationReason == .exit
                ? process.terminationStatus : 128 + process.terminationStatus,
            standardOutput: String(decoding: collected.out, as: UTF8.self),
            standardError: String(decoding: collected.err, as: UTF8.self))
    }

    /// Where PATH has a program; nil when it has not.
    public static func path(of program: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(
            String.init)
        return (folders + ["/usr/sbin", "/sbin"]).map { "\($0)/\(program)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}

/// Reads a pipe to its end and hands over whole lines on the way.
private struct Lines {
    let file: FileHandle

    init(from file: FileHandle) { self.file = file }

    func readAll(_ eachLine: (String) -> Void) -> Data {
        var all = Data()
        var begin = 0
        while case let piece = file.availableData, !piece.isEmpty {
            all.append(piece)
            while let end = all[begin...].firstIndex(of: UInt8(ascii: "\n")) {
                eachLine(String(decoding: all[begin..<end], as: UTF8.self))
                begin = end + 1
            }
        }
        if begin < all.count { eachLine(String(decoding: all[begin...], as: UTF8.self)) }
        return all
    }
}

private final class Collected: @unchecked Sendable {
    private let lock = NSLock()
    private var bytes: (out: Data, err: Data) = (Data(), Data())

    var out: Data { lock.withLock { bytes.out } }
    var err: Data { lock.withLock { bytes.err } }

    func set(_ data: Data, isError: Bool) {
        lock.withLock { if isError { bytes.err = data } else { bytes.out = data } }
    }
}
