import Events
import JSON
import SSH

/// `pidep exec`: one command on many nodes at once.
public struct Executing: Sendable {
    /// How long a command may print nothing unless told otherwise.
    public static let silence: Duration = .seconds(600)

    /// Where to run it.
    public var access: NodeAccess
    /// What to run: one word is a shell's command line, several are a program and its arguments.
    public var words: [String]
    /// How long the command may print nothing on a node.
    public var silence: Duration
    /// Whether nodes where all went well are told, too.
    public var tellsSuccess: Bool
    /// Takes the nodes' lines and how they ended.
    public var sink: any EventSink
    /// Asks the person what only a person can say.
    public var asking: Asking

    /// A command and where to run it.
    public init(
        _ words: [String], on access: NodeAccess, silence: Duration = Executing.silence, tellsSuccess: Bool,
        sink: any EventSink, asking: Asking
    ) {
        self.words = words
        self.access = access
        self.silence = silence
        self.tellsSuccess = tellsSuccess
        self.sink = sink
        self.asking = asking
    }

    /// What the node's shell is given: it makes exactly these words of it, and of one word what it likes.
    static func commandLine(_ words: [String]) -> String {
        words.count == 1 ? words[0] : words.map(SSHSession.quote).joined(separator: " ")
    }

    /// Runs it everywhere, and says at the end where it failed. Returns whether it did nowhere.
    public func run() throws(DeploymentFailure) -> Bool {
        let line = Self.commandLine(words)
        let outcomes = parallel(try access.open(asking: asking)) { login in
            let node = login.node.name
            return Outcome(
                node: node,
                result: login.use { (session) throws(SSHError) in
                    try session.stream(line, idle: silence) { sink.report(Self.line($1, of: $0, node)) } ?? 0
                })
        }
        for outcome in outcomes {
            if let event = outcome.event(tellsSuccess: tellsSuccess) { sink.report(event) }
        }
        return outcomes.allSatisfy(\.isGood)
    }

    /// A node's line as an event. A carriage return before the line's end is part of the end (a program that thinks
    /// it writes on a terminal).
    static func line(_ text: String, of stream: SSHSession.Stream, _ node: String) -> Event {
        let text = text.utf8.last == UInt8(ascii: "\r") ? String(text.unicodeScalars.dropLast()) : text
        return Event(
            stream == .output ? .printed : .complained, command: "exec", subject: node, message: text)
    }

    /// How the command ended on one node.
    struct Outcome: Sendable {
        var node: String
        var result: Result<Int32, SSHError>

        var isGood: Bool {
            if case .success(0) = result { true } else { false }
        }

        func event(tellsSuccess: Bool) -> Event? {
            switch result {
            case .success(0):
                return tellsSuccess
                    ? event(.finished, "the command ended with exit status 0", status: 0) : nil
            case .success(127):
                return event(
                    .failed, "the command ended with exit status 127: the node has no such program",
                    status: 127)
            case .success(128):
                return event(.failed, "the command was ended by a signal", status: 128)
            case .success(let status):
                return event(.failed, "the command ended with exit status \(status)", status: status)
            case .failure(let error):
                let prefix = "\(node) "
                let sentence = error.sentence
                return Event(
                    .failed, command: "exec", subject: node,
                    message: sentence.hasPrefix(prefix) ? String(sentence.dropFirst(prefix.count)) : sentence)
            }
        }

        private func event(_ kind: Event.Kind, _ message: String, status: Int32) -> Event {
            Event(
                kind, command: "exec", subject: node, message: message,
                data: [.init("exit_status", .integer(Int64(status)))])
        }
    }
}
