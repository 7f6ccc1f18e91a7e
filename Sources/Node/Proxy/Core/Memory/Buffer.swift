/// Bytes on their way, in a buffer that is borrowed from a pool only while there are any.
public struct Buffer {
    private var base: UnsafeMutableRawPointer?
    /// Where the bytes begin and end in the buffer.
    private var start = 0
    private var end = 0

    /// Nothing, in no memory.
    public init() {}

    /// How many bytes there are.
    /// Whether there are none.
    @inline(__always) public var count: Int { end - start }
    /// Whether there are none.
    @inline(__always) public var isEmpty: Bool { end == start }
    @inline(__always) var hasMemory: Bool { base != nil }

    /// The bytes.
    @inline(__always)
    public var bytes: UnsafeMutableRawBufferPointer {
        guard let base else { return UnsafeMutableRawBufferPointer(start: nil, count: 0) }
        return UnsafeMutableRawBufferPointer(start: base + start, count: end - start)
    }

    /// Room behind the bytes, at least `minimum` if the buffer can have so much; nil when the pool is empty.
    @inline(__always)
    mutating func space(_ pool: BufferPool, minimum: Int = 1024) -> UnsafeMutableRawBufferPointer? {
        if base == nil {
            guard let buffer = pool.take() else { return nil }
            base = buffer
            start = 0
            end = 0
        }
        guard let base else { return nil }
        if start == end {
            start = 0
            end = 0
        } else if start > 0, BufferPool.bufferSize - end < minimum {
            base.copyMemory(from: base + start, byteCount: end - start)
            end -= start
            start = 0
        }
        return UnsafeMutableRawBufferPointer(start: base + end, count: BufferPool.bufferSize - end)
    }

    /// So many bytes were put into the room.
    @inline(__always)
    mutating func added(_ count: Int) { end = min(end + count, BufferPool.bufferSize) }

    /// So many bytes at the beginning are done with.
    @inline(__always)
    mutating func removeFirst(_ count: Int) { start = min(start + count, end) }

    /// Goes back to the pool when it is empty.
    @inline(__always)
    mutating func releaseIfEmpty(_ pool: BufferPool) {
        if start == end, let base {
            pool.give(base)
            self.base = nil
        }
    }

    /// Goes back to the pool with all that is in it.
    mutating func discard(_ pool: BufferPool) {
        start = end
        releaseIfEmpty(pool)
    }
}

/// Writes into the room of a buffer; what does not fit sets `overflowed` and is not written.
struct BufferWriter {
    private let room: UnsafeMutableRawBufferPointer
    private(set) var count = 0
    private(set) var overflowed = false

    init(_ room: UnsafeMutableRawBufferPointer) { self.room = room }

    var free: Int { room.count - count }

    @inline(__always)
    mutating func append(_ source: UnsafeRawPointer, _ length: Int) {
        guard length <= free, let base = room.baseAddress else {
            overflowed = true
            return
        }
        (base + count).copyMemory(from: source, byteCount: length)
        count += length
    }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        append(UnsafeRawPointer(text.utf8Start), text.utf8CodeUnitCount)
    }

    @inline(__always)
    mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { if let base = $0.baseAddress { append(base, $0.count) } }
    }

    mutating func append(byte: UInt8) {
        guard free > 0 else {
            overflowed = true
            return
        }
        room[count] = byte
        count += 1
    }

    /// In decimal.
    mutating func append(number: Int) {
        if number >= 10 { append(number: number / 10) }
        append(byte: UInt8(truncatingIfNeeded: 0x30 + number % 10))
    }
}
