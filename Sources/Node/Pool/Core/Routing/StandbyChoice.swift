/// Which standby takes a read: of those that may, the one with the fewest connections in use, in turns.
public struct StandbyChoice: Sendable {
    private var last: UInt8 = 0

    /// None chosen yet.
    public init() {}

    /// One of the nodes that the board lets read up to a place; `busy` tells a node's connections in use, nil for one that
    /// cannot be connected to now.
    public mutating func choose(
        upTo offset: UInt64, on board: PositionBoard, at now: Duration, busy: (UInt8) -> Int?
    ) -> UInt8? {
        var best: (node: UInt8, busy: Int, distance: UInt8)?
        for standby in board.standbys where board.covers(standby.node, upTo: offset, at: now) {
            let node = standby.node
            guard let busy = busy(node) else { continue }
            // After the last one comes the next higher number.
            let distance = node &- last &- 1
            if let best, (best.busy, best.distance) <= (busy, distance) { continue }
            best = (node, busy, distance)
        }
        if let best { last = best.node }
        return best?.node
    }
}
