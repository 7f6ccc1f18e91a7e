import Events
import Foundation
import SSH

/// What is still to be written when a node is through: the end of its history there, and its units' log here. It is done
/// beside the work on the next node.
///
/// It uses the node's session, which belongs to one thread at a time: `wait` comes before anything else does.
final class Aftermath: @unchecked Sendable {
    /// Bytes of a node's log that a run's record keeps.
    static let logLimit = 1 << 20

    private let author: Author
    private let record: RunRecord?
    private let began = Int(Date().timeIntervalSince1970)
    private let group = DispatchGroup()

    init(_ author: Author, _ record: RunRecord?) {
        self.author = author
        self.record = record
    }

    /// Begins it for one node, by how its part of the rollout ended.
    func begin(_ member: Member, _ outcome: Rollout.Outcome) {
        let result: RunRecord.NodeResult =
            outcome == .done ? .done : outcome == .rolledBack ? .rolledBack : .left
        record?.keep(result, of: member.compiled.node.name)
        group.enter()
        Thread.detachNewThread { [self] in
            write(member, result)
            group.leave()
        }
    }

    /// Waits until all that has begun is done.
    func wait() { group.wait() }

    /// One round trip. A node that cannot be reached any more has been told about already.
    private func write(_ member: Member, _ result: RunRecord.NodeResult) {
        let units = member.compiled.manifest.units.map { "--unit=\(quote($0.name))" }.joined(separator: " ")
        let end = NodeHistory.appending(NodeHistory.end(author, result: result.rawValue))
        let log =
            "journalctl --no-pager --output=short-precise --since=@\(began) \(units) | tail -c \(Self.logLimit)"
        let script = units.isEmpty ? end : "\(end); \(log)"
        guard
            let answer = try? member.session.perform("sh -c \(quote(script))", step: "writing the history"),
            !answer.text.isEmpty
        else { return }
        record?.keep(log: answer.text, of: member.compiled.node.name)
    }
}
