import Inventory
import JSON
import Manifest
import Recipes
import SSH

/// `pidep facts`: what the nodes say about themselves, or why one says nothing.
public struct FactsReport: Sendable {
    /// A node and its answer.
    public struct Entry: Sendable {
        /// The node.
        public var node: ClusterNode
        /// What it was asked.
        public var request: FactsRequest
        /// What it says; else why it could not be asked, a sentence that begins with the node.
        public var answer: Result<Facts, SSHError>
    }

    /// In the order of the inventory.
    public var entries: [Entry]

    /// Asks all nodes side by side, one round trip each, for what a plan would ask.
    public static func ask(
        _ access: NodeAccess, asking: Asking
    ) throws(DeploymentFailure) -> FactsReport {
        let compiled: [CompiledNode]
        do throws(LoadedCluster.Failure) {
            // Those that cannot be had now only make their files look edited.
            compiled = try access.loaded.withoutRuntime(try? access.loaded.secrets(runsCommands: false))
        } catch {
            throw DeploymentFailure(error.sentence)
        }
        let virtualAddress = access.loaded.cluster.virtualAddress
        let asked = try access.open(asking: asking).compactMap { login in
            compiled.first { $0.node.name == login.node.name }.map {
                (login, FactsRequest(manifest: $0.manifest, virtualAddress: virtualAddress))
            }
        }
        return FactsReport(
            entries: parallel(asked) { login, request in
                Entry(
                    node: login.node, request: request,
                    answer: login.use { (session) throws(SSHError) in
                        try Fleet.gather(request, session)
                    })
            })
    }

    /// Whether every node has answered.
    public var isWhole: Bool { failures.isEmpty }

    /// Why nodes could not be asked, a sentence each.
    public var failures: [String] {
        entries.compactMap {
            guard case .failure(let error) = $0.answer else { return nil }
            return error.sentence
        }
    }

    /// A block a node that has answered.
    public func text(colour: Bool) -> String {
        entries.compactMap { entry in
            guard case .success(let facts) = entry.answer else { return nil }
            let name = "\(entry.node.name)  \(entry.node.address)"
            let rows = facts.rows(entry.request)
            let width = rows.map(\.word.count).max() ?? 0
            let lines = rows.map { row in
                "  " + row.word + String(repeating: " ", count: width - row.word.count + 2) + row.text
            }
            return ([colour ? "\u{1B}[1m\(name)\u{1B}[0m" : name] + lines).joined(separator: "\n")
        }.joined(separator: "\n\n")
    }

    /// One document.
    public var json: JSONValue {
        .object([
            .init(
                "nodes",
                .array(
                    entries.map { entry in
                        let head: [JSONValue.Member] = [
                            .init("name", .string(entry.node.name)),
                            .init("address", .string(entry.node.address)),
                        ]
                        switch entry.answer {
                        case .success(let facts):
                            return .object(
                                head + [.init("reachable", .boolean(true))] + facts.members(entry.request))
                        case .failure(let error):
                            return .object(
                                head + [
                                    .init("reachable", .boolean(false)),
                                    .init("failure", .string(error.sentence)),
                                ])
                        }
                    }))
        ])
    }
}
