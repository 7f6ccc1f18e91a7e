import Foundation
import JSON

/// Something that happened in a command, for people and machines alike: one event model for build, plan,
/// deploy and loadtest. A terminal renders it as a line a subject, `--json` as one object a line.
public struct Event: Sendable, Equatable {
    /// What kind of happening.
    public enum Kind: String, Sendable {
        /// A step began.
        case started
        /// A step goes on; `message` says how far.
        case progress
        /// A step ended well.
        case finished
        /// A step, and with it the subject, failed.
        case failed
        /// Worth reading, nothing failed.
        case warning
        /// A part of the result, meant to be read in full.
        case result
        /// A line that a node's command printed.
        case printed
        /// A line that a node's command printed on its standard error.
        case complained
    }

    /// What kind of happening it is.
    public var kind: Kind
    /// The command: `build`, `deploy`.
    public var command: String
    /// Which node, architecture or other thing, when it is about one.
    public var subject: String?
    /// For people: a sentence or a few words without the subject.
    public var message: String
    /// For machines: members of the JSON object beside `event`, `command`, `subject` and `message`.
    public var data: [JSONValue.Member]

    /// An event.
    public init(
        _ kind: Kind, command: String, subject: String? = nil, message: String, data: [JSONValue.Member] = []
    ) {
        self.kind = kind
        self.command = command
        self.subject = subject
        self.message = message
        self.data = data
    }

    /// The event as one JSON object.
    public var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("event", .string(kind.rawValue)), .init("command", .string(command)),
        ]
        if let subject { members.append(.init("subject", .string(subject))) }
        members.append(.init("message", .string(message)))
        return .object(members + data)
    }
}

/// Takes events from any thread.
public protocol EventSink: Sendable {
    /// Shows, writes or keeps one event.
    func report(_ event: Event)
}

/// Keeps events, for tests.
public final class EventRecorder: EventSink, @unchecked Sendable {
    private let lock = NSLock()
    private var kept: [Event] = []

    /// An empty recorder.
    public init() {}

    /// All events so far.
    public var events: [Event] { lock.withLock { kept } }

    /// Keeps the event.
    public func report(_ event: Event) { lock.withLock { kept.append(event) } }
}
