import CLinux

/// Runs systemctl, apt-get and their like: bounded in time and output, never through a shell.
struct Program {
    /// What a program left: its exit code, 128 + N after signal N, and the end of what it printed.
    struct Result {
        var code: Int32
        var output: [UInt8]
        var timedOut = false

        /// The last lines of the output.
        func lastLines(_ count: Int) -> String {
            let lines = output.split(separator: UInt8(ascii: "\n"))
            var text = ""
            for line in lines.suffix(count) {
                if !text.utf8.isEmpty { text += "\n" }
                text += String(decoding: line, as: UTF8.self)
            }
            return text
        }
    }

    /// The most of a program's output that is kept: its end.
    static let outputLimit = 262_144
    /// How often `waiting` is called while a program prints nothing.
    static let waitingInterval: UInt64 = 10_000_000_000

    private static let environment = [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/root",
        "DEBIAN_FRONTEND=noninteractive", "SYSTEMD_COLORS=0", "SYSTEMD_PAGER=",
    ]

    /// Where programs are found: `/usr/bin`, or a test's folder; what is not there is sought in `sbin` beside it.
    let folder: String

    /// Runs a program to its end, at most `limit` long; then it is killed with all it started. `environment` is
    /// added to what every program gets.
    func run(
        _ arguments: [String], environment: [String] = [], limit: Duration, waiting: () -> Void = {}
    ) throws(ApplyError) -> Result {
        var path = "\(folder)/\(arguments[0])"
        if access(path, X_OK) != 0 { path = "\(FileTree.folder(of: folder))/sbin/\(arguments[0])" }
        var process: pid_t = 0
        let pipe = Program.withCStrings([path] + arguments.dropFirst()) { words in
            Program.withCStrings(Program.environment + environment) { cl_spawn_merged(words, $0, &process) }
        }
        guard pipe >= 0 else { throw ApplyError("start", path, code: -pipe) }
        defer { close(pipe) }
        var result = Result(code: -1, output: [])
        var chunk = [UInt8](repeating: 0, count: 16384)
        let end = cl_now_ns() + Program.nanoseconds(limit)
        var nextWaiting = cl_now_ns() + Program.waitingInterval
        while true {
            // Asked before the pipe is read: what it printed last is then there to be read. A program may leave
            // a child that holds the pipe (apt starts services), so its own end counts, not the pipe's.
            let ended = cl_try_wait(process, &result.code) != 0
            var count = read(pipe, &chunk, chunk.count)
            while count > 0 {
                result.output.append(contentsOf: chunk[0..<count])
                if result.output.count > Program.outputLimit {
                    result.output.removeFirst(result.output.count - Program.outputLimit / 2)
                }
                count = read(pipe, &chunk, chunk.count)
            }
            if ended { return result }
            let now = cl_now_ns()
            if now >= end {
                kill(-process, SIGKILL)
                while cl_try_wait(process, &result.code) == 0 { usleep(1000) }
                result.timedOut = true
                return result
            }
            if now >= nextWaiting {
                waiting()
                nextWaiting = now + Program.waitingInterval
            }
            if count == 0 { usleep(1000) } else { _ = cl_wait_readable(pipe, 20) }
        }
    }

    static func nanoseconds(_ duration: Duration) -> UInt64 {
        UInt64(duration.components.seconds) * 1_000_000_000
            + UInt64(duration.components.attoseconds / 1_000_000_000)
    }

    private static func withCStrings<Value>(
        _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Value
    ) -> Value {
        let list = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: texts.count + 1)
        for (index, text) in texts.enumerated() { list[index] = strdup(text) }
        list[texts.count] = nil
        defer {
            for index in texts.indices { free(list[index]) }
            list.deallocate()
        }
        return body(list)
    }
}
