import Languages

/// One virtual router: the election of RFC 9568 section 6.4 for IPv4, without a socket or a clock.
///
/// Where it goes beyond the RFC: a process that did not run for a while listens before it speaks; a
/// router that loses sends one last advertisement after it has removed its addresses, so that the winner
/// announces them last; a resignation counts only from the router that was followed.
public struct VirtualRouter: Sendable {
    /// An Active that speaks later than this many intervals after it should have must assume that a backup
    /// has taken over: three intervals and a skew after the last advertisement one does.
    public static let toleratedOversleep = 2
    /// A Backup that is late by more than an interval listens for one more, so often in a row: a node that
    /// is always late must still be able to take over.
    public static let maximumLateListens = 3
    /// Addresses that somebody removes again and again are added at most this often.
    public static let addressRetry: Duration = .milliseconds(100)
    /// After the kernel refused the addresses, others have this long to hold them.
    public static let refusalHold: Duration = .seconds(10)

    /// Another router that was heard.
    public struct Peer: Sendable, Equatable {
        /// Its own address.
        public var address: IPv4Address
        /// 0 to 255, as it said.
        public var priority: UInt8
        /// As it said.
        public var interval: Duration
        /// As it sends.
        public var checksum: ChecksumForm
        /// When its last advertisement came.
        public var heardAt: Duration
    }

    /// What the configuration says.
    public let settings: Settings
    /// Where it is.
    public internal(set) var state: State = .initialize
    /// What keeps it from taking part; empty in Backup and Active.
    public private(set) var obstacles: Obstacles = .interface
    /// 1 to 254: the configured priority and what tracked processes add to it, unless there is an order.
    public internal(set) var effectivePriority: UInt8
    /// What an operator said, while it holds.
    public internal(set) var order: Order?
    /// The interface's own address.
    public private(set) var localAddress: IPv4Address?
    /// The router that we follow as Backup.
    public internal(set) var active: Peer?
    /// The last router heard, whatever came of it.
    public private(set) var lastPeer: Peer?
    /// What our advertisements' checksum is: as the last one heard has it, so that strict peers hear us.
    public private(set) var checksum: ChecksumForm = .pseudoHeader

    /// Active_Adver_Interval.
    var activeInterval: Duration
    /// What tracked processes add to the priority.
    var adjustment = 0
    /// When Active_Down_Timer fires, as Backup.
    var downDeadline: Duration = .zero
    /// Why it will.
    private var downCause: Cause = .nobodyHeard
    /// How often in a row a Backup has found itself late and listened for one more interval.
    private var lateListens = 0
    /// It goes on where an Active process before this one stopped.
    private var succeeds = false
    /// Since when an Active with lower priority is heard (`preempt_delay`).
    var lowerSince: Duration?
    /// When Adver_Timer fires, as Active.
    var advertDeadline: Duration = .zero
    private var activeSince: Duration = .zero
    private var announcements = AnnouncementSchedule()
    private var addedAt: Duration = .zero
    /// When lost addresses are added again.
    private var readdDeadline: Duration?
    /// When addresses that were refused are tried again.
    private var retryDeadline: Duration?

    /// A router at rest: it takes part from its first `.interface` event on.
    public init(_ settings: Settings) {
        self.settings = settings
        effectivePriority = settings.priority
        activeInterval = settings.interval
    }

    /// What to send with this priority (0: we give up).
    public func advertisement(priority: UInt8) -> Advertisement {
        Advertisement(
            virtualRouterID: settings.virtualRouterID, priority: priority, interval: settings.interval,
            addresses: settings.addresses, checksum: checksum)
    }

    /// When the driver must call with `.time`; nil if only another event can change anything.
    public var deadline: Duration? {
        let own: Duration? =
            switch state {
            case .initialize: nil
            case .fault: retryDeadline
            case .backup: downDeadline
            case .active:
                min(
                    advertDeadline,
                    min(announcements.deadline ?? advertDeadline, readdDeadline ?? advertDeadline))
            }
        guard let order, state != .initialize else { return own }
        return min(own ?? order.until, order.until)
    }

    /// What the driver must do now, in this order. `now` never goes back.
    public mutating func handle(_ event: Event, at now: Duration) -> [Action] {
        endOrderIfDue(at: now)
        switch event {
        case .interface(let address):
            localAddress = address ?? localAddress
            return address == nil
                ? obstruct(.interface, .interfaceUnusable, at: now)
                : clear(.interface, .interfaceReady, at: now)
        case .tracking(nil): return obstruct(.tracking, .trackingFailed, at: now)
        case .tracking(let adjustment?):
            self.adjustment = adjustment
            adjustPriority()
            return clear(.tracking, .trackingRecovered, at: now)
        case .advertisement(let advertisement, let source):
            let woken = oversleepIfLate(at: now)
            return woken + receive(advertisement, from: source, at: now)
        case .addressesLost:
            let woken = oversleepIfLate(at: now)
            guard state == .active else { return woken }
            readdDeadline = max(now, addedAt + Self.addressRetry)
            return readdIfDue(at: now)
        case .addressesRefused:
            guard state == .active else { return [] }
            retryDeadline = now + Self.refusalHold
            return obstruct(.addresses, .addressesRefused, at: now)
        case .time: return passTime(at: now)
        case .succeed:
            succeeds = state == .initialize
            return []
        case .stop:
            guard state != .initialize else { return [] }
            return leave(to: .initialize, .stopped)
        case .yield(let time):
            let woken = oversleepIfLate(at: now)
            return woken + yield(for: time, at: now)
        case .pin(let time):
            let woken = oversleepIfLate(at: now)
            return woken + pin(for: time, at: now)
        case .resume:
            let woken = oversleepIfLate(at: now)
            return woken + resume(at: now)
        }
    }

    // MARK: taking part or not

    private mutating func obstruct(_ obstacle: Obstacles, _ cause: Cause, at now: Duration) -> [Action] {
        obstacles.insert(obstacle)
        succeeds = false
        guard state != .fault else { return [] }
        return leave(to: .fault, cause)
    }

    private mutating func clear(_ obstacle: Obstacles, _ cause: Cause, at now: Duration) -> [Action] {
        obstacles.remove(obstacle)
        guard obstacles.isEmpty, state == .initialize || state == .fault else { return [] }
        activeInterval = settings.interval
        active = nil
        lowerSince = nil
        if succeeds {
            succeeds = false
            downCause = .succession
            return becomeActive(at: now)
        }
        return [
            listen(
                for: ElectionTimers.activeDownInterval(priority: effectivePriority, interval: activeInterval),
                then: .nobodyHeard, cause, at: now)
        ]
    }

    /// Out of the election: the addresses go first, then the others are told.
    private mutating func leave(to next: State, _ cause: Cause) -> [Action] {
        let transition = Action.changed(Transition(from: state, to: next, cause: cause))
        let wasActive = state == .active
        state = next
        endActive()
        return wasActive ? [.removeAddresses, .send(priority: 0), transition] : [transition]
    }

    // MARK: time

    private mutating func passTime(at now: Duration) -> [Action] {
        switch state {
        case .initialize: return []
        case .fault:
            guard let retry = retryDeadline, now >= retry else { return [] }
            retryDeadline = nil
            return clear(.addresses, .addressesRetried, at: now)
        case .backup:
            guard now >= downDeadline else { return [] }
            if now - downDeadline > activeInterval, lateListens < Self.maximumLateListens {
                lateListens += 1
                downDeadline = now + activeInterval
                return []
            }
            return becomeActive(at: now)
        case .active:
            let woken = oversleepIfLate(at: now)
            guard state == .active else { return woken }
            return advertiseIfDue(at: now) + readdIfDue(at: now) + announceIfDue(at: now)
        }
    }

    /// Whatever comes first after a long sleep: nothing is said before the others have been heard.
    private mutating func oversleepIfLate(at now: Duration) -> [Action] {
        guard state == .active, now - advertDeadline > settings.interval * Self.toleratedOversleep else {
            return []
        }
        let cause = Cause.overslept(now - advertDeadline)
        endActive()
        activeInterval = settings.interval
        active = nil
        let wait = activeInterval + ElectionTimers.skew(priority: effectivePriority, interval: activeInterval)
        return [.removeAddresses, listen(for: wait, then: .nobodyHeard, cause, at: now)]
    }

    private mutating func advertiseIfDue(at now: Duration) -> [Action] {
        guard now >= advertDeadline else { return [] }
        advertDeadline += settings.interval
        if advertDeadline <= now { advertDeadline = now + settings.interval }
        return [.send(priority: effectivePriority)]
    }

    private mutating func readdIfDue(at now: Duration) -> [Action] {
        guard let readd = readdDeadline, now >= readd else { return [] }
        readdDeadline = nil
        addedAt = now
        return [.addAddresses] + beginAnnouncements(at: now)
    }

    private mutating func announceIfDue(at now: Duration) -> [Action] {
        announcements.isDue(at: now) ? [.announce] : []
    }

    private mutating func beginAnnouncements(at now: Duration) -> [Action] {
        announcements.begin(at: now) ? [.announce] : []
    }

    // MARK: advertisements

    private mutating func receive(_ heard: Advertisement, from source: IPv4Address, at now: Duration)
        -> [Action]
    {
        guard state == .backup || state == .active else { return [] }
        let peer = Peer(
            address: source, priority: heard.priority, interval: heard.interval, checksum: heard.checksum,
            heardAt: now)
        lastPeer = peer
        checksum = heard.checksum
        return state == .backup ? receiveAsBackup(peer, at: now) : receiveAsActive(peer, at: now)
    }

    private mutating func receiveAsBackup(_ peer: Peer, at now: Duration) -> [Action] {
        if peer.priority == 0 {
            // The loser of a double Active may stop while the winner goes on.
            if let active, active.address != peer.address { return [] }
            // Once: repeated for ever, it would put the takeover off for ever.
            if case .activeResigned(peer.address) = downCause { return [] }
            downCause = .activeResigned(peer.address)
            downDeadline = now + ElectionTimers.skew(priority: effectivePriority, interval: activeInterval)
            lateListens = 0
            return []
        }
        if settings.preempt, peer.priority < effectivePriority {
            let since = lowerSince ?? now
            lowerSince = since
            guard now < since + settings.preemptDelay else {
                downCause = .preempting(peer.address, priority: peer.priority)
                return []
            }
        } else {
            lowerSince = nil
        }
        follow(peer, at: now)
        return []
    }

    private mutating func follow(_ peer: Peer, at now: Duration) {
        active = peer
        activeInterval = peer.interval
        lateListens = 0
        downCause = .activeSilent(peer.address, .zero)
        downDeadline =
            now + ElectionTimers.activeDownInterval(priority: effectivePriority, interval: activeInterval)
    }

    private mutating func receiveAsActive(_ peer: Peer, at now: Duration) -> [Action] {
        let isTie = peer.priority == effectivePriority
        let losesTie = isTie && peer.address > (localAddress ?? IPv4Address(bits: 0))
        guard peer.priority > effectivePriority || losesTie else {
            advertDeadline = now + settings.interval
            var actions: [Action] = [.send(priority: effectivePriority)]
            // The last word of one that we have just preempted is no rival's.
            if peer.priority > 0, now > activeSince + settings.interval {
                actions.insert(.rival(peer.address, priority: peer.priority), at: 0)
            }
            return actions + beginAnnouncements(at: now)
        }
        endActive()
        state = .backup
        lowerSince = nil
        follow(peer, at: now)
        let cause: Cause =
            isTie ? .tieLost(peer.address) : .higherPriority(peer.address, priority: peer.priority)
        return [
            .removeAddresses, .send(priority: effectivePriority),
            .changed(Transition(from: .active, to: .backup, cause: cause)),
        ]
    }

    // MARK: states

    mutating func listen(for wait: Duration, then cause: Cause, _ why: Cause, at now: Duration)
        -> Action
    {
        let transition = Transition(from: state, to: .backup, cause: why)
        state = .backup
        lateListens = 0
        downCause = cause
        downDeadline = now + wait
        return .changed(transition)
    }

    private mutating func becomeActive(at now: Duration) -> [Action] {
        var cause = downCause
        if case .activeSilent(let address, _) = cause, let active {
            cause = .activeSilent(address, now - active.heardAt)
        }
        let before = state
        state = .active
        active = nil
        lowerSince = nil
        addedAt = now
        activeSince = now
        advertDeadline = now + settings.interval
        return [
            .send(priority: effectivePriority), .addAddresses,
            .changed(Transition(from: before, to: .active, cause: cause)),
        ] + beginAnnouncements(at: now)
    }

    mutating func endActive() {
        unpin()
        announcements.end()
        readdDeadline = nil
    }
}
