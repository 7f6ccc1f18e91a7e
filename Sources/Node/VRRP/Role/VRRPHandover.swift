import CLinux
import Console
import Languages
import Reactor
import VRRP

/// What one VRRP process gives to the next: who is Active, what it watches, which addresses it manages.
///
/// The text has a line for each: `active INSTANCE`, `up TRACKER`, `address A.B.C.D`, and `yield MILLISECONDS INSTANCE` or
/// `pin MILLISECONDS INSTANCE` for what an operator's order has left.
struct VRRPHandover {
    private let handover: Handover
    private(set) var activeInstances: [String] = []
    private(set) var trackersUp: [String] = []
    private(set) var addresses: [IPv4Address] = []
    private(set) var orders: [(instance: String, event: VirtualRouter.Event)] = []

    init(_ handover: Handover) {
        self.handover = handover
        for line in handover.text.utf8.split(separator: UInt8(ascii: "\n")) {
            guard let blank = line.firstIndex(of: UInt8(ascii: " ")) else { continue }
            let value = String(Substring(line[line.index(after: blank)...]))
            let word = line[..<blank]
            if word.elementsEqual("active".utf8) { activeInstances.append(value) }
            if word.elementsEqual("up".utf8) { trackersUp.append(value) }
            if word.elementsEqual("address".utf8), let address = IPv4Address(value) {
                addresses.append(address)
            }
            let isYield = word.elementsEqual("yield".utf8)
            if isYield || word.elementsEqual("pin".utf8) { addOrder(value, isYield: isYield) }
        }
    }

    private mutating func addOrder(_ value: String, isYield: Bool) {
        guard let blank = value.utf8.firstIndex(of: UInt8(ascii: " ")),
            let milliseconds = Int64(String(Substring(value.utf8[..<blank])))
        else { return }
        let time = min(Duration.milliseconds(milliseconds), VirtualRouter.maximumOrderTime)
        let name = String(Substring(value.utf8[value.utf8.index(after: blank)...]))
        orders.append((instance: name, event: isYield ? .yield(for: time) : .pin(for: time)))
    }

    /// The new process is up: the old one goes, without giving anything up.
    func complete() throws(SystemError) { try handover.complete() }

    /// The old process's side.
    static func text(_ instances: [Instance], _ trackers: [Tracker]) -> String {
        var text = ""
        for tracker in trackers where tracker.isUp { text += "up \(tracker.track.name)\n" }
        for instance in instances {
            if instance.router.state == .active { text += "active \(instance.configuration.name)\n" }
            if let order = instance.router.order {
                let left = StatusDocument.milliseconds(order.until - Reactor.clock())
                text += "\(order.kind == .yield ? "yield" : "pin") \(left) \(instance.configuration.name)\n"
            }
            for virtual in instance.configuration.addresses { text += "address \(virtual.address.text)\n" }
        }
        return text
    }
}
