import CrossBuild
import Events
import Inventory
import SSH

/// A login at a node, or why there is none.
struct Login: @unchecked Sendable {
    // Handed from thread to thread, never shared: a session belongs to one at a time.
    let target: SSHTarget
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
    /// Passwords that the inventory names, by node.
    private let secrets: SecretStore

    init(_ cluster: Cluster, root: PackageRoot, secrets: SecretStore = SecretStore()) {
        self.cluster = cluster
        self.secrets = secrets
        labFolder = "\(root.state)/lab/\(cluster.name)"
    }

    /// Where and as whom to log in at a node.
    func target(_ node: ClusterNode, _ asking: Asking = Asking()) -> SSHTarget {
        var target = SSHTarget(node, in: cluster, labFolder: labFolder)
        target.password = asking.password ?? secrets.value(of: "ansible_password", on: node)
        target.becomePassword =
            asking.becomePassword ?? secrets.value(of: "ansible_become_password", on: node)
        return target
    }

    /// One login each. All unknown host keys are asked about at once, and each locked key file once; a lab's host keys are
    /// never asked about, since `pidep lab up` made them.
    func open(_ nodes: [ClusterNode], asking: Asking) throws(DeploymentFailure) -> [Login] {
        var logins = parallel(nodes.map { target($0, asking) }.enumerated().map { ($1, nodes[$0]) }) {
            login($0, $1)
        }
        func again(_ targets: [Int: SSHTarget]) {
            let places = targets.keys.sorted()
            let retried = parallel(places.map { (targets[$0] ?? target(nodes[$0]), nodes[$0]) }) {
                login($0, $1)
            }
            for (place, login) in zip(places, retried) { logins[place] = login }
        }
        let unknown = logins.compactMap(\.unknownKey)
        if let first = nodes.first, !unknown.isEmpty, cluster.lab == nil, asking.trust(unknown) {
            let file = target(first).knownHosts[0]
            do { try TrustedKeys.add(unknown, to: file) } catch {
                throw DeploymentFailure("\(file) cannot be written: \(error.localizedDescription)")
            }
            let places = logins.indices.filter { logins[$0].unknownKey != nil }
            again(Dictionary(uniqueKeysWithValues: places.map { ($0, target(nodes[$0], asking)) }))
        }
        let locked = Set(logins.flatMap(\.lockedFiles)).sorted()
        var passphrases: [String: String] = [:]
        for file in locked { passphrases[file] = asking.passphrase(file) }
        guard !passphrases.isEmpty else { return logins }
        for passphrase in passphrases.values { Redaction.hide(passphrase, as: "passphrase") }
        var targets: [Int: SSHTarget] = [:]
        for place in logins.indices where !logins[place].lockedFiles.isEmpty {
            var target = target(nodes[place], asking)
            target.passphrases = passphrases
            targets[place] = target
        }
        again(targets)
        return logins
    }

    /// One login.
    func login(_ target: SSHTarget, _ node: ClusterNode) -> Login {
        do throws(SSHError) {
            return Login(target: target, node: node, outcome: .success(try SSHSession.connect(to: target)))
        } catch { return Login(target: target, node: node, outcome: .failure(error)) }
    }
}

extension Login {
    fileprivate var unknownKey: HostKey? {
        guard case .failure(let error) = outcome, case .unknownKey(let key) = error.kind else { return nil }
        return key
    }

    /// Key files that might have let us in, had somebody said their passphrase.
    fileprivate var lockedFiles: [String] {
        guard case .failure(let error) = outcome, case .lockedKeys(let files) = error.kind else { return [] }
        return files
    }
}
