import CLinux
import Console
import Languages
import Reactor
import Service
import VRRP

/// The role: its virtual routers, what they watch, its console, its end.
final class VRRPRole {
    /// Under every other thing on the node, above what only waits.
    static let realtimePriority: Int32 = 20
    /// Between two refreshes of the addresses' lifetime, and two looks at the interfaces.
    static let refreshInterval: Duration = .seconds(1)
    static var consolePath: String { "\(RuntimeFolder.path)/vrrp.sock" }
    /// Where the process that replaces this one asks.
    static var handoverPath: String { "\(RuntimeFolder.path)/vrrp-handover.sock" }

    let configuration: KeepalivedConfiguration
    let file: String
    let instances: [Instance]
    let trackers: [Tracker]
    let watchdog: Guard
    let startedAt = Reactor.clock()
    private(set) var isRealtime = false
    private let reactor: Reactor
    private let journal: Journal
    private let network: Network
    private let virtualAddresses: [IPv4Address]
    private var timer: PreciseTimer?
    private var monitor: NetworkMonitor?
    private var signals: Signals?
    private var console: ConsoleServer?
    private var handovers: HandoverServer?

    init(
        _ configuration: KeepalivedConfiguration, file: String, journal: Journal, watchdog: Guard,
        takingOver handover: VRRPHandover? = nil
    ) throws(SystemError) {
        let reactor = try Reactor()
        let network = try Network()
        self.configuration = configuration
        self.file = file
        self.journal = journal
        self.watchdog = watchdog
        self.reactor = reactor
        self.network = network
        instances = configuration.instances.map {
            Instance($0, network: network, reactor: reactor, journal: journal)
        }
        trackers = configuration.trackProcesses.map { Tracker($0, on: reactor, journal: journal) }
        var addresses: [IPv4Address] = []
        for instance in configuration.instances { addresses += instance.addresses.map { $0.address } }
        virtualAddresses = addresses
        try start(handover)
    }

    /// Until SIGTERM or SIGINT.
    func run() { reactor.run() }

    private func start(_ handover: VRRPHandover?) throws(SystemError) {
        signals = try Signals([SIGTERM, SIGINT], on: reactor) { [unowned(unsafe) self] _ in stop() }
        try watchdog.watch(on: reactor)
        timer = try PreciseTimer(on: reactor) { [unowned(unsafe) self] in tick() }
        monitor = try NetworkMonitor(on: reactor) { [unowned(unsafe) self] in look() }
        removeLeftovers(handover)
        openConsole()
        offerHandover()
        becomeRealtime()
        for instance in instances {
            instance.holdingChanged = { [unowned(unsafe) self] in tellGuard() }
            instance.deadlineChanged = { [unowned(unsafe) self] in arm() }
            warnOfWireless(instance.configuration.interface)
        }
        for tracker in trackers {
            if let handover, handover.trackersUp.contains(tracker.track.name) { tracker.assumeUp() }
            tracker.changed = { [unowned(unsafe) self] in judgeTracking() }
            tracker.start()
        }
        judgeTracking()
        refresh()
        guard let handover else { return Supervisor.ready() }
        // Now that it is what the process before it was: only an Active can be pinned.
        for order in handover.orders {
            instances.first { $0.configuration.name == order.instance }?.handle(order.event)
        }
        Supervisor.tookOver()
        do throws(SystemError) { try handover.complete() } catch {
            journal.log(.warning, "the process before this one may go on: \(error.sentence)")
        }
    }

    /// Addresses of an earlier life go; those of a living process that this one replaces stay, while they are wanted.
    private func removeLeftovers(_ handover: VRRPHandover?) {
        var leftovers = virtualAddresses
        if let handover {
            for instance in instances where handover.activeInstances.contains(instance.configuration.name) {
                instance.handle(.succeed)
                for virtual in instance.configuration.addresses {
                    leftovers.removeAll { $0 == virtual.address }
                }
            }
            for address in handover.addresses where !virtualAddresses.contains(address) {
                leftovers.append(address)
            }
        }
        for address in network.removeEverywhere(leftovers) {
            journal.log(.notice, "\(address.text) was left by an earlier life and is removed")
        }
    }

    private func offerHandover() {
        do throws(SystemError) {
            handovers = try HandoverServer(
                on: reactor, path: Self.handoverPath,
                offer: { [unowned(unsafe) self] in
                    (text: VRRPHandover.text(instances, trackers), descriptors: [])
                },
                completed: { [unowned(unsafe) self] in
                    journal.log(.notice, "replaced by a new process")
                    watchdog.dismiss()
                    console?.close()
                    reactor.stop()
                })
        } catch {
            journal.log(.warning, "no handover: \(error.sentence)")
        }
    }

    private func stop() {
        Supervisor.stopping()
        for instance in instances { instance.handle(.stop) }
        watchdog.dismiss()
        console?.close()
        handovers?.close()
        reactor.stop()
    }

    private func openConsole() {
        mkdir(RuntimeFolder.path, 0o755)
        do throws(SystemError) {
            console = try ConsoleServer(on: reactor, path: Self.consolePath) { [unowned(unsafe) self] in
                ConsoleAnswers.answer($0, role: self)
            }
        } catch {
            journal.log(.error, "no console: \(error.sentence)")
        }
    }

    private func becomeRealtime() {
        let failure = -cl_realtime(Self.realtimePriority)
        isRealtime = failure == 0
        let locked = -cl_lock_memory()
        if failure != 0 || locked != 0 {
            journal.log(
                .information, "no realtime scheduling or locked memory here: a busy node may be late to speak"
            )
        }
    }

    private func warnOfWireless(_ interface: String) {
        guard access("/sys/class/net/\(interface)/wireless", F_OK) == 0 else { return }
        journal.log(
            .warning,
            "\(interface) is wireless, which loses advertisements: use a cable, or advert_int 1 and more")
    }

    // MARK: events

    /// At the earliest deadline of all.
    private func tick() {
        for instance in instances { instance.tick() }
        arm()
    }

    private func arm() {
        var earliest: Duration?
        for instance in instances {
            guard let deadline = instance.router.deadline else { continue }
            earliest = min(earliest ?? deadline, deadline)
        }
        timer?.arm(at: earliest)
    }

    private func look() {
        guard let entries = network.addresses() else { return }
        for instance in instances { instance.look(at: entries, virtual: virtualAddresses) }
    }

    /// Every second: what the kernel may have done without telling, and the lifetime of what we hold.
    private func refresh() {
        look()
        for instance in instances where instance.router.state == .active {
            if !instance.addAddresses() { instance.handle(.addressesRefused) }
        }
        Supervisor.alive()
        reactor.schedule(after: Self.refreshInterval) { [unowned(unsafe) self] in refresh() }
    }

    private func judgeTracking() {
        for instance in instances {
            var adjustment: Int? = 0
            for use in instance.configuration.trackedProcesses {
                let isUp = trackers.first { $0.track.name == use.name }?.isUp ?? false
                if use.weight == 0 {
                    if !isUp { adjustment = nil }
                } else if (use.weight > 0) == isUp, let sum = adjustment {
                    adjustment = sum + use.weight
                }
            }
            instance.handle(.tracking(adjustment: adjustment))
        }
    }

    // MARK: the guard

    /// What it would have to give up if we died now.
    private func tellGuard() {
        var holding = Guard.Holding()
        var longest: Duration = .zero
        for instance in instances where instance.router.state == .active {
            for virtual in instance.configuration.addresses {
                guard let link = network.link(virtual.interface) else { continue }
                holding.addresses.append((link.index, virtual.address.bits, virtual.prefixLength))
            }
            if let link = instance.link {
                holding.resignations.append(
                    (instance.configuration.interface, link.index, instance.resignation))
            }
            longest = max(longest, instance.configuration.advertisementInterval)
        }
        let (seconds, attoseconds) = (longest * Guard.silentIntervals).components
        holding.limit = UInt32(seconds * 1000 + attoseconds / 1_000_000_000_000_000)
        watchdog.hold(holding)
    }
}
