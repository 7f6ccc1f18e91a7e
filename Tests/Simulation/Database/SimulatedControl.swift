import Database
import Simulator

/// What nodes and control say in the simulated world.
enum ShelfMail {
    case ask(request: UInt64, ControlRequest)
    case look
    case answer(request: UInt64, ControlAnswer)
    case seen(ControlView)
    case peer(PeerMessage)
    case postgres(ReplicationMail)
}

/// Control as one linearizable store with a lease: what a majority of its voters would do.
struct SimulatedControl {
    /// As long as a voter keeps a promise.
    static let term: Duration = .seconds(2)

    /// What its disks keep.
    final class Store {
        var owner: MemberID?
        var epoch: UInt64 = 0
        var agreement: Agreement?
        var version: UInt64 = 0
    }

    private let store: Store
    private let clock: DriftingClock
    /// It tells of a lease that ran out, or waits to be asked.
    private let isTalkative: Bool
    private var until: Duration = .zero
    /// After a start no lease changes hands until all promises that were forgotten have run out.
    private var silentUntil: Duration = .zero

    init(_ store: Store, clock: DriftingClock, isTalkative: Bool) {
        self.store = store
        self.clock = clock
        self.isTalkative = isTalkative
    }

    var deadline: Duration? { store.owner == nil ? nil : clock.world(max(until, silentUntil)) }

    private var view: ControlView {
        ControlView(
            owner: store.owner, epoch: store.epoch, agreement: store.agreement, version: store.version)
    }

    mutating func start(at now: Duration) {
        until = .zero
        silentUntil = clock.local(now) + Self.term
    }

    mutating func wake(at now: Duration) -> [Outgoing<ShelfMail>] {
        guard store.owner != nil, isFree(at: clock.local(now)) else { return [] }
        store.owner = nil
        return isTalkative ? [.broadcast(.seen(view))] : []
    }

    private func isFree(at now: Duration) -> Bool {
        store.owner == nil || (now >= until && now >= silentUntil)
    }

    mutating func receive(_ mail: ShelfMail, from node: Int, at world: Duration) -> [Outgoing<ShelfMail>] {
        let now = clock.local(world)
        switch mail {
        case .look:
            if isFree(at: now), isTalkative { store.owner = nil }
            return [.to(node, .seen(view))]
        case .ask(let request, let what):
            let before = view
            let answer = answer(what, from: MemberID(node + 1)!, at: now)
            var outgoing: [Outgoing<ShelfMail>] = [.to(node, .answer(request: request, answer))]
            if view != before { outgoing.append(.broadcast(.seen(view))) }
            return outgoing
        case .answer, .seen, .peer, .postgres: return []
        }
    }

    private mutating func answer(_ request: ControlRequest, from member: MemberID, at now: Duration)
        -> ControlAnswer
    {
        switch request {
        case .acquire:
            guard isFree(at: now) || (store.owner == member && now >= silentUntil) else {
                return .refused(wait: max(until, silentUntil) - now)
            }
            store.epoch += 1
            store.owner = member
            until = now + Self.term
            return .granted(epoch: store.epoch, term: Self.term)
        case .renew(let epoch):
            guard store.epoch == epoch, store.owner == member, now < until || now < silentUntil else {
                return .refused(wait: .zero)
            }
            until = now + Self.term
            return .granted(epoch: epoch, term: Self.term)
        case .release(let epoch):
            if store.epoch == epoch, store.owner == member { store.owner = nil }
            return .granted(epoch: epoch, term: .zero)
        case .replace(let agreement, let expected):
            guard store.version == expected else {
                return .conflict(store.agreement, version: store.version)
            }
            store.agreement = agreement
            store.version += 1
            return .replaced(version: store.version)
        }
    }
}

extension ControlView {
    static func != (a: ControlView, b: ControlView) -> Bool { !(a == b) }
}
