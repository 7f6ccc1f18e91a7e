/// What an operator may tell a router for a while, so that the addresses move when he wants it and only then.
///
/// Both are priorities on the wire and nothing else: the other routers need not know of them.
extension VirtualRouter {
    /// How long an order holds unless the operator says otherwise.
    public static let defaultOrderTime: Duration = .seconds(60)
    /// How long it may hold at most: whoever gave it may be gone.
    public static let maximumOrderTime: Duration = .seconds(3600)

    /// An order that holds.
    public struct Order: Sendable, Equatable {
        /// What it says.
        public enum Kind: Sendable, Equatable {
            /// It stands back, with priority 1: it takes the addresses only when nobody else is there.
            case yield
            /// As Active it keeps the addresses, with priority 254. Whatever else makes it give them up ends the order.
            case pin
        }

        /// What it says.
        public var kind: Kind
        /// When it ends by itself.
        public var until: Duration
    }

    /// 1 to 254: what the order, the configuration and tracked processes make of it.
    private var rightPriority: UInt8 {
        switch order?.kind {
        case .yield: 1
        case .pin: 254
        case nil: UInt8(max(1, min(254, Int(settings.priority) + adjustment)))
        }
    }

    /// After the order or the adjustment has changed.
    mutating func adjustPriority() {
        let before = ElectionTimers.skew(priority: effectivePriority, interval: activeInterval)
        effectivePriority = rightPriority
        let after = ElectionTimers.skew(priority: effectivePriority, interval: activeInterval)
        if state == .backup { downDeadline += after - before }
    }

    /// How long the others have to take the addresses before a router that stood back takes them again.
    ///
    /// Two intervals more than any other waits, should it hear our last advertisement behind our resignation (the simulator
    /// found that), or not hear the resignation at all, and wake late.
    var yieldWait: Duration {
        ElectionTimers.activeDownInterval(priority: effectivePriority, interval: activeInterval)
            + activeInterval * 2
    }

    /// Gives the addresses up as at a stop (RFC 9568 section 6.4.3), and stays in the election as its last.
    mutating func yield(for time: Duration, at now: Duration) -> [Action] {
        order = Order(kind: .yield, until: now + time)
        adjustPriority()
        guard state == .active else { return [] }
        endActive()
        activeInterval = settings.interval
        active = nil
        lowerSince = nil
        return [
            .removeAddresses, .send(priority: 0),
            listen(for: yieldWait, then: .nobodyHeard, .yielded, at: now),
        ]
    }

    /// Only the Active can be told to stay it: a pinned Backup would take the addresses away from somebody.
    mutating func pin(for time: Duration, at now: Duration) -> [Action] {
        guard state == .active else { return [] }
        order = Order(kind: .pin, until: now + time)
        return speakAnew(at: now)
    }

    mutating func resume(at now: Duration) -> [Action] {
        guard order != nil else { return [] }
        order = nil
        return speakAnew(at: now)
    }

    /// Says the new priority at once: until then a Backup may preempt the old one.
    private mutating func speakAnew(at now: Duration) -> [Action] {
        adjustPriority()
        guard state == .active else { return [] }
        advertDeadline = now + settings.interval
        return [.send(priority: effectivePriority)]
    }

    mutating func endOrderIfDue(at now: Duration) {
        guard let order, now >= order.until else { return }
        self.order = nil
        adjustPriority()
    }

    /// The addresses are given up: there is nothing to stay any more.
    mutating func unpin() {
        guard order?.kind == .pin else { return }
        order = nil
        adjustPriority()
    }
}
