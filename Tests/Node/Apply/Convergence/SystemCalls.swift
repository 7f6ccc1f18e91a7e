import Commands
import Foundation
import TestSupport

/// `pinode apply` as a process of its own, watched or disturbed by strace(1) at its system calls.
struct TracedApply {
    /// One system call that changed something, in the order of the run.
    struct Call {
        var name: String
        /// 1 for the first call of that name, whatever it did: what strace's `when=` counts.
        var ordinal: Int
        /// strace's line.
        var text: String

        /// It wrote to standard output: events for whoever listens.
        var isEvent: Bool { text.hasPrefix("write(1,") }
        /// It concerned a parameter of the kernel, which no disk holds.
        var isOfKernel = false
    }

    /// What changes a file system or starts a program.
    private static let names = [
        "openat", "open", "creat", "write", "pwrite64", "writev", "rename", "renameat", "renameat2", "unlink",
        "unlinkat", "rmdir", "mkdir", "mkdirat", "symlink", "symlinkat", "link", "linkat", "chmod", "fchmod",
        "fchmodat", "chown", "fchown", "lchown", "fchownat", "fsync", "fdatasync", "ftruncate", "truncate",
        "copy_file_range", "sendfile", "flock", "clone", "clone3", "vfork", "fork",
    ]

    let root: String

    private var command: [String] {
        [builtProgram("pinode"), "apply", "--root", root, "--tools", "\(root)/tools"]
    }

    /// An undisturbed run; its exit code and events.
    func run() throws -> Command.Output { try Command(command, timeout: 60).runAny() }

    /// An undisturbed run's changing system calls.
    func calls() throws -> [Call] {
        let log = "\(root).strace"
        defer { unlink(log) }
        let trace = "trace=" + Self.names.map { "?\($0)" }.joined(separator: ",")
        let output = try Command(["strace", "-o", log, "-e", trace] + command, timeout: 120).runAny()
        guard output.code == 0 else { throw Failure(text: output.standardOutput + output.standardError) }
        return Self.parse(try String(contentsOfFile: log, encoding: .utf8))
    }

    /// A run in which one call does not happen: `signal=SIGKILL` kills before it, `error=ENOSPC` answers it so.
    func run(_ fault: String, at call: Call) throws -> Command.Output {
        let inject = "inject=\(call.name):\(fault):when=\(call.ordinal)"
        return try Command(
            ["strace", "-o", "/dev/null", "-e", "trace=\(call.name)", "-e", inject] + command, timeout: 120
        ).runAny()
    }

    static func parse(_ log: String) -> [Call] {
        var counts: [String: Int] = [:]
        var calls: [Call] = []
        for line in log.split(separator: "\n").map(String.init) {
            guard let parenthesis = line.firstIndex(of: "(") else { continue }
            let name = String(line[..<parenthesis])
            guard names.contains(name) else { continue }
            counts[name, default: 0] += 1
            let isReading =
                name.hasPrefix("open")
                && !["O_WRONLY", "O_RDWR", "O_CREAT"].contains { line.contains($0) }
            guard !isReading else { continue }
            // A parameter is opened, and then written.
            let isOfKernel =
                line.contains("/proc/sys/")
                || (name == "write" && calls.last?.text.contains("/proc/sys/") == true)
            calls.append(
                Call(name: name, ordinal: counts[name] ?? 0, text: line, isOfKernel: isOfKernel))
        }
        return calls
    }

    struct Failure: Error {
        var text: String
    }
}
