import Languages
import TestSupport

@testable import Pool

/// Who is at the other end of a connection of the pool: a client of a test, or a PostgreSQL's session.
protocol WirePeer: AnyObject {
    /// Bytes that the pool sent.
    func receive(_ bytes: [UInt8])
    /// The pool has closed the connection; all that it sent before has been received.
    func closed()
}

/// A connection of the pool, in memory. It outlives its link, which is used again as soon as the pool has closed it.
final class Wire {
    let link: Link
    /// Where the pool connects to; nil: a client came.
    let endpoint: Endpoint?
    var peer: (any WirePeer)?
    /// The pool waits to be told that it is connected.
    var isConnecting: Bool
    /// Sent by the pool, not yet taken by the peer.
    var outgoing: [UInt8] = []
    /// Sent by the peer, not yet received by the pool.
    var incoming: [UInt8] = []
    /// The peer sends no more, for this reason.
    var peerEnded: String??
    /// The pool receives nothing for now.
    var isPaused = false
    var tellsWhenDrained = false
    /// The pool has closed it.
    var isClosed = false
    /// The peer has been told so, or needs not be.
    var isOver = false
    /// The most that ever waited for the peer.
    var mostQueued = 0

    init(_ link: Link, to endpoint: Endpoint?) {
        self.link = link
        self.endpoint = endpoint
        isConnecting = endpoint != nil
    }
}

/// The pool's driver in memory: nothing moves by itself, and dice fall as the seed says.
final class ScriptedDriver: PoolDriver {
    /// What is open, by link.
    private(set) var open: [Link: Wire] = [:]
    /// All that were there and are not over, in the order in which they came.
    var wires: [Wire] = []
    private(set) var lines: [(level: PoolLogLevel, text: String)] = []
    private(set) var stops = 0
    /// What a core must not do: send on what is closed, close twice.
    private(set) var violations: [String] = []
    /// What RELOAD finds; nil: the file cannot be read.
    var reloads: (() -> String?)?
    private var dice: SplitMix64

    init(seed: UInt64 = 1) { dice = SplitMix64(seed: seed) }

    /// A client's connection that the pool has accepted as `link`.
    func accept(_ link: Link) -> Wire {
        if open[link] != nil { violations.append("link \(link) was given twice") }
        let wire = Wire(link, to: nil)
        open[link] = wire
        wires.append(wire)
        return wire
    }

    /// The connection has ended by itself: the pool closes it all the same.
    func send(_ bytes: UnsafeRawBufferPointer, on link: Link) {
        guard let wire = open[link] else {
            return violations.append("sends on link \(link), which is closed")
        }
        if wire.isConnecting { violations.append("sends on link \(link), which is not connected") }
        wire.outgoing.append(contentsOf: bytes)
        wire.mostQueued = max(wire.mostQueued, wire.outgoing.count)
        if wire.outgoing.count > Pooler.highWater { wire.tellsWhenDrained = true }
    }

    func queued(on link: Link) -> Int { open[link]?.outgoing.count ?? 0 }

    func connect(_ link: Link, to endpoint: Endpoint) {
        if open[link] != nil { violations.append("connects link \(link), which is open") }
        let wire = Wire(link, to: endpoint)
        open[link] = wire
        wires.append(wire)
    }

    func close(_ link: Link, afterSending: Bool) {
        guard let wire = open.removeValue(forKey: link) else {
            return violations.append("closes link \(link), which is closed")
        }
        wire.isClosed = true
        wire.incoming = []
        if !afterSending { wire.outgoing = [] }
    }

    func pause(_ link: Link) {
        guard let wire = open[link] else { return violations.append("pauses link \(link), which is closed") }
        wire.isPaused = true
    }

    func resume(_ link: Link) {
        guard let wire = open[link] else { return violations.append("resumes link \(link), which is closed") }
        wire.isPaused = false
    }

    func ownEnd(of link: Link) -> (address: String, port: UInt16)? { nil }

    func descriptor(of link: Link) -> Int32 { open[link] == nil ? -1 : link + 3 }

    func wallSeconds() -> Int64 { 1_700_000_000 }

    func reload() -> String? { reloads?() }

    func stop() { stops += 1 }

    // One worker, alone.
    let permits: any PermitBook = OwnPermits()
    let workerCount = 1
    let workerIndex = 0
    func tell(_ worker: Int, _ message: PoolMessage) { violations.append("tells itself something") }
    func finished() { stops += 1 }

    func entropy(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: dice.next() >> 24) }
    }

    func log(_ level: PoolLogLevel, _ sentence: String) { lines.append((level, sentence)) }

    /// Whether a line of the log has this in it.
    func logged(_ part: String) -> Bool { lines.contains { $0.text.contains(part) } }
}
