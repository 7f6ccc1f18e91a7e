import Events
import Inventory
import SSH

/// `pidep trust`: host keys that are new or have changed, shown together for one answer.
public struct Trusting: Sendable {
    /// Which nodes.
    public var access: NodeAccess
    /// Takes what happens.
    public var sink: any EventSink

    /// Host keys of nodes.
    public init(on access: NodeAccess, sink: any EventSink) {
        self.access = access
        self.sink = sink
    }

    /// Shows what is new, asks, keeps it. Returns whether all keys are known now.
    public func run(confirm: () -> Bool) throws(DeploymentFailure) -> Bool {
        let targets = access.nodes.map { access.logins.target($0) }
        var isWhole = true
        var new: [HostKey] = []
        for (target, answer) in zip(targets, parallel(targets) { SSHSession.identity(of: $0) }) {
            switch answer {
            case .failure(let error):
                isWhole = false
                sink.report(Event(.failed, command: "trust", subject: target.node, message: error.sentence))
            case .success(let identity):
                let key = identity.key
                if !identity.isKnown { new.append(key) }
                sink.report(
                    Event(
                        .result, command: "trust", subject: target.node,
                        message: "\(target.node)  \(key.host)  \(key.algorithm) \(key.fingerprint)  "
                            + identity.standing,
                        data: [
                            .init("host", .string(key.host)), .init("type", .string(key.type)),
                            .init("fingerprint", .string(key.fingerprint)),
                            .init("known", .boolean(identity.isKnown)),
                        ]))
            }
        }
        guard let file = targets.first?.knownHosts.first, !new.isEmpty else { return isWhole }
        guard access.loaded.cluster.lab == nil else {
            throw DeploymentFailure("a lab's host keys are made by pidep lab up, and by nobody else")
        }
        guard confirm() else {
            sink.report(
                Event(.warning, command: "trust", message: "nothing was kept: it takes a yes on a terminal"))
            return false
        }
        do { try TrustedKeys.replace(new, in: file) } catch {
            throw DeploymentFailure("\(file) cannot be written: \(error.localizedDescription)")
        }
        sink.report(Event(.result, command: "trust", message: "kept in \(file)"))
        return isWhole
    }
}
