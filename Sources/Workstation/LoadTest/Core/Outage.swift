/// One attempt of the prober: a new connection and a request on it.
public struct Probe: Sendable, Equatable {
    /// When it was meant to start; the probes of a series are in this order.
    public var intended: Duration
    /// When it did start: a little later where the machine was busy.
    public var started: Duration
    /// When it was answered or given up.
    public var ended: Duration
    /// How it ended.
    public var outcome: Outcome

    /// A probe from its parts, times from the run's beginning.
    public init(intended: Duration, started: Duration, ended: Duration, outcome: Outcome) {
        self.intended = intended
        self.started = started
        self.ended = ended
        self.outcome = outcome
    }

    /// Whether it was answered well.
    public var succeeded: Bool {
        if case .answered = outcome { return true }
        return false
    }

    /// The node that answered.
    public var node: String? {
        if case .answered(let node) = outcome { return node }
        return nil
    }
}

/// A time during which clients were without service, as a series of probes saw it.
public struct Outage: Sendable, Equatable {
    /// So many consecutive probes must succeed after a success for service to count as restored.
    public static let confirmations = 5

    /// The intended start of the first probe that failed.
    public var began: Duration
    /// The completion of the first success that `confirmations` successes follow; nil when the series ended first.
    public var ended: Duration?
    /// How long, from `began` to `ended` (to the end of the last probe when it did not end).
    public var length: Duration
    /// The true length lies between these: from the first failing to the last failing probe, and from the last
    /// success before to the first success after it.
    public var atLeast: Duration
    /// Nil where no success was seen before it, or after it.
    public var atMost: Duration?
    /// Probes that failed in it, and those that succeeded in between (it flapped).
    public var failed: Int
    /// Probes that succeeded before service was restored for good.
    public var succeededBetween: Int
    /// How its probes failed.
    public var failures: [Failure: Int]
    /// Who answered the last probe before it and the first one after it.
    public var nodeBefore: String?
    /// Who answered first after it.
    public var nodeAfter: String?

    /// All outages of a series of probes, given in the order of their intended starts.
    public static func all(in probes: [Probe], confirmations: Int = Outage.confirmations) -> [Outage] {
        var outages: [Outage] = []
        var position = 0
        while let first = probes[position...].firstIndex(where: { !$0.succeeded }) {
            let after = recovery(in: probes, from: first, confirmations: confirmations)
            outages.append(outage(in: probes, from: first, to: after))
            guard let after else { break }
            position = after
        }
        return outages
    }

    /// The first success that enough successes follow.
    private static func recovery(in probes: [Probe], from first: Int, confirmations: Int) -> Int? {
        var run = 0
        for index in first..<probes.count {
            run = probes[index].succeeded ? run + 1 : 0
            if run == confirmations + 1 { return index - confirmations }
        }
        return nil
    }

    private static func outage(in probes: [Probe], from first: Int, to after: Int?) -> Outage {
        let inside = probes[first..<(after ?? probes.count)]
        let began = probes[first].intended
        let lastFailure = inside.last { !$0.succeeded } ?? probes[first]
        let before = first > 0 ? probes[first - 1] : nil
        let ended = after.map { probes[$0].ended }
        var failures: [Failure: Int] = [:]
        for case .failed(let failure) in inside.lazy.map(\.outcome) { failures[failure, default: 0] += 1 }
        let failed = failures.values.reduce(0, +)
        let end = ended ?? inside.map(\.ended).max() ?? began
        let length = end - began
        // Bounds count from actual starts: what a late probe saw says nothing about the time it was meant for.
        // Without a success before it, service may have been away for ever.
        let atMost = ended.flatMap { end in before.map { max(length, end - $0.started) } }
        return Outage(
            began: began, ended: ended, length: length,
            atLeast: min(length, lastFailure.started - probes[first].started), atMost: atMost, failed: failed,
            succeededBetween: inside.count - failed, failures: failures, nodeBefore: before?.node,
            nodeAfter: after.flatMap { probes[$0].node })
    }
}
