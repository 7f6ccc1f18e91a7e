import CLinux
import Foundation

/// Says that a run shall end now, with the report so far.
public final class Interruption: @unchecked Sendable {
    private let lock = NSLock()
    private var requested = false
    private var descriptor: Int32 = -1

    /// One that is only requested by `request`.
    public init() {}

    /// One that Ctrl-C (SIGINT) and SIGTERM request, while it lives. Only one at a time.
    public static func onSignals() -> Interruption {
        let interruption = Interruption()
        interruption.descriptor = cl_interrupt_begin()
        return interruption
    }

    deinit { if descriptor >= 0 { cl_interrupt_end(descriptor) } }

    /// Ends the run.
    public func request() { lock.withLock { requested = true } }

    /// Whether the run shall end.
    public var isRequested: Bool {
        lock.withLock {
            var count: UInt64 = 0
            if !requested, descriptor >= 0, read(descriptor, &count, 8) == 8 { requested = true }
            return requested
        }
    }
}
