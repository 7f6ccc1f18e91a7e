import Diagnostics
import Inventory
import Manifest

/// What inventory and recipes come to for one node.
public struct CompiledNode: Sendable {
    /// The node.
    public var node: ClusterNode
    /// Its whole desired state.
    public var manifest: Manifest
    /// The bytes of the manifest's files, by SHA-256 (64 hexadecimal digits).
    public var blobs: [String: [UInt8]]
    /// The texts of those files that hold secrets, with `<secret NAME>` in their places, by the same key.
    public var redacted: [String: String] = [:]
    /// What must answer once the node is deployed: the health gate, and `pidep smoke`.
    public var checks: [Check]
    /// Where each path of the manifest comes from.
    public var origins: [String: Origin]
    /// What each path of the manifest was made from: the values that its rendering looked up, in that order.
    public var used: [String: [UsedValue]] = [:]
    /// What the parsers of the roles find odd in the rendered configurations without refusing them.
    public var warnings: [Diagnostic]

    /// The recipe, and the template or static file within it, that a path comes from.
    public struct Origin: Sendable, Equatable {
        /// The recipe's name.
        public var recipe: String
        /// The path of the template or static file; nil for directories, links and absent files.
        public var source: String?
        /// The line of `recipe.yaml` that names the path.
        public var line: Int
    }
}

/// A name that a template or a condition looked up, and what it found.
public struct UsedValue: Sendable, Equatable {
    /// Whose value it is: within a list, the node that the list was at.
    public var node: String
    /// The variable, fact or group.
    public var name: String
    /// As text; nil: an optional variable that is not set.
    public var value: String?

    /// A value that was looked up.
    public init(node: String, name: String, value: String?) {
        self.node = node
        self.name = name
        self.value = value
    }
}

/// A request and what its answer must be.
public struct Check: Sendable, Equatable {
    /// A question to the console of a role on a node.
    public struct Console: Sendable, Equatable {
        /// The node's name.
        public var node: String
        /// The role's name, as `pinode ctl` takes it.
        public var role: String
        /// The role's command.
        public var command: String

        /// A question.
        public init(node: String, role: String, command: String) {
            self.node = node
            self.role = role
            self.command = command
        }

        /// The question as it is told: `nustler1: pinode ctl control show health`.
        public var text: String { "\(node): pinode ctl \(role) \(command)" }
    }

    /// The recipe that asks for it.
    public var recipe: String
    /// The whole URL, `http://192.0.2.1/`; HTTP's own port is left out. Of a console the question's text.
    public var url: String
    /// Set where not HTTP but a console is asked.
    public var console: Console?
    /// The status code that must come back.
    public var status: Int
    /// Text that the body must contain; nil: any body will do.
    public var contains: String?
    /// How long the service may take to give that answer.
    public var within: Duration
    /// Whether the URL's host is the virtual IP address, so that the check concerns the cluster and not the node.
    public var concernsVirtualAddress: Bool
    /// The recipe's units on the node, where the check is about all nodes with the recipe together: it can hold only when
    /// these run on all of them. Nil: it concerns the node alone.
    public var together: [String]?
}
