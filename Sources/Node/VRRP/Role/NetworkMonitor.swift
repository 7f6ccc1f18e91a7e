import CLinux
import Reactor

/// Says that some link or address changed; what is now must then be read anew. So an overflowing queue
/// (ENOBUFS) loses nothing.
final class NetworkMonitor: EventSource {
    private let descriptor: Int32
    private let changed: () -> Void

    init(on reactor: Reactor, _ changed: @escaping () -> Void) throws(SystemError) {
        let result = cl_netlink_monitor()
        guard result >= 0 else { throw SystemError("open a netlink monitor", code: -result) }
        descriptor = result
        self.changed = changed
        try reactor.add(descriptor, for: .read, self)
    }

    deinit { close(descriptor) }

    func ready(_ readiness: Readiness) {
        if cl_netlink_drain(descriptor) != 0 { changed() }
    }
}
