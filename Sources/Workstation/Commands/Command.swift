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

        /// What a program left that was run in another way.
        public init(code: Int32, standardOutput: String, standardError: String) {
            self.code = code
            self.standardOutput = standardOutput
            self.standardError = standardError
        }
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
    /// of both streams.
    public func runAny(eachLine: ((String) -> Void)? = nil) throws(Failure) -> Output {
        let program = arguments.first ?? ""
        guard let path = program.contains("/") ? program : Command.path(of: program) else {
            throw Failure(sentence: "\"\(program)\" is not on PATH", code: nil)
        }
        var running = try Spawned(
            path: path, arguments: arguments,
            environment: ProcessInfo.processInfo.environment.merging(environment) { $1 }, folder: folder,
            hasInput: input != nil)
        Interruption.remember(running.pid)
        defer { Interruption.forget(running.pid) }
        var out = Lines(eachLine)
        var err = Lines(eachLine)
        let status = running.finish(feeding: input ?? Data(), timeout: timeout) { data, isError in
            if isError { err.append(data) } else { out.append(data) }
        }
        out.end()
        err.end()
        guard let status else {
            throw Failure(
                sentence:
                    "\"\(arguments.prefix(6).joined(separator: " "))\" was stopped after \(Int(timeout)) s",
                code: nil)
        }
        let signal = status & 0x7f
        return Output(
            code: signal == 0 ? (status >> 8) & 0xff : 128 + signal,
            standardOutput: String(decoding: out.all, as: UTF8.self),
            standardError: String(decoding: err.all, as: UTF8.self))
    }

    /// Where PATH (or an sbin folder, which users' PATHs lack) has a program; nil when it has not.
    public static func path(of program: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(
            String.init)
        return (folders + ["/usr/sbin", "/sbin"]).map { "\($0)/\(program)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}

/// What a stream brought, and its lines on the way.
private struct Lines {
    private(set) var all = Data()
    private var begin = 0
    private let eachLine: ((String) -> Void)?

    init(_ eachLine: ((String) -> Void)?) { self.eachLine = eachLine }

    mutating func append(_ data: Data) {
        all.append(data)
        guard let eachLine else { return }
        while let end = all[begin...].firstIndex(of: UInt8(ascii: "\n")) {
            eachLine(String(decoding: all[begin..<end], as: UTF8.self))
            begin = end + 1
        }
    }

    /// The last line, where it had no end.
    mutating func end() {
        if let eachLine, begin < all.count { eachLine(String(decoding: all[begin...], as: UTF8.self)) }
        begin = all.count
    }
}
