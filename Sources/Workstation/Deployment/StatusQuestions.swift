import Inventory
import SSH

/// Asks the nodes how they are, again and again over the same logins.
public final class StatusQuestions {
    private let cluster: Cluster
    private let targets: [SSHTarget]
    private var sessions: [SSHSession?]

    /// The nodes of a cluster. `labFolder` is where a lab's key and known hosts lie.
    public init(_ cluster: Cluster, labFolder: String) {
        self.cluster = cluster
        targets = cluster.nodes.map { SSHTarget($0, in: cluster, labFolder: labFolder) }
        sessions = targets.map { _ in nil }
    }

    /// Asks all nodes side by side, one round trip each; a login that was lost is made anew the next time.
    public func ask() -> ClusterStatus {
        let places = zip(cluster.nodes, zip(targets, sessions)).map {
            Place(node: $0, target: $1.0, session: $1.1)
        }
        let answers = parallel(places) { $0.ask() }
        sessions = answers.map(\.session)
        return ClusterStatus(entries: answers.map(\.entry), hasVirtualAddress: cluster.virtualAddress != nil)
    }

    // Handed from thread to thread, never shared: a session belongs to one at a time.
    private struct Answer: @unchecked Sendable {
        var session: SSHSession?
        var entry: ClusterStatus.Entry
    }

    private struct Place: @unchecked Sendable {
        var node: ClusterNode
        var target: SSHTarget
        var session: SSHSession?

        func ask() -> Answer {
            do throws(SSHError) {
                let session = if let session { session } else { try SSHSession.connect(to: target) }
                let result = try session.perform(NodeReport.command, step: "status")
                return Answer(
                    session: session, entry: .init(node: node, report: NodeReport(parsing: result.text)))
            } catch {
                return Answer(session: nil, entry: .init(node: node, failure: error.sentence))
            }
        }
    }
}
