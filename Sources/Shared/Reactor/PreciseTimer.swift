import CLinux

/// One alarm with the kernel's own resolution (tens of microseconds) beside `Reactor.schedule`'s milliseconds.
///
/// The action runs at the end of the turn, after everything that had come by then was handled: an answer that
/// lies in the socket's buffer beats its timeout even where this process was kept from running.
public final class PreciseTimer: EventSource {
    private let reactor: Reactor
    private let descriptor: Int32
    private let action: () -> Void
    private var armed: Duration?

    /// A timer that is not armed yet. `stop` must be called before it goes.
    public init(on reactor: Reactor, _ action: @escaping () -> Void) throws(SystemError) {
        let result = cl_timer_open()
        guard result >= 0 else { throw SystemError("timerfd_create", code: -result) }
        descriptor = result
        self.reactor = reactor
        self.action = action
        try reactor.add(descriptor, for: .read, self)
    }

    deinit { close(descriptor) }

    /// Fires once at a time of the Reactor's clock; nil means not at all. Replaces what was armed before.
    public func arm(at time: Duration?) {
        guard time != armed else { return }
        armed = time
        guard let time else {
            _ = cl_timer_disarm(descriptor)
            return
        }
        let (seconds, attoseconds) = time.components
        _ = cl_timer_arm(descriptor, UInt64(max(0, seconds * 1_000_000_000 + attoseconds / 1_000_000_000)))
    }

    /// Never fires again.
    public func stop() { reactor.remove(descriptor) }

    /// Reads what came.
    public func ready(_ readiness: Readiness) {
        var expirations: UInt64 = 0
        guard read(descriptor, &expirations, 8) == 8 else { return }
        armed = nil
        reactor.schedule(at: reactor.now, action)
    }
}
