/// Something that is broken on purpose during a run, and mended afterwards whatever happens.
public struct Fault: Sendable {
    /// As it was asked for: `kill active`.
    public var name: String
    /// Says which node it hits, at the moment of the fault.
    public var node: @Sendable () throws -> String
    /// When, from the run's beginning.
    public var at: Duration
    /// Breaks it, and says when that took effect on the Reactor's clock (nil: all the time that it took). What it
    /// throws is in the report.
    public var inject: @Sendable (_ node: String) throws -> ClosedRange<Duration>?
    /// Mends it. Called once after the run when `inject` was called, even when that threw or the run was interrupted.
    public var undo: @Sendable (_ node: String) throws -> Void

    /// A fault from its parts.
    public init(
        _ name: String, node: @escaping @Sendable () throws -> String, at: Duration,
        inject: @escaping @Sendable (_ node: String) throws -> ClosedRange<Duration>?,
        undo: @escaping @Sendable (_ node: String) throws -> Void
    ) {
        self.name = name
        self.node = node
        self.at = at
        self.inject = inject
        self.undo = undo
    }
}

/// A fault as it is written on the command line: a verb and a node, or `active` for the node that holds the virtual
/// address when the fault comes.
public struct FaultText: Sendable, Equatable {
    /// What is done to the node.
    public enum Verb: String, Sendable, CaseIterable {
        /// All its processes die at once; what they had written stays.
        case kill
        /// The same, and what it had not synced is gone.
        case power
        /// Its cable is pulled.
        case cut
        /// It stands still, without any sign to others.
        case freeze

        /// How the fault is mended, for people.
        public var undoing: String {
            switch self {
            case .kill, .power: "start"
            case .cut: "heal"
            case .freeze: "thaw"
            }
        }
    }

    /// What is done.
    public var verb: Verb
    /// A node's name; nil means the active one.
    public var node: String?

    /// Reads `kill nustler3` or `kill active`; the names are the cluster's nodes.
    public init(_ text: String, nodes: [String]) throws(LoadTestError) {
        let words = text.split(separator: " ").map(String.init)
        guard words.count == 2, let verb = Verb(rawValue: words[0]) else {
            let verbs = Verb.allCases.map(\.rawValue).joined(separator: ", ")
            throw .usage(
                "fault \"\(text)\" is none. Write one of \(verbs) and a node, or active: kill active.")
        }
        guard words[1] == "active" || nodes.contains(words[1]) else {
            throw .usage("fault \"\(text)\": the inventory has no node \"\(words[1])\".")
        }
        self.verb = verb
        node = words[1] == "active" ? nil : words[1]
    }
}
