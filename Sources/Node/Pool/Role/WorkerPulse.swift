import CLinux

/// When each worker has turned last, for whoever wants to know whether one of them hangs. Any thread may look.
final class WorkerPulse: @unchecked Sendable {
    /// A worker turns at least once a second; after so many tenths of a second without a turn it hangs.
    static let limit: Int32 = 25

    private let beats: UnsafeMutablePointer<Int32>
    private let count: Int

    init(workers: Int) {
        count = workers
        beats = .allocate(capacity: workers)
        beats.initialize(repeating: Self.now, count: workers)
    }

    deinit { beats.deallocate() }

    /// Tenths of a second since boot: they fit for six years.
    private static var now: Int32 { Int32(truncatingIfNeeded: cl_now_ns() / 100_000_000) }

    /// A worker turns.
    func beat(_ worker: Int) { cl_atomic_store(beats + worker, Self.now) }

    /// The first worker that hangs, or nil.
    var hanging: Int? {
        let now = Self.now
        return (0..<count).first { now &- cl_atomic_load(beats + $0) > Self.limit }
    }
}
