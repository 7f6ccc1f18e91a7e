import CLinux
import JSON

/// Tells the workstation what happens: one JSON object a line on standard output.
///
/// Nobody listening is no reason to stop: an apply goes on when its connection is cut.
final class ApplyEvents {
    private let sink: (String) -> Void
    /// How many things have been changed.
    private(set) var changes = 0

    /// Gives each line, without its end, to `sink`.
    init(_ sink: @escaping (String) -> Void) { self.sink = sink }

    /// Something was changed: `{"event":"file","path":"/etc/hosts","action":"changed"}`.
    func changed(_ event: String, _ key: String, _ name: String, _ action: String) {
        changes += 1
        emit(event, [.init(key, .string(name)), .init("action", .string(action))])
    }

    /// Something that takes a while goes on.
    func progress(_ message: String) { emit("progress", [.init("message", .string(message))]) }

    /// The last event of a run that went well.
    func done() { emit("done", [.init("changed", .integer(Int64(changes)))]) }

    /// The last event of a run that did not.
    func failed(_ sentence: String) { emit("failed", [.init("message", .string(sentence))]) }

    private func emit(_ event: String, _ members: [JSONValue.Member]) {
        sink(JSONValue.object([.init("event", .string(event))] + members).compact)
    }
}
