import CLinux
import Console
import Languages
import Reactor
import VRRP

/// What one VRRP process gives to the next: who is Active, what it watches, which addresses it manages.
///
/// The text has a line for each: `active INSTANCE`, `up TRACKER`, `address A.B.C.D`.
struct VRRPHandover {
    private let handover: Handover
    private(set) var activeInstances: [String] = []
    private(set) var trackersUp: [String] = []
    private(set) var addresses: [IPv4Address] = []

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
        }
    }

    /// The new process is up: the old one goes, without giving anything up.
    func complete() throws(SystemError) { try handover.complete() }

    /// The old process's side.
    static func text(_ instances: [Instance], _ trackers: [Tracker]) -> String {
        var text = ""
        for tracker in trackers where tracker.isUp { text += "up \(tracker.track.name)\n" }
        for instance in instances {
            if instance.router.state == .active { text += "active \(instance.configuration.name)\n" }
            for virtual in instance.configuration.addresses { text += "address \(virtual.address.text)\n" }
        }
        return text
    }
}
