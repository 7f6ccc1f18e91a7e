import CLinux
import Consensus
import Reactor

/// A member's folder while no process runs on it: for what is done when a majority is gone for good.
public final class OfflineMember {
    /// Its number.
    public let id: MemberID
    private var store: LogStore<FileDisk>
    private let lock: Int32

    /// Locks the folder; a running member has it, and must be stopped first.
    public init(_ id: MemberID, in folder: String) throws(LogError) {
        lock = try Self.lock(folder)
        self.id = id
        store = LogStore(FileDisk(folder), member: id)
    }

    deinit { CLinux.close(lock) }

    /// What is in the folder. Whatever a crash has cut short is cut off.
    public func load() throws(LogError) -> StoredState { try store.load() }

    /// Makes it the only member of a new life of the cluster (`LogStore.recover`).
    public func recover(_ member: Member, on state: StoredState, data: [UInt8]) throws(LogError)
        -> StoredState
    {
        var drawn: UInt32 = 0
        _ = withUnsafeMutableBytes(of: &drawn) { cl_random($0.baseAddress, $0.count) }
        return try store.recover(member, on: state, data: data, drawn: drawn)
    }

    /// Throws its log away: it waits to be taken in.
    public func discard() throws(LogError) { try store.discard() }

    static func lock(_ folder: String) throws(LogError) -> Int32 {
        let path = "\(folder)/lock"
        let descriptor = cl_open(path, O_RDWR | O_CREAT, 0o600)
        guard descriptor >= 0 else {
            throw LogError(
                "\(path) cannot be opened: \(String(cString: cl_strerror(cl_errno()))). Is the folder there?")
        }
        guard cl_lock(descriptor) == 0 else {
            CLinux.close(descriptor)
            throw LogError("\(folder) is in use by another process. Stop that one first")
        }
        return descriptor
    }
}
