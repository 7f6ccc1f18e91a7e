/// Nanoseconds since boot. The data path counts in these: `Duration` has 128 bits, which a 32-bit Pi would pay for at every message.
public typealias Nanoseconds = Int64

extension Duration {
    /// Whole nanoseconds.
    var nanoseconds: Nanoseconds {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}

/// One connection of the pool.
class Session {
    let isServer: Bool
    /// Counts connections of the process; the console's `id`.
    let number: UInt64
    let link: Link
    let connectedAt: Nanoseconds
    /// The driver has been told to close it: nothing of it counts any more.
    var isClosed = false
    /// The beginning of a message, until enough of it is there to decide; or what waits for a server.
    var held: [UInt8] = []
    /// Bytes of the current message's rest, that go on unseen.
    var passing = 0
    /// Whether the driver has been told to receive nothing.
    var isPaused = false

    init(isServer: Bool, number: UInt64, link: Link, now: Nanoseconds) {
        self.isServer = isServer
        self.number = number
        self.link = link
        connectedAt = now
    }
}
