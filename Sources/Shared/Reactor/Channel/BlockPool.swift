/// A piece of a channel's output. The bytes stand behind it in memory.
struct Block {
    var next: UnsafeMutablePointer<Block>?
    /// The first byte that the kernel has not taken.
    var start: Int32 = 0
    /// Behind the last byte.
    var end: Int32 = 0
}

/// Memory for output, shared by the channels of a Reactor: who has nothing to send holds none.
struct BlockPool {
    /// Bytes a block holds: a TLS record of full size (RFC 8446 section 5.1) with its header and tag fits.
    static let capacity = 16 * 1024 + 256
    /// So many free blocks are kept (1 MB); those beyond go back to the heap.
    static let largestReserve = 64

    private var free: UnsafeMutablePointer<Block>?
    private(set) var freeCount = 0
    /// Blocks that channels hold.
    private(set) var used = 0

    /// An empty block. The last that came back is the first to go: its lines are still in the cache.
    mutating func take() -> UnsafeMutablePointer<Block> {
        used += 1
        let block: UnsafeMutablePointer<Block>
        if let free {
            block = free
            self.free = free.pointee.next
            freeCount -= 1
        } else {
            let size = MemoryLayout<Block>.stride + Self.capacity
            block = UnsafeMutableRawPointer.allocate(
                byteCount: size, alignment: MemoryLayout<Block>.alignment
            )
            .bindMemory(to: Block.self, capacity: 1)
        }
        block.initialize(to: Block())
        return block
    }

    mutating func giveBack(_ block: UnsafeMutablePointer<Block>) {
        used -= 1
        guard freeCount < Self.largestReserve else {
            UnsafeMutableRawPointer(block).deallocate()
            return
        }
        block.pointee.next = free
        free = block
        freeCount += 1
    }

    mutating func releaseAll() {
        while let block = free {
            free = block.pointee.next
            UnsafeMutableRawPointer(block).deallocate()
        }
        freeCount = 0
    }
}

extension UnsafeMutablePointer<Block> {
    /// The block's first byte.
    var bytes: UnsafeMutableRawPointer {
        UnsafeMutableRawPointer(self) + MemoryLayout<Block>.stride
    }

    /// What the kernel has not taken yet.
    var rest: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: bytes + Int(pointee.start), count: Int(pointee.end - pointee.start))
    }
}
