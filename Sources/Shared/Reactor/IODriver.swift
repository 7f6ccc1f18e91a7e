import CLinux

/// How channels and acceptors of a Reactor talk to the kernel. Event sources go through epoll always.
public enum IODriver: Sendable, Equatable, CaseIterable {
    /// io_uring where the kernel has and allows it, else epoll.
    case automatic
    /// epoll(7): the kernel tells what is ready, a system call each for what then is done.
    case epoll
    /// io_uring(7): the kernel tells what has been done; one system call a turn.
    case ioUring

    /// The variable of the environment that decides where the caller does not.
    public static let variable = "PINODE_IO_DRIVER"

    /// The word in settings and in the environment.
    public var name: String {
        switch self {
        case .automatic: "automatic"
        case .epoll: "epoll"
        case .ioUring: "io_uring"
        }
    }

    /// The driver of a word: `automatic`, `epoll` or `io_uring`.
    public init?(_ name: String) {
        guard let driver = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = driver
    }

    /// What the environment says; `automatic` where it says nothing, or nothing that can be understood.
    public static var fromEnvironment: IODriver {
        guard let value = getenv(variable) else { return .automatic }
        return IODriver(String(cString: value)) ?? .automatic
    }
}
