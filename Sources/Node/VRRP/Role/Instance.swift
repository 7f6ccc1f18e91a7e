import CLinux
import Languages
import Reactor
import Service
import VRRP

/// Connects one virtual router to its interface: does what the core decides, and decides nothing.
final class Instance: EventSource {
    /// Packets read in one go, so that a flood cannot keep the timer from running.
    static let maximumBurst = 256
    /// A rival is logged at most this often.
    static let rivalLogInterval: Duration = .seconds(10)

    let configuration: KeepalivedConfiguration.Instance
    private(set) var router: VirtualRouter
    private(set) var counters = InstanceCounters()
    private let network: Network
    private let reactor: Reactor
    private let journal: Journal
    private var sockets: LinkSockets?
    private var rivalLoggedAt: Duration?
    private var listLoggedFor: IPv4Address?
    private var saidWishes = false
    private var openFailure: Int32 = 0
    /// Called before addresses are added and after they are removed, and with every advertisement.
    var holdingChanged: () -> Void = {}
    var deadlineChanged: () -> Void = {}

    init(
        _ configuration: KeepalivedConfiguration.Instance, network: Network, reactor: Reactor,
        journal: Journal
    ) {
        self.configuration = configuration
        self.network = network
        self.reactor = reactor
        self.journal = journal
        router = VirtualRouter(
            VirtualRouter.Settings(
                virtualRouterID: configuration.virtualRouterID, priority: configuration.priority,
                interval: configuration.advertisementInterval, preempt: configuration.preempt,
                preemptDelay: configuration.preemptDelay,
                addresses: configuration.addresses.map { $0.address }))
    }

    var link: cl_link? { sockets?.link }

    func handle(_ event: VirtualRouter.Event) {
        let before = router.order
        let actions = router.handle(event, at: Reactor.clock())
        if router.order != before { reportOrder() }
        perform(actions)
        deadlineChanged()
    }

    /// Called at the deadline: first what has arrived, then the time.
    func tick() {
        drain()
        if let deadline = router.deadline, deadline <= Reactor.clock() { handle(.time) }
    }

    func ready(_ readiness: Readiness) { drain() }

    /// The packet with which the guard resigns for us.
    var resignation: [UInt8] {
        router.advertisement(priority: 0)
            .packet(from: router.localAddress ?? IPv4Address(bits: 0), identification: 0)
    }

    // MARK: the interface

    /// Takes in what the interface is now. `entries`: all addresses of the machine; `virtual`: all of ours.
    func look(at entries: [Network.Entry], virtual: [IPv4Address]) {
        let link = network.link(configuration.interface)
        let own = link.flatMap { link in
            entries.first {
                $0.index == link.index && !$0.isSecondary && !virtual.contains($0.address)
                    && $0.address.isUnicast
            }
        }
        guard let link, link.running != 0, link.loopback == 0, let own, open(link) else {
            return lose()
        }
        if router.obstacles.contains(.interface) || router.localAddress != own.address {
            handle(.interface(own.address))
        }
        if router.state == .active, !holdsAll(entries) { handle(.addressesLost) }
    }

    private func holdsAll(_ entries: [Network.Entry]) -> Bool {
        for virtual in configuration.addresses {
            let index = network.link(virtual.interface)?.index
            if !entries.contains(where: { $0.index == index && $0.address == virtual.address }) {
                return false
            }
        }
        return true
    }

    private func lose() {
        if !router.obstacles.contains(.interface) || router.state == .initialize { handle(.interface(nil)) }
        closeSockets()
    }

    private func open(_ link: cl_link) -> Bool {
        if let sockets, sockets.link.index == link.index { return true }
        closeSockets()
        do throws(SystemError) {
            let opened = try LinkSockets(configuration.interface, link)
            try reactor.add(opened.receiver, for: .read, self)
            sockets = opened
            openFailure = 0
        } catch {
            if error.code != openFailure { journal.log(.error, "\(configuration.name): \(error.sentence)") }
            openFailure = error.code
            return false
        }
        if let missing = sockets?.missingWishes, missing > 0, !saidWishes {
            saidWishes = true
            journal.log(
                .information,
                "\(configuration.name): \(missing) socket options are missing here; going on without")
        }
        return true
    }

    private func closeSockets() {
        guard let open = sockets else { return }
        reactor.remove(open.receiver)
        sockets = nil
    }

    // MARK: what arrives

    private func drain() {
        for _ in 0..<Self.maximumBurst {
            guard let packet = sockets?.receive() else { return }
            take(packet)
        }
    }

    private func take(_ packet: ArraySlice<UInt8>) {
        do throws(Rejection) {
            let (advertisement, source) = try Advertisement.read(packet)
            guard advertisement.virtualRouterID == configuration.virtualRouterID else { throw .otherRouter }
            guard source != router.localAddress else { throw .own }
            counters.received &+= 1
            compareAddresses(advertisement, source)
            handle(.advertisement(advertisement, from: source))
        } catch {
            counters.rejections.count(error)
        }
    }

    /// Another list is no reason to drop an advertisement: whoever did so would be Active beside the
    /// sender for as long as a change of the list takes to reach all nodes.
    private func compareAddresses(_ advertisement: Advertisement, _ source: IPv4Address) {
        let ours = router.settings.addresses
        let isSame =
            advertisement.addresses.count == ours.count
            && advertisement.addresses.allSatisfy { ours.contains($0) }
        if isSame { return }
        counters.otherAddresses &+= 1
        guard listLoggedFor != source else { return }
        listLoggedFor = source
        journal.log(
            .warning,
            "\(configuration.name): \(source.text) has other virtual addresses than this node's file")
    }

    // MARK: what is to be done

    private func perform(_ actions: [VirtualRouter.Action]) {
        for action in actions {
            switch action {
            case .send(let priority): send(priority)
            case .addAddresses:
                guard addAddresses() else { return handle(.addressesRefused) }
            case .removeAddresses: removeAddresses()
            case .announce: announce()
            case .changed(let transition): report(transition)
            case .rival(let address, let priority): reportRival(address, priority)
            }
        }
    }

    private func send(_ priority: UInt8) {
        guard let sockets, let source = router.localAddress else { return }
        let failure = sockets.send(router.advertisement(priority: priority), from: source)
        if failure == 0 {
            counters.sent &+= 1
        } else {
            counters.sendErrors &+= 1
        }
        holdingChanged()
    }

    /// Adds them, or makes the kernel keep them for another lifetime.
    func addAddresses() -> Bool {
        guard let entries = network.addresses() else { return true }
        for virtual in configuration.addresses {
            let failure =
                network.link(virtual.interface).map { network.add(virtual, on: $0.index, beside: entries) }
                ?? ENODEV
            guard failure == 0 else {
                journal.log(
                    .error,
                    """
                    \(configuration.name): \(virtual.text) cannot be added to \(virtual.interface): \
                    \(String(cString: cl_strerror(failure)))
                    """)
                return false
            }
        }
        return true
    }

    func removeAddresses() {
        for virtual in configuration.addresses {
            let failure = network.remove(virtual)
            guard failure != 0 else { continue }
            journal.log(
                .error,
                """
                \(configuration.name): \(virtual.text) cannot be removed from \(virtual.interface): \
                \(String(cString: cl_strerror(failure))). The kernel removes it within \
                \(Network.addressLifetime.components.seconds) s
                """)
        }
        holdingChanged()
    }

    private func announce() {
        guard let sockets else { return }
        for virtual in configuration.addresses {
            guard let link = network.link(virtual.interface), link.ethernet != 0 else { continue }
            _ = sockets.announce(virtual.address, on: link)
        }
        counters.announcements &+= 1
    }

    // MARK: saying it

    private func report(_ transition: VirtualRouter.Transition) {
        counters.transitions &+= 1
        counters.last = transition
        counters.lastAt = Reactor.clock()
        journal.log(
            .notice,
            "\(configuration.name): \(transition.from.name) to \(transition.to.name): \(transition.cause.sentence)",
            [
                ("INSTANCE", configuration.name), ("STATE", transition.to.name),
                ("PRIORITY", "\(router.effectivePriority)"),
            ])
        holdingChanged()
    }

    private func reportOrder() {
        let (sentence, word) =
            switch router.order?.kind {
            case .yield: ("an operator told it to stand back", "yield")
            case .pin: ("an operator told it to stay active", "pin")
            case nil: ("no order of an operator holds any more", "none")
            }
        let time = router.order.map {
            ", for at most \(($0.until - Reactor.clock()).components.seconds + 1) s"
        }
        journal.log(
            .notice, "\(configuration.name): \(sentence)\(time ?? ""), priority \(router.effectivePriority)",
            [
                ("INSTANCE", configuration.name), ("ORDER", word),
                ("PRIORITY", "\(router.effectivePriority)"),
            ])
    }

    private func reportRival(_ address: IPv4Address, _ priority: UInt8) {
        counters.rivals &+= 1
        let now = Reactor.clock()
        if let last = rivalLoggedAt, now < last + Self.rivalLogInterval { return }
        rivalLoggedAt = now
        journal.log(
            .warning,
            "\(configuration.name): two routers were active: \(address.text) with priority \(priority) and this one"
        )
    }
}
