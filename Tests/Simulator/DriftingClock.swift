/// A node's own clock: it began at another time and runs a little too fast or too slow.
public struct DriftingClock: Sendable {
    /// What it shows when the world begins.
    public var offset: Duration
    /// How much it runs too fast; negative: too slow.
    public var partsPerMillion: Int

    /// A clock that is wrong by a constant and by a rate.
    public init(offset: Duration, partsPerMillion: Int) {
        self.offset = offset
        self.partsPerMillion = partsPerMillion
    }

    /// What it shows.
    public func local(_ world: Duration) -> Duration { offset + world + world * partsPerMillion / 1_000_000 }

    /// When it shows a time; never before, and in whole nanoseconds, in which the world counts.
    public func world(_ local: Duration) -> Duration {
        let (seconds, attoseconds) = ((local - offset) * 1_000_000 / (1_000_000 + partsPerMillion)).components
        return .seconds(seconds) + .nanoseconds(attoseconds / 1_000_000_000 + 2)
    }
}
