import CrossBuild
import Inventory
import SSH

/// A login at a node, or why there is none.
struct Login: @unchecked Sendable {
    // Handed from thread to thread, never shared: a session belongs to one at a time.
    let node: ClusterNode
    let outcome: Result<SSHSession, SSHError>

    /// What `body` makes of the session; the reason where there is no session.
    func use<Value>(_ body: (SSHSession) throws(SSHError) -> Value) -> Result<Value, SSHError> {
        do throws(SSHError) { return .success(try body(try outcome.get())) } catch { return .failure(error) }
    }
}

/// Logs in at the nodes of a cluster, side by side.
struct Logins: Sendable {
    let cluster: Cluster
    let labFolder: String

    init(_ cluster: Cluster, root: PackageRoot) {
        self.cluster = cluster
        labFolder = "\(root.state)/lab/\(cluster.name)"
    }

    /// Where and as whom to log in at a node.
    func target(_ node: ClusterNode) -> SSHTarget { SSHTarget(node, in: cluster, labFolder: labFolder) }

    /// One login each. `trust` is shown all unknown host keys at once and says whether they are accepted; a lab's
    /// are never asked about, since `pidep lab up` made them.
    func open(_ nodes: [ClusterNode], trust: ([HostKey]) -> Bool) throws(DeploymentFailure) -> [Login] {
        var logins = parallel(nodes) { login($0) }
        let unknown = logins.compactMap(\.unknownKey)
        guard let first = nodes.first, !unknown.isEmpty, cluster.lab == nil, trust(unknown) else {
            return logins
        }
        let file = target(first).knownHosts[0]
        do { try TrustedKeys.add(unknown, to: file) } catch {
            throw DeploymentFailure("\(file) cannot be written: \(error.localizedDescription)")
        }
        let again = logins.indices.filter { logins[$0].unknownKey != nil }
        for (index, login) in zip(again, parallel(again.map { nodes[$0] }) { login($0) }) {
            logins[index] = login
        }
        return logins
    }

    /// One login.
    func login(_ node: ClusterNode) -> Login {
        do throws(SSHError) {
            return Login(node: node, outcome: .success(try SSHSession.connect(to: target(node))))
        } catch { return Login(node: node, outcome: .failure(error)) }
    }
}

extension Login {
    fileprivate var unknownKey: HostKey? {
        guard case .failure(let error) = outcome, case .unknownKey(let key) = error.kind else { return nil }
        return key
    }
}
