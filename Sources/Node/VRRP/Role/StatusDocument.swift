import CLinux
import Languages
import JSON
import Reactor
import VRRP

/// `show vrrp json`.
enum StatusDocument {
    static func document(_ role: VRRPRole) -> JSONValue {
        let now = Reactor.clock()
        return .object([
            .init("router_id", role.configuration.routerID.map { .string($0) } ?? .null),
            .init("pid", .integer(Int64(getpid()))),
            .init("guard", .boolean(role.watchdog.isAlive)),
            .init("realtime", .boolean(role.isRealtime)),
            .init("instances", .array(role.instances.map { instance($0, role, now) })),
        ])
    }

    private static func instance(_ instance: Instance, _ role: VRRPRole, _ now: Duration) -> JSONValue {
        let configuration = instance.configuration
        let router = instance.router
        let counters = instance.counters
        let active = router.state == .active ? router.localAddress : router.active?.address
        return .object([
            .init("name", .string(configuration.name)),
            .init("state", .string(router.state.name)),
            .init("obstacles", .strings(obstacles(router.obstacles))),
            .init("interface", .string(configuration.interface)),
            .init("virtual_router_id", .integer(Int64(configuration.virtualRouterID))),
            .init("vip", .strings(configuration.addresses.map { $0.address.text })),
            .init("addresses", .strings(configuration.addresses.map { $0.text })),
            .init("priority", .integer(Int64(configuration.priority))),
            .init("effective_priority", .integer(Int64(router.effectivePriority))),
            .init("order", router.order.map { order($0, now) } ?? .null),
            .init("advert_interval_ms", .integer(milliseconds(configuration.advertisementInterval))),
            .init("preempt", .boolean(configuration.preempt)),
            .init("local_address", router.localAddress.map { .string($0.text) } ?? .null),
            .init("active_address", active.map { .string($0.text) } ?? .null),
            .init("heard", router.lastPeer.map { peer($0, now) } ?? .null),
            .init("transitions", .integer(Int64(clamping: counters.transitions))),
            .init("last_transition", transition(counters, now)),
            .init("adverts_sent", .integer(Int64(clamping: counters.sent))),
            .init("adverts_received", .integer(Int64(clamping: counters.received))),
            .init("send_errors", .integer(Int64(clamping: counters.sendErrors))),
            .init("address_mismatches", .integer(Int64(clamping: counters.otherAddresses))),
            .init("rivals", .integer(Int64(clamping: counters.rivals))),
            .init("announcements", .integer(Int64(clamping: counters.announcements))),
            .init(
                "drops",
                .object(
                    Rejection.allCases.map {
                        .init($0.name, .integer(Int64(clamping: counters.rejections[$0])))
                    })),
            .init(
                "tracked", .array(configuration.trackedProcesses.map { tracked($0.name, $0.weight, role) })),
        ])
    }

    private static func order(_ order: VirtualRouter.Order, _ now: Duration) -> JSONValue {
        .object([
            .init("kind", .string(order.kind == .yield ? "yield" : "pin")),
            .init("left_ms", .integer(milliseconds(order.until - now))),
        ])
    }

    private static func peer(_ peer: VirtualRouter.Peer, _ now: Duration) -> JSONValue {
        .object([
            .init("address", .string(peer.address.text)),
            .init("priority", .integer(Int64(peer.priority))),
            .init("advert_interval_ms", .integer(milliseconds(peer.interval))),
            .init(
                "checksum", .string(peer.checksum == .pseudoHeader ? "pseudo_header" : "message_only")),
            .init("ago_ms", .integer(milliseconds(now - peer.heardAt))),
        ])
    }

    private static func transition(_ counters: InstanceCounters, _ now: Duration) -> JSONValue {
        guard let last = counters.last else { return .null }
        return .object([
            .init("from", .string(last.from.name)),
            .init("to", .string(last.to.name)),
            .init("cause", .string(last.cause.sentence)),
            .init("ago_ms", .integer(milliseconds(now - counters.lastAt))),
        ])
    }

    private static func tracked(_ name: String, _ weight: Int, _ role: VRRPRole) -> JSONValue {
        let tracker = role.trackers.first { $0.track.name == name }
        return .object([
            .init("name", .string(name)),
            .init("weight", .integer(Int64(weight))),
            .init("up", .boolean(tracker?.isUp ?? false)),
            .init("reason", .string(tracker?.watch.reason ?? "")),
        ])
    }

    static func obstacles(_ obstacles: VirtualRouter.Obstacles) -> [String] {
        var names: [String] = []
        if obstacles.contains(.interface) { names.append("interface") }
        if obstacles.contains(.tracking) { names.append("tracking") }
        if obstacles.contains(.addresses) { names.append("addresses") }
        return names
    }

    static func milliseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
