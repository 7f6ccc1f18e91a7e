import Languages
import Simulator
import VRRP

/// What is on the wire between simulated routers.
enum Wire {
    /// A whole IPv4 packet, as the driver would send it.
    case packet([UInt8])
    /// Gratuitous ARP.
    case announcement
}

/// The virtual router of the node with the little that its driver does, and, for the proof that the
/// invariants can fail, with a flaw.
struct RouterNode: SimulatedNode {
    enum Disturbance {
        case interface(Bool)
        case tracking(Int?)
        /// What an operator says.
        case yield(Duration)
        case pin(Duration)
        case noOrder
    }

    /// A router that is broken in one way.
    enum Flaw: CaseIterable {
        case none, dropsTieBreak, ignoresHigherPriority, neverTimesOut, ignoresTracking
        case speaksBeforeListening, hearsNothing
        /// As loser it announces once more, as winner only when it takes over. Either alone is harmless.
        case losesLoudly
        /// It stands back, and the address stays on it.
        case yieldsButHolds
        case ignoresYield, ignoresPin
    }

    private(set) var router: VirtualRouter
    let address: IPv4Address
    let flaw: Flaw
    /// Whether the virtual address is on this node.
    private(set) var holds = false
    /// Whether the interface works and what it tracks runs, as the world made it.
    private(set) var isFit = true
    /// What the node did that it had no cause for.
    private(set) var groundless: String?
    private(set) var transitions = 0
    private var isUp = true
    private var isTracked = true
    /// Since when nothing that it must follow was heard, and how long that must last before it takes over.
    private var quietSince: Duration = .zero
    private var quietNeeded: Duration
    private var hasHeardResignation = false
    /// Until when an operator told it to stand back.
    private var standsBackUntil: Duration?

    init(_ settings: VirtualRouter.Settings, address: IPv4Address, flaw: Flaw) {
        router = VirtualRouter(settings)
        self.address = address
        self.flaw = flaw
        quietNeeded = settings.interval * 3
    }

    var deadline: Duration? {
        flaw == .neverTimesOut && router.state == .backup ? nil : router.deadline
    }

    mutating func start(at now: Duration) -> [Outgoing<Wire>] {
        quietSince = now
        return handle(.interface(address), at: now, beatenBy: nil)
    }

    mutating func wake(at now: Duration) -> [Outgoing<Wire>] { handle(.time, at: now, beatenBy: nil) }

    /// What its priority is if it does what it was told.
    func rightPriority(at now: Duration) -> UInt8 {
        if let standsBackUntil, now < standsBackUntil { return 1 }
        return router.effectivePriority
    }

    /// As it will be when the router has noticed the time: an order may have ended before it woke.
    private func priority(at now: Duration) -> UInt8 {
        guard let order = router.order, now >= order.until else { return router.effectivePriority }
        return router.settings.priority
    }

    private mutating func obey(_ order: VirtualRouter.Event, at now: Duration) -> [Outgoing<Wire>] {
        switch order {
        case .yield(let time): standsBackUntil = now + time
        case .pin: if router.state == .active { standsBackUntil = nil }
        default: standsBackUntil = nil
        }
        if flaw == .ignoresYield, case .yield = order { return [] }
        if flaw == .ignoresPin, case .pin = order { return [] }
        return handle(order, at: now, beatenBy: nil)
    }

    mutating func disturb(_ disturbance: Disturbance, at now: Duration) -> [Outgoing<Wire>] {
        let wasFit = isFit
        let event: VirtualRouter.Event
        switch disturbance {
        case .interface(let up):
            isUp = up
            event = .interface(up ? address : nil)
        case .tracking(let adjustment):
            isTracked = adjustment != nil
            event = .tracking(adjustment: adjustment)
        case .yield(let time): return obey(.yield(for: time), at: now)
        case .pin(let time): return obey(.pin(for: time), at: now)
        case .noOrder: return obey(.resume, at: now)
        }
        isFit = isUp && isTracked
        if isFit, !wasFit {
            quietSince = now
            quietNeeded = router.settings.interval * 3
            hasHeardResignation = false
        }
        if flaw == .ignoresTracking, case .tracking = disturbance { return [] }
        return handle(event, at: now, beatenBy: nil)
    }

    mutating func receive(_ message: Wire, from sender: Int, at now: Duration) -> [Outgoing<Wire>] {
        guard case .packet(let bytes) = message, isUp else { return [] }
        do throws(Rejection) {
            let (heard, source) = try Advertisement.read(bytes[...])
            let isActive = router.state == .active
            let own = priority(at: now)
            let isTie = heard.priority == own
            let wins = heard.priority > own || (isTie && source > address)
            switch flaw {
            case .hearsNothing: return []
            case .dropsTieBreak where isActive && isTie: return []
            case .ignoresHigherPriority where isActive && heard.priority > router.effectivePriority: return []
            default: break
            }
            let early: [Outgoing<Wire>] =
                flaw == .speaksBeforeListening && isActive
                ? [.broadcast(packet(router.effectivePriority))] : []
            remember(heard, at: now)
            return early + handle(.advertisement(heard, from: source), at: now, beatenBy: wins)
        } catch {
            groundless = "a packet of our own encoder was refused: \(error.name)"
            return []
        }
    }

    /// What the RFC says must keep a Backup from taking over.
    private mutating func remember(_ heard: Advertisement, at now: Duration) {
        if heard.priority == 0 {
            hasHeardResignation = true
        } else if heard.priority >= priority(at: now) || !router.settings.preempt {
            quietSince = now
            quietNeeded = heard.interval * 3
            hasHeardResignation = false
        }
    }

    private mutating func handle(_ event: VirtualRouter.Event, at now: Duration, beatenBy wins: Bool?)
        -> [Outgoing<Wire>]
    {
        var outgoing: [Outgoing<Wire>] = []
        let actions = router.handle(event, at: now)
        for action in actions {
            switch action {
            case .send(let priority): outgoing.append(.broadcast(packet(priority)))
            case .addAddresses: holds = true
            case .removeAddresses:
                if flaw == .yieldsButHolds, router.order?.kind == .yield { continue }
                holds = false
                if flaw == .losesLoudly { outgoing.append(.broadcast(.announcement)) }
            case .announce:
                if flaw == .losesLoudly, !actions.contains(.addAddresses) { continue }
                outgoing.append(.broadcast(.announcement))
            case .changed(let transition):
                transitions += 1
                check(transition, wins, at: now)
            case .rival: break
            }
        }
        return outgoing
    }

    /// No transition without a cause that this harness has seen for itself.
    private mutating func check(_ transition: VirtualRouter.Transition, _ wins: Bool?, at now: Duration) {
        switch (transition.from, transition.to) {
        case (.backup, .active):
            if !hasHeardResignation, now < quietSince + quietNeeded {
                groundless = "it took over \(now - quietSince) after it had heard whom it must follow"
            }
        case (.active, .backup):
            if case .overslept = transition.cause {
                quietSince = now
                quietNeeded = router.settings.interval
            } else if transition.cause == .yielded, standsBackUntil != nil {
                quietSince = now
                quietNeeded = router.settings.interval * 3
                hasHeardResignation = false
            } else if wins != true {
                groundless = "it gave up and nobody had beaten it: \(transition.cause.sentence)"
            }
        case (_, .fault):
            if isFit { groundless = "it is in fault and nothing is wrong with it" }
        default: break
        }
    }

    private func packet(_ priority: UInt8) -> Wire {
        .packet(router.advertisement(priority: priority).packet(from: address, identification: 0))
    }
}
