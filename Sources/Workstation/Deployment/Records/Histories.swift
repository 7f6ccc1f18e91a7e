import Events
import Foundation
import Inventory
import JSON
import SSH

/// `pidep history`: what the nodes remember of the deploys to them.
public struct Histories: Sendable {
    /// Which nodes.
    public var access: NodeAccess
    /// How many of the newest entries of each node are told.
    public var limit: Int

    /// Histories of nodes.
    public init(on access: NodeAccess, limit: Int) {
        self.access = access
        self.limit = limit
    }

    /// One node's, or why it cannot be asked.
    public struct Answer: Sendable {
        /// The node's name.
        public var node: String
        /// Its entries, the oldest first.
        public var history: Result<NodeHistory, SSHError>
    }

    /// Asks all nodes, side by side.
    public func ask(asking: Asking) throws(DeploymentFailure) -> [Answer] {
        parallel(try access.open(asking: asking)) { login in
            let answer = login.use { (session) throws(SSHError) in
                let command = "sh -c \(quote("cat \(NodeHistory.path) 2>/dev/null || true"))"
                var history = NodeHistory(try session.perform(command, step: "reading the history").text)
                history.entries = history.entries.suffix(limit)
                return history
            }
            return Answer(node: login.node.name, history: answer)
        }
    }
}

extension Histories.Answer {
    /// A block for people.
    public var text: String {
        guard case .success(let history) = history else { return "" }
        guard !history.entries.isEmpty else { return "\(node)  never deployed to" }
        return ([node] + history.entries.map { "  \($0.line)" }).joined(separator: "\n")
    }

    /// For machines.
    public var json: JSONValue {
        var members: [JSONValue.Member] = [.init("name", .string(node))]
        switch history {
        case .success(let history): members.append(.init("history", .array(history.entries.map(\.json))))
        case .failure(let error): members.append(.init("failure", .string(error.sentence)))
        }
        return .object(members)
    }
}

extension NodeHistory.Entry {
    var line: String {
        let before = from.isEmpty ? "none" : from
        return "\(time)  \(command) by \(who): \(before) → \(to), \(result)"
            + (message.isEmpty ? "" : "  (\(message))")
    }

    var json: JSONValue {
        .object([
            .init("run", .string(run)), .init("time", .string(time)), .init("who", .string(who)),
            .init("command", .string(command)), .init("from", .string(from)), .init("to", .string(to)),
            .init("result", .string(result)), .init("message", .string(message)),
        ])
    }
}
