import CLinux

/// Hands signals to a function of the event loop instead of a handler (signalfd(2)).
public final class Signals: EventSource {
    private let descriptor: Int32
    private let handler: (Int32) -> Void

    /// Blocks the signals in this thread, and in those it makes later, and calls `handler` with each that comes.
    public init(_ signals: [Int32], on reactor: Reactor, _ handler: @escaping (Int32) -> Void)
        throws(SystemError)
    {
        let result = cl_signalfd(signals, Int32(signals.count))
        guard result >= 0 else { throw SystemError("signalfd", code: -result) }
        descriptor = result
        self.handler = handler
        try reactor.add(descriptor, for: .read, self)
    }

    deinit { close(descriptor) }

    /// Reads what came.
    public func ready(_ readiness: Readiness) {
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        while read(descriptor, &info, size) == size { handler(Int32(info.ssi_signo)) }
    }
}
