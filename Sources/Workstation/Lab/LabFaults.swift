import CLinux
import Events
import Foundation
import Inventory

extension Lab {
    /// Kills a node: its neighbours hear nothing more of it, and all its processes end at once. `power`: what it had not
    /// synced to its disk is lost, too. `start` brings it back.
    @discardableResult
    public func kill(_ name: String, power: Bool = false) throws(LabFailure) -> FaultTime {
        try onNode("lab kill", name, said: power ? "has no power" : "is dead") { node throws(LabFailure) in
            guard let time = try node.stop(losingUnsynced: power) else {
                throw LabFailure("\(name) is dead already: pidep lab start \(name)")
            }
            return time
        }
    }

    /// Lets all processes of a node stand still, as a machine that hangs. Its kernel still answers pings and accepts
    /// connections, as a Pi's does whose programs hang.
    @discardableResult
    public func freeze(_ name: String) throws(LabFailure) -> FaultTime {
        try onNode("lab freeze", name, said: "is frozen") { node throws(LabFailure) in
            try self.requireRunning(node)
            return try timed { () throws(LabFailure) in
                try node.cgroup.setFrozen(true, within: limits.freezeTimeout)
            }
        }
    }

    /// Lets a frozen node go on.
    @discardableResult
    public func thaw(_ name: String) throws(LabFailure) -> FaultTime {
        try onNode("lab thaw", name, said: "goes on") { node throws(LabFailure) in
            try self.requireRunning(node)
            return try timed { () throws(LabFailure) in
                try node.cgroup.setFrozen(false, within: limits.freezeTimeout)
            }
        }
    }

    /// Pulls a node's network cable: it sees its carrier go, and nothing gets in or out until `heal`.
    @discardableResult
    public func cut(_ name: String) throws(LabFailure) -> FaultTime {
        try onNode("lab cut", name, said: "is cut off") { node throws(LabFailure) in
            try self.requireRunning(node)
            try writeFile(node.names.cutMark, "")
            return try timed { () throws(LabFailure) in try node.wiring.setCable(node.names, connected: false)
            }
        }
    }

    /// Lets nothing that `sender` sends reach `name`; the other way stays open, and so do all other ways.
    @discardableResult
    public func cut(_ name: String, from sender: String) throws(LabFailure) -> FaultTime {
        let other = try node(named: sender)
        guard other.name != name else { throw LabFailure("\(name) cannot be cut off from itself.") }
        return try onNode("lab cut", name, said: "hears nothing from \(sender)") { node throws(LabFailure) in
            try writeFile(cutMark(of: node.names, from: sender), "")
            return try timed { () throws(LabFailure) in try node.wiring.setDrops(drops()) }
        }
    }

    /// Mends a node's cable and every way to and from it.
    @discardableResult
    public func heal(_ name: String) throws(LabFailure) -> FaultTime {
        try onNode("lab heal", name, said: "is connected") { node throws(LabFailure) in
            try self.forgetCuts(of: node)
            return try timed { () throws(LabFailure) in
                try node.wiring.setDrops(drops())
                if node.wiring.hasCable(node.names) { try node.wiring.setCable(node.names, connected: true) }
            }
        }
    }

    /// Removes the marks of all cuts that concern a node.
    func forgetCuts(of node: LabNode) throws(LabFailure) {
        unlink(node.names.cutMark)
        for other in cluster.nodes {
            unlink(cutMark(of: node.names, from: other.name))
            unlink(cutMark(of: names.node(other.name), from: node.names.name))
        }
    }

    /// The senders that a node hears nothing from.
    func silenced(for node: NodeNames) -> [String] {
        cluster.nodes.map(\.name).filter { access(cutMark(of: node, from: $0), F_OK) == 0 }
    }

    private func cutMark(of receiver: NodeNames, from sender: String) -> String {
        "\(receiver.runFolder)/cut-from-\(sender)"
    }

    private func drops() -> [(sender: NodeNames, receiver: NodeNames)] {
        cluster.nodes.flatMap { receiver in
            let its = names.node(receiver.name)
            return silenced(for: its).map { (sender: names.node($0), receiver: its) }
        }
    }

    private func requireRunning(_ node: LabNode) throws(LabFailure) {
        guard node.isRunning else {
            throw LabFailure("\(node.node.name) is dead: pidep lab start \(node.node.name)")
        }
    }

    private func timed(_ body: () throws(LabFailure) -> Void) throws(LabFailure) -> FaultTime {
        let begin = cl_now_ns()
        try body()
        return FaultTime(begin: .nanoseconds(Int64(begin)), end: .nanoseconds(Int64(cl_now_ns())))
    }

    private func onNode(
        _ command: String, _ name: String, said: String, _ body: (LabNode) throws(LabFailure) -> FaultTime
    ) throws(LabFailure) -> FaultTime {
        let node = try node(named: name)
        try Self.requireBridge(cluster)
        return try locked("\(command) \(name)") { tools throws(LabFailure) in
            let time = try body(try labNode(node, tools))
            events.report(Event(.finished, command: command, subject: name, message: said))
            return time
        }
    }
}
