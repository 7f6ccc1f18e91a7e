import JSON

/// What one node's `pinode ctl database show json` says; docs/database.md lists the members.
struct DatabaseAnswer: Sendable, Equatable {
    /// One node, as the one that was asked knows it.
    struct Node: Sendable, Equatable {
        var name: String
        /// `primary` or `standby`; nil where nobody knows.
        var role: String?
        /// `running`, `streaming`, `copying`, `no answer` …
        var state: String
        var timeline: Int64?
        /// As PostgreSQL writes it: `0/3000148`.
        var position: String?
        /// Bytes behind the primary.
        var lagBytes: Int64?
        /// Seconds behind the primary, as digits.
        var lagSeconds: String?
        var isVoter: Bool
        /// Whether commits wait for it.
        var isSynchronous: Bool
        /// How long ago the one that was asked heard of it, as digits.
        var heardSeconds: String?
        /// Whether a parameter has changed that takes a restart.
        var isPendingRestart: Bool

        static let silent = "no answer"

        init?(_ json: JSONValue) {
            guard let name = json["node"]?.text else { return nil }
            self.name = name
            role = json["role"]?.text
            state = json["state"]?.text ?? Self.silent
            timeline = json["timeline"]?.integer
            position = json["position"]?.text
            lagBytes = json["lag_bytes"]?.integer
            lagSeconds = json["lag_seconds"]?.digits
            isVoter = json["voter"]?.boolean ?? false
            isSynchronous = json["synchronous"]?.boolean ?? false
            heardSeconds = json["heard_seconds"]?.digits
            isPendingRestart = json["pending_restart"]?.boolean ?? false
        }

        /// A node that nobody has heard of.
        init(unheard name: String) {
            self.name = name
            state = Self.silent
            (isVoter, isSynchronous, isPendingRestart) = (false, false, false)
        }
    }

    /// What takes its time on the node.
    struct Job: Sendable, Equatable {
        var name: String
        var from: String?
        /// 0 to 100.
        var percent: Int?
    }

    var node: String
    var cluster: String?
    var role: String?
    var state: String
    var leader: String?
    var epoch: Int64
    var timeline: Int64?
    var durability: String?
    var voters: [String]
    /// Standbys that must confirm a commit.
    var acknowledgements: Int64
    /// Whether commits wait for standbys that are missing.
    var isWaiting: Bool
    var nodes: [Node]
    var job: Job?
    /// The document itself.
    var json: JSONValue

    init?(_ text: String) {
        guard let json = try? JSONValue.parse(text), let node = json["node"]?.text else { return nil }
        self.json = json
        self.node = node
        cluster = json["cluster"]?.text
        role = json["role"]?.text
        state = json["state"]?.text ?? Node.silent
        leader = json["leader"]?.text
        epoch = json["epoch"]?.integer ?? 0
        timeline = json["timeline"]?.integer
        durability = json["durability"]?.text
        voters = json["voters"]?.elements?.compactMap(\.text) ?? []
        acknowledgements = json["acknowledgements"]?.integer ?? 0
        isWaiting = json["waiting"]?.boolean ?? false
        nodes = json["nodes"]?.elements?.compactMap(Node.init) ?? []
        if let name = json["job"]?["name"]?.text {
            let progress = json["job"]?["progress"]?.digits.flatMap(Double.init)
            job = Job(name: name, from: json["job"]?["from"]?.text, percent: progress.map { Int($0 * 100) })
        }
    }

    /// The one that was asked, as it knows itself.
    var own: Node? { nodes.first { $0.name == node } }

    /// Whether it is the primary, and says so itself.
    var isPrimary: Bool { role == "primary" && state == "running" }
}

extension JSONValue {
    /// A number's digits, whole or not.
    var digits: String? {
        switch self {
        case .integer(let value): "\(value)"
        case .number(let text): text
        default: nil
        }
    }
}
