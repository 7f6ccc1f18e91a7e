/// What a channel has still to send: a list of blocks, none while there is nothing.
struct ChannelOutput {
    private(set) var first: UnsafeMutablePointer<Block>?
    private var last: UnsafeMutablePointer<Block>?
    /// Bytes that the kernel has not taken.
    private(set) var count = 0

    /// Copies bytes behind those that wait.
    mutating func append(_ bytes: UnsafeRawBufferPointer, from pool: inout BlockPool) {
        guard var source = bytes.baseAddress else { return }
        var left = bytes.count
        count += left
        while left > 0 {
            let block = lastWithRoom(from: &pool)
            let size = min(left, BlockPool.capacity - Int(block.pointee.end))
            (block.bytes + Int(block.pointee.end)).copyMemory(from: source, byteCount: size)
            block.pointee.end += Int32(size)
            source += size
            left -= size
        }
    }

    private mutating func lastWithRoom(from pool: inout BlockPool) -> UnsafeMutablePointer<Block> {
        if let last, Int(last.pointee.end) < BlockPool.capacity { return last }
        let block = pool.take()
        if let last { last.pointee.next = block } else { first = block }
        last = block
        return block
    }

    /// The kernel has taken so many bytes from the front.
    mutating func drop(_ size: Int, to pool: inout BlockPool) {
        precondition(size <= count)
        count -= size
        var left = size
        while let block = first {
            let here = min(left, Int(block.pointee.end - block.pointee.start))
            block.pointee.start += Int32(here)
            left -= here
            guard block.pointee.start == block.pointee.end else { return }
            first = block.pointee.next
            if first == nil { last = nil }
            pool.giveBack(block)
        }
    }

    /// Nothing of it will be sent.
    mutating func dropAll(to pool: inout BlockPool) { drop(count, to: &pool) }
}
