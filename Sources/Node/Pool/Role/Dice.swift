import CLinux

/// Unpredictable bytes, taken from the kernel some at a time.
struct Dice {
    private var stock: [UInt8] = []

    mutating func bytes(_ count: Int) -> [UInt8] {
        if stock.count < count {
            var fresh = [UInt8](repeating: 0, count: max(256, count))
            // At most 256 a call; fails only before the kernel has any (getrandom(2)), and then a service must not start.
            var at = 0
            while at < fresh.count {
                let size = min(256, fresh.count - at)
                let code = fresh.withUnsafeMutableBytes { cl_random($0.baseAddress.map { $0 + at }, size) }
                precondition(code == 0, "the kernel has no randomness")
                at += size
            }
            stock = fresh
        }
        let taken = Array(stock.suffix(count))
        stock.removeLast(count)
        return taken
    }
}
