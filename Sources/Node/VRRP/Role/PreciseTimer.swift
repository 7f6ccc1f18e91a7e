import CLinux
import Reactor

/// A timer of the kernel's resolution: epoll_wait(2) counts milliseconds, and at short intervals the skews
/// of two priorities differ by less.
final class PreciseTimer: EventSource {
    private let descriptor: Int32
    private let fire: () -> Void
    private var armed: Duration?

    init(on reactor: Reactor, _ fire: @escaping () -> Void) throws(SystemError) {
        let result = cl_timer_open()
        guard result >= 0 else { throw SystemError("timerfd_create", code: -result) }
        descriptor = result
        self.fire = fire
        try reactor.add(descriptor, for: .read, self)
    }

    deinit { close(descriptor) }

    /// Fires at this time of the Reactor's clock; nil: not at all.
    func arm(at time: Duration?) {
        guard time != armed else { return }
        armed = time
        guard let time else {
            _ = cl_timer_disarm(descriptor)
            return
        }
        let (seconds, attoseconds) = time.components
        let nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        _ = cl_timer_arm(descriptor, UInt64(max(1, nanoseconds)))
    }

    func ready(_ readiness: Readiness) {
        var expirations: UInt64 = 0
        _ = read(descriptor, &expirations, 8)
        armed = nil
        fire()
    }
}
