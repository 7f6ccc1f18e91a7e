import Languages
import Reactor
import VRRP

/// `show vrrp`: what to look at at three in the morning, most important line first.
enum StatusText {
    static func text(_ role: VRRPRole) -> String {
        let now = Reactor.clock()
        var text = ""
        for instance in role.instances { text += describe(instance, role, now) }
        return text
    }

    private static func describe(_ instance: Instance, _ role: VRRPRole, _ now: Duration) -> String {
        let configuration = instance.configuration
        let router = instance.router
        let counters = instance.counters
        var text = "\(configuration.name): \(router.state.name)"
        if let last = counters.last {
            text += " for \(seconds(now - counters.lastAt)), because \(last.cause.sentence)"
        }
        text += "\n  addresses:"
        for virtual in configuration.addresses { text += " \(virtual.text) on \(virtual.interface)" }
        text += "\n  router \(configuration.virtualRouterID) on \(configuration.interface)"
        text += " as \(router.localAddress?.text ?? "nobody")"
        text += ", priority \(router.effectivePriority)"
        if router.effectivePriority != configuration.priority {
            text += " (configured \(configuration.priority))"
        }
        if let order = router.order {
            text += order.kind == .yield ? ", stands back" : ", stays active"
            text += " as an operator said for \(seconds(order.until - now))"
        }
        text += ", every \(StatusDocument.milliseconds(configuration.advertisementInterval)) ms"
        text += "\n  hears: \(heard(router, now))"
        text += "\n  adverts: \(counters.sent) sent, \(counters.received) received"
        if counters.sendErrors > 0 { text += ", \(counters.sendErrors) not sent" }
        if counters.rivals > 0 { text += ", \(counters.rivals) from a second active router" }
        if counters.otherAddresses > 0 { text += ", \(counters.otherAddresses) with other addresses" }
        for rejection in Rejection.allCases where counters.rejections[rejection] > 0 {
            text += "\n  dropped: \(counters.rejections[rejection]) \(rejection.name)"
        }
        for use in configuration.trackedProcesses {
            let tracker = role.trackers.first { $0.track.name == use.name }
            text += "\n  tracks \(use.name) (weight \(use.weight)): "
            text += tracker?.isUp == true ? "up" : "down, \(tracker?.watch.reason ?? "")"
        }
        return text + "\n  transitions: \(counters.transitions)\n"
    }

    private static func heard(_ router: VirtualRouter, _ now: Duration) -> String {
        guard let peer = router.lastPeer else { return "nobody" }
        return "\(peer.address.text) with priority \(peer.priority), \(seconds(now - peer.heardAt)) ago"
    }

    private static func seconds(_ duration: Duration) -> String {
        let milliseconds = StatusDocument.milliseconds(duration)
        return "\(milliseconds / 1000).\(milliseconds / 100 % 10) s"
    }
}
