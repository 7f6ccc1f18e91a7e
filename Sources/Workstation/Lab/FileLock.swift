import CLinux
import Foundation

/// A file that only one process holds at a time (flock(2)); the kernel lets go of it when that process ends, however
/// it ends. It says in its text who holds it.
struct FileLock {
    private let descriptor: Int32

    /// Takes the lock; `waiting` is called once, with who holds it, when that takes time.
    init(_ path: String, within timeout: Duration, waiting: (String) -> Void) throws(LabFailure) {
        let file = cl_open(path, O_RDWR | O_CREAT, 0o644)
        guard file >= 0 else {
            throw LabFailure(
                "The lock \(path) cannot be opened: \(String(cString: cl_strerror(cl_errno()))).")
        }
        let deadline = ContinuousClock.now + timeout
        var hasSaid = false
        while flock(file, LOCK_EX | LOCK_NB) != 0 {
            let holder = (readFile(path) ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
            guard ContinuousClock.now < deadline else {
                close(file)
                throw LabFailure(
                    "\(path) is still held by \(holder) after \(timeout). Wait for it or end it, then try again."
                )
            }
            if !hasSaid { waiting(holder) }
            hasSaid = true
            usleep(20_000)
        }
        let words = CommandLine.arguments.dropFirst().prefix(3).joined(separator: " ")
        let text = "process \(getpid()) (\(words))\n"
        ftruncate(file, 0)
        pwrite(file, text, text.utf8.count, 0)
        descriptor = file
    }

    func release() { close(descriptor) }
}
