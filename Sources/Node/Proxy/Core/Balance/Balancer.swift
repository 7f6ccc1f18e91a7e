/// `balance roundrobin`: servers in turn, each as often as its weight says, evenly spread (a server of weight 3
/// beside one of weight 1 gets A A B A, not A A A B).
public struct Balancer {
    private struct Entry {
        var weight: Int
        var credit = 0
    }

    private var entries: [Entry]

    /// One weight a server, 0 to 256; 0 gets no turn.
    public init(weights: [Int]) { entries = weights.map { Entry(weight: $0) } }

    /// Changes a server's weight from the next turn on.
    public mutating func setWeight(_ weight: Int, of index: Int) { entries[index].weight = weight }

    /// The next server among those that can take a request now, or nil if none can.
    @inline(__always)
    public mutating func next(where isUsable: (Int) -> Bool) -> Int? {
        var total = 0
        var best = -1
        for index in entries.indices where entries[index].weight > 0 && isUsable(index) {
            entries[index].credit += entries[index].weight
            total += entries[index].weight
            if best < 0 || entries[index].credit > entries[best].credit { best = index }
        }
        guard best >= 0 else { return nil }
        entries[best].credit -= total
        return best
    }
}
