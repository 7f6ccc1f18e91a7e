import Events

/// Breaks a node and mends it again: the lab does, and a test's stand-in.
public protocol FaultInjector: Sendable {
    /// Breaks the node and returns when it is broken. The result says when that took effect, on the Reactor's clock;
    /// nil means all the time that the call took.
    func inject(_ verb: FaultText.Verb, on node: String) throws -> ClosedRange<Duration>?
    /// Mends what `inject` broke.
    func undo(_ verb: FaultText.Verb, on node: String) throws
}

/// A load test with a fault in it: how long are clients without service when a node fails?
public struct FailoverMeasurement: Sendable {
    /// The load.
    public var test: LoadTest
    /// What breaks.
    public var fault: FaultText
    /// Who breaks and mends it.
    public var injector: any FaultInjector
    /// When the fault comes, from the run's beginning; a third of the duration unless said otherwise.
    public var at: Duration

    /// A measurement from its parts.
    public init(
        _ test: LoadTest, fault: FaultText, injector: any FaultInjector, at: Duration? = nil
    ) {
        self.test = test
        self.fault = fault
        self.injector = injector
        self.at = at ?? test.options.duration / 3
    }

    /// Runs the load with the fault. `LoadTest.warmUp` must have been called: the active node is found in the
    /// neighbour cache of this machine.
    public func run(
        reporting sink: any EventSink, interruption: Interruption = Interruption()
    ) throws(LoadTestError) -> LoadReport {
        // Before the load, too: that nobody can say who is active is better known then.
        _ = try chosenNode()
        let (verb, injector) = (fault.verb, injector)
        let name = "\(verb.rawValue) \(fault.node ?? "active")"
        return try test.run(
            reporting: sink,
            breaking: Fault(
                name, node: { [self] in try chosenNode() }, at: at,
                inject: { try injector.inject(verb, on: $0) }, undo: { try injector.undo(verb, on: $0) }),
            interruption: interruption)
    }

    private func chosenNode() throws(LoadTestError) -> String {
        if let node = fault.node { return node }
        guard let holder = test.holder() else {
            throw .failed(
                "nobody can say which node is active: \(test.target.address) and the nodes are not in this machine's "
                    + "neighbour cache. Name the node instead, for example: \(fault.verb.rawValue) NODE")
        }
        guard test.nodes.contains(where: { $0.name == holder }) else {
            throw .failed("\(test.target.address) is held by \(holder), which is no node of this inventory")
        }
        return holder
    }
}
