import CLinux

/// Why a node could not be made equal to its manifest, as a sentence for the person at the workstation.
public struct ApplyError: Error, Equatable, Sendable {
    /// What went wrong and what to do.
    public var sentence: String

    init(_ sentence: String) { self.sentence = sentence }

    /// A system call that failed on a path; `code` is the errno.
    init(_ action: String, _ path: String, code: Int32) {
        if code == ENOSPC {
            sentence = "\(action) \(path): the disk is full. Make room (df -h) and deploy again"
        } else if code == EROFS {
            sentence = "\(action) \(path): the file system is read-only. Look for errors of the card: dmesg"
        } else {
            sentence = "\(action) \(path): \(String(cString: cl_strerror(code)))"
        }
    }
}

/// Lets a test stop an apply between any two of its steps, as SIGKILL would.
final class FaultPoints {
    private var left: Int?

    /// Stops at the point after `count` others; nil never stops.
    init(stopAfter count: Int? = nil) { left = count }

    /// One place where a kill may come.
    func pass() throws(ApplyError) {
        guard let count = left else { return }
        guard count > 0 else { throw ApplyError("killed") }
        left = count - 1
    }
}
