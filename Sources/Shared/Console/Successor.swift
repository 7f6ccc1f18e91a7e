import CLinux
import Reactor

/// The process that takes a running role over: `systemctl reload` starts it and ends when it is up.
public enum Successor {
    /// How long it may take to start.
    public static let timeout: Duration = .seconds(15)

    /// Runs `body` in a child that stays when this process ends. Returns 0 once the child has called `started`, 1 when it
    /// ended before that (it has said why) or took too long.
    public static func run(_ body: (_ started: @escaping () -> Void) -> Int32) throws(SystemError) -> Int32 {
        var ends: [Int32] = [0, 0]
        let failure = cl_pipe(&ends)
        guard failure == 0 else { throw SystemError("make a pipe", code: failure) }
        let pid = cl_fork()
        guard pid >= 0 else { throw SystemError("start a process") }
        if pid == 0 {
            close(ends[0])
            let pipe = ends[1]
            let code = body {
                var word: UInt8 = 0
                _ = write(pipe, &word, 1)
                close(pipe)
            }
            _exit(code)
        }
        close(ends[1])
        defer { close(ends[0]) }
        var word: UInt8 = 0
        let isReadable = cl_wait_readable(ends[0], Int32(timeout.components.seconds * 1000)) > 0
        if isReadable, read(ends[0], &word, 1) == 1 { return 0 }
        kill(pid, SIGTERM)
        return 1
    }
}
