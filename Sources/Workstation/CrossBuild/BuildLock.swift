import Foundation

/// Keeps two builds from working in one `.pidep` at a time. The kernel releases it however the process ends.
final class BuildLock {
    private let file: Int32

    /// Waits for another build; `waiting` is called first when there is one.
    init(root: PackageRoot, waiting: () -> Void) throws(BuildError) {
        try Files.makeFolder(root.state)
        let path = "\(root.state)/lock"
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        self.file = file
        guard file >= 0 else { throw Files.failure("written", path, code: errno) }
        if flock(file, LOCK_EX | LOCK_NB) != 0 {
            waiting()
            while flock(file, LOCK_EX) != 0, errno == EINTR {}
        }
    }

    deinit { if file >= 0 { close(file) } }
}
