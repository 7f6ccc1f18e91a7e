/// Lends buffers of one size out of one piece of memory that is reserved at start. The kernel backs a page when
/// it is first touched, and the buffer given back last is lent first, so that the pool costs what is in use.
///
/// One pool a worker: it is not thread-safe.
public final class BufferPool {
    /// Bytes of a buffer: HAProxy's tune.bufsize.
    public static let bufferSize = 16384
    /// Bytes of a buffer that a received head leaves free, for what we add: HAProxy's tune.maxrewrite.
    public static let reserve = 1024

    private let memory: UnsafeMutableRawPointer
    private let free: UnsafeMutablePointer<UnsafeMutableRawPointer>
    private var freeCount = 0
    private var untouched = 0
    /// How many buffers there are.
    public let capacity: Int
    /// How many are lent.
    public var used: Int { untouched - freeCount }

    /// Reserves memory for so many buffers.
    public init(capacity: Int) {
        self.capacity = max(capacity, 1)
        memory = .allocate(byteCount: self.capacity * Self.bufferSize, alignment: 4096)
        free = .allocate(capacity: self.capacity)
    }

    deinit {
        memory.deallocate()
        free.deallocate()
    }

    /// A buffer, or nil when all are lent.
    @inline(__always)
    func take() -> UnsafeMutableRawPointer? {
        if freeCount > 0 {
            freeCount -= 1
            return free[freeCount]
        }
        guard untouched < capacity else { return nil }
        untouched += 1
        return memory + (untouched - 1) * Self.bufferSize
    }

    @inline(__always)
    func give(_ buffer: UnsafeMutableRawPointer) {
        free[freeCount] = buffer
        freeCount += 1
    }
}
