/// When gratuitous ARP says again who holds the addresses.
///
/// Few and spread out: one may be lost, a switch may throttle, a rival's last one may come after ours.
struct AnnouncementSchedule: Sendable, Equatable {
    /// After the first, which goes at once.
    static let repeats: [Duration] = [
        .milliseconds(20), .milliseconds(100), .milliseconds(500), .seconds(2), .seconds(5),
    ]
    /// For as long as we are Active: caches that were wrong do not stay so.
    static let refresh: Duration = .seconds(60)
    /// However many foreign advertisements come.
    static let minimumSpacing: Duration = .milliseconds(20)

    private var begun: Duration = .zero
    private var next = 0
    private var last: Duration?
    private(set) var deadline: Duration?

    /// Begins (again). Says whether one is due now.
    mutating func begin(at now: Duration) -> Bool {
        begun = now
        if let last, now < last + Self.minimumSpacing {
            next = -1
            deadline = last + Self.minimumSpacing
            return false
        }
        next = -1
        advance(at: now)
        return true
    }

    /// Whether one is due; the deadline moves on if so.
    mutating func isDue(at now: Duration) -> Bool {
        guard let deadline, now >= deadline else { return false }
        advance(at: now)
        return true
    }

    mutating func end() { deadline = nil }

    private mutating func advance(at now: Duration) {
        last = now
        next += 1
        // What was missed by being late is not made up for.
        while next < Self.repeats.count, begun + Self.repeats[next] <= now { next += 1 }
        deadline = next < Self.repeats.count ? begun + Self.repeats[next] : now + Self.refresh
    }
}
