import Testing

@testable import Deployment

/// An edge node that does what a script of `VirtualAddressMove` says, and writes down what it was told.
private final class FakeEdge {
    let name: String
    let priority: Int
    let address: String
    var isActive: Bool
    var preempts = true
    var isReady = true
    /// What the script that leaves answers; `yielded` at the end lets the address go.
    var leaving = "yielded\n"
    /// Who takes the address when this one lets it go.
    weak var successor: FakeEdge?
    weak var peer: FakeEdge?
    var told: [String] = []

    init(_ name: String, priority: Int, isActive: Bool) {
        self.name = name
        self.priority = priority
        self.isActive = isActive
        address = "192.0.2.\(priority % 100)"
    }

    var edge: VirtualAddressMove.Edge { .init(name: name) { self.run($0) } }

    private func run(_ script: String) -> String? {
        if script == VirtualAddressMove.leaving {
            told.append("leave")
            if leaving.hasSuffix("yielded\n"), let successor {
                isActive = false
                successor.isActive = true
            }
            return leaving
        }
        if script.hasSuffix("show vrrp json") {
            let active = isActive ? address : peer?.address ?? ""
            return """
                {"instances":[{"state":"\(isActive ? "active" : "backup")","priority":\(priority),
                "preempt":\(preempts),"local_address":"\(address)","active_address":"\(active)"}]}
                """
        }
        if script.hasSuffix("show info") {
            return isReady ? "Name: pinode\nFrontends: ready\n" : "Name: pinode\n"
        }
        told.append(script.replacing("/opt/pinode/current/pinode ctl ", with: ""))
        return ""
    }
}

@Suite struct VirtualAddressMoveTests {
    private let node = FakeEdge("nustler3", priority: 254, isActive: true)
    private let other = FakeEdge("nustler4", priority: 253, isActive: false)

    init() {
        node.peer = other
        other.peer = node
        node.successor = other
        other.successor = node
    }

    /// Moves there and back; the warnings.
    private func rehearse(others: [FakeEdge]? = nil, between: () -> Void = {}) -> [String] {
        var warnings: [String] = []
        let move = VirtualAddressMove(node.edge, others: (others ?? [other]).map(\.edge)) { isWarning, text in
            if isWarning { warnings.append(text) }
        }
        move.begin()
        between()
        move.end()
        return warnings
    }

    @Test("the address goes to the other node, which is pinned, and comes back when the node is done")
    func thereAndBack() {
        var isAway = false
        let warnings = rehearse { isAway = other.isActive && !node.isActive }
        #expect(warnings == [])
        #expect(isAway)
        #expect(node.isActive && !other.isActive)
        #expect(node.told == ["leave", "proxy set frontends state ready", "vrrp resume"])
        #expect(other.told.first == "vrrp pin 1800")
        #expect(other.told.last == "vrrp resume; proxy set frontends state ready")
    }

    @Test("a node that does not have the address restarts without more ado")
    func notHolder() {
        node.isActive = false
        other.isActive = true
        #expect(rehearse() == [])
        #expect(node.told.isEmpty && other.told.isEmpty)
    }

    @Test(
        "where no other edge node is at hand the restart comes with a warning, and nothing is told to anybody"
    )
    func alone() {
        let warnings = rehearse(others: [])
        #expect(warnings.count == 1 && warnings[0].contains("no other edge node is part of this run"))
        #expect(node.told.isEmpty)
    }

    @Test("with nopreempt the address stays where it went")
    func noPreempt() {
        node.preempts = false
        #expect(rehearse() == [])
        #expect(other.isActive)
        #expect(other.told == ["vrrp pin 1800", "vrrp resume"])
    }

    @Test("what is still under way at the limit is told, and the address moves all the same")
    func underWay() {
        node.leaving = "left 2\nyielded\n"
        let warnings = rehearse()
        #expect(warnings == ["nustler3 still had 2 connections when the virtual address left it"])
        #expect(node.isActive)
    }

    @Test("a runtime that cannot leave cleanly is as it was, and the restart comes with a warning")
    func tooOld() {
        node.leaving = ""
        let warnings = rehearse()
        #expect(warnings.count == 1 && warnings[0].contains("too old"))
        #expect(node.isActive)
        #expect(node.told.last == "vrrp resume; proxy set frontends state ready")
        #expect(other.told.isEmpty)
    }

    @Test("a proxy that does not obey is quoted")
    func refused() {
        node.leaving = "refused let a listening socket drop new connections: Operation not permitted.\n"
        let warnings = rehearse()
        #expect(warnings.count == 1 && warnings[0].hasSuffix("connections: Operation not permitted."))
        #expect(other.told.isEmpty)
    }

    @Test("a plan that restarts the proxy or the router moves the address, one that reloads them does not")
    func plans() {
        func plan(_ unit: String, _ action: String) -> Bool {
            VirtualAddressMove.restarts([.init(kind: .unit, name: unit, action: action, detail: "")])
        }
        #expect(plan("pinode-proxy.service", "restart"))
        #expect(plan("pinode-vrrp.service", "stop"))
        #expect(!plan("pinode-proxy.service", "reload"))
        #expect(!plan("apache2.service", "restart"))
    }
}
