import CLinux
import Reactor

/// A listening Unix socket that removes its path at the end, unless another process listens there by then.
public struct UnixListener {
    /// The listening socket.
    public let descriptor: Int32
    private let path: String
    private let identity: cl_file?

    /// Listens at a path whose file gets this mode.
    public init(_ path: String, mode: UInt32, backlog: Int32) throws(SystemError) {
        let result = cl_listen_unix(path, mode_t(mode), backlog)
        guard result >= 0 else { throw SystemError("listen at \(path)", code: -result) }
        descriptor = result
        self.path = path
        identity = Self.look(path)
    }

    /// Closes the socket and removes its path, if that is still its own.
    public func close() {
        CLinux.close(descriptor)
        if let identity, let now = Self.look(path), now.device == identity.device, now.inode == identity.inode
        {
            unlink(path)
        }
    }

    private static func look(_ path: String) -> cl_file? {
        var found = cl_file()
        return cl_lstat(path, &found) == 0 ? found : nil
    }
}
