import Lab

/// The faults of a lab, for a load test.
public struct LabFaultInjector: FaultInjector {
    private let lab: Lab

    /// Breaks and mends nodes of this lab.
    public init(_ lab: Lab) { self.lab = lab }

    /// Breaks the node; the lab says when.
    public func inject(_ verb: FaultText.Verb, on node: String) throws -> ClosedRange<Duration>? {
        let time: FaultTime =
            switch verb {
            case .kill: try lab.kill(node)
            case .power: try lab.kill(node, power: true)
            case .cut: try lab.cut(node)
            case .freeze: try lab.freeze(node)
            }
        return time.begin...max(time.begin, time.end)
    }

    /// Mends it. A node that runs, because the fault did not come about, is left alone.
    public func undo(_ verb: FaultText.Verb, on node: String) throws {
        switch verb {
        case .kill, .power:
            let state = try lab.status().nodes.first { $0.name == node }?.state
            if state == .killed || state == .down { try lab.start(node) }
        case .cut: try lab.heal(node)
        case .freeze: try lab.thaw(node)
        }
    }
}
