import CLinux

/// A system call that failed: which one, on what, and why (errno(3)).
public struct SystemError: Error, Equatable, Sendable {
    /// What was tried, as the first half of a sentence: `bind 192.0.2.29:80`.
    public var action: String
    /// The errno.
    public var code: Int32

    /// An error with a given errno.
    public init(_ action: String, code: Int32) {
        self.action = action
        self.code = code
    }

    /// An error with the calling thread's errno.
    public init(_ action: String) { self.init(action, code: cl_errno()) }

    /// `bind 192.0.2.29:80: Address already in use`.
    public var sentence: String { "\(action): \(String(cString: cl_strerror(code)))" }
}
