/// How long to wait before a member is dialled again: longer each time, and never the same for all.
struct Backoff {
    /// After the first failure.
    static let least: Duration = .milliseconds(50)
    /// At most.
    static let most: Duration = .seconds(2)

    private var wait = Self.least
    private var random: UInt64

    init(seed: UInt64) { random = seed | 1 }

    /// Half to the whole of a wait that doubles.
    mutating func next() -> Duration {
        random ^= random << 13
        random ^= random >> 7
        random ^= random << 17
        let whole = wait
        wait = min(Self.most, wait * 2)
        return whole / 2 + whole * Int(random % 512) / 1024
    }

    mutating func succeeded() { wait = Self.least }
}
