import Events
import Foundation
import Inventory
import SSH

/// `pidep unlock`: takes locks from deploys that will not let them go any more.
public struct Unlocking: Sendable {
    /// Which nodes.
    public var access: NodeAccess
    /// Takes what happens.
    public var sink: any EventSink

    /// Unlocks nodes.
    public init(on access: NodeAccess, sink: any EventSink) {
        self.access = access
        self.sink = sink
    }

    private struct Locked: @unchecked Sendable {
        // Handed from thread to thread, never shared.
        var session: SSHSession
        var node: ClusterNode
        var holder: DeployLock.Holder
    }

    /// Says who holds the nodes' locks, asks, and takes them away. Returns false when a node could not be asked or unlocked.
    public func run(asking: Asking, confirm: () -> Bool) throws(DeploymentFailure) -> Bool {
        var isWhole = true
        func failed(_ node: String, _ sentence: String) {
            isWhole = false
            sink.report(Event(.failed, command: "unlock", subject: node, message: sentence))
        }
        var locked: [Locked] = []
        for (login, answer) in parallel(try access.open(asking: asking), { login in (login, ask(login)) }) {
            switch answer {
            case .failure(let error): failed(login.node.name, error.sentence)
            case .success(let text):
                guard let (state, session) = Self.state(text, login) else { continue }
                let name = login.node.name
                let (holder, how) = state
                sink.report(
                    Event(
                        .result, command: "unlock", subject: name,
                        message: "\(name): \(how) by \(holder.sentence)"))
                locked.append(Locked(session: session, node: login.node, holder: holder))
            }
        }
        guard !locked.isEmpty else {
            if isWhole { sink.report(Event(.result, command: "unlock", message: "No node is locked.")) }
            return isWhole
        }
        guard confirm() else { return false }
        for entry in locked {
            do throws(SSHError) {
                try entry.session.perform(DeployLock.breaking(entry.holder), step: "taking the lock away")
                sink.report(
                    Event(.finished, command: "unlock", subject: entry.node.name, message: "unlocked"))
            } catch { failed(entry.node.name, error.sentence) }
        }
        return isWhole
    }

    private func ask(_ login: Login) -> Result<String, SSHError> {
        login.use { (session) throws(SSHError) in
            try session.perform(DeployLock.question, step: "asking for the lock").text
        }
    }

    private static func state(_ text: String, _ login: Login) -> (
        (DeployLock.Holder, how: String), SSHSession
    )? {
        guard case .success(let session) = login.outcome,
            let read = try? DeployLock.read(text.trimmingCharacters(in: .newlines), node: login.node.name)
        else { return nil }
        switch read.0 {
        case .free: return nil
        case .stale(let holder): return ((holder, "locked (its connection is gone)"), session)
        case .taken(let holder): return ((holder, "locked"), session)
        }
    }
}
