import Commands
import Foundation

/// A client on the lab's network that appends numbered rows to whichever node's PostgreSQL takes writes (psql, with several
/// hosts in its address), and keeps the numbers that were acknowledged.
final class LabWriter: @unchecked Sendable {
    private let done = DispatchSemaphore(value: 0)
    private let lock = NSLock()
    private var numbers: [Int] = []
    private let stopFile: String

    /// `address`: of libpq, as a URI.
    init(_ cluster: ClusterFixture, _ address: String) throws {
        stopFile = "\(NSTemporaryDirectory())/pidep-writer-\(UUID().uuidString)"
        // A server that is gone says nothing: the client gives it up by itself.
        let script = """
            to='\(address)?target_session_attrs=read-write&connect_timeout=2&tcp_user_timeout=2000&keepalives_idle=1\
            &keepalives_interval=1&keepalives_count=2'
            while [ ! -e '\(stopFile)' ]; do
                { while [ ! -e '\(stopFile)' ]; do
                    echo 'INSERT INTO numbers DEFAULT VALUES RETURNING n;'
                    sleep 0.02
                done; } | psql -XqAt -v ON_ERROR_STOP=1 "$to" 2>/dev/null || sleep 0.1
            done
            """
        let words = ["lab", "run", "--inventory", cluster.inventory, "--", "sh", "-c", script]
        let command = Command([try LabFixture.pidep().path] + words, in: LabFixture.project, timeout: 300)
        Thread.detachNewThread { [self] in
            _ = try? command.runAny { [self] line in
                if let number = Int(line) { note(number) }
            }
            done.signal()
        }
    }

    private func note(_ number: Int) { lock.withLock { numbers.append(number) } }

    /// Acknowledged so far.
    var acknowledged: [Int] { lock.withLock { numbers } }

    /// Waits, for a bounded time, until more rows are acknowledged than are now.
    func goesOn(by more: Int = 20) -> Bool {
        let goal = acknowledged.count + more
        for _ in 0..<600 {
            if acknowledged.count >= goal { return true }
            usleep(100_000)
        }
        return false
    }

    /// Ends it; every number that was acknowledged.
    func end() -> [Int] {
        _ = FileManager.default.createFile(atPath: stopFile, contents: nil)
        _ = done.wait(timeout: .now() + 60)
        try? FileManager.default.removeItem(atPath: stopFile)
        return acknowledged
    }
}
