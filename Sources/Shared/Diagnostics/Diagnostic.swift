/// A line of a file that somebody wrote and that cannot be used as it stands, as a sentence for that person.
public struct Diagnostic: Error, Equatable, Sendable {
    /// Whether the file can still be used.
    public enum Severity: Sendable, Equatable {
        case warning
        case error
    }

    /// How bad it is.
    public var severity: Severity
    /// The file as the person named it.
    public var file: String
    /// Counted from 1; 0 means the file as a whole.
    public var line: Int
    /// What is wrong, without a full stop.
    public var problem: String
    /// What to do about it, without a full stop; empty when the problem says it all.
    public var advice: String

    /// A diagnostic for one line of a file.
    public init(_ severity: Severity = .error, file: String, line: Int, problem: String, advice: String = "")
    {
        self.severity = severity
        self.file = file
        self.line = line
        self.problem = problem
        self.advice = advice
    }

    /// `file:line: problem. Advice.`, with `warning:` in front of a warning's problem.
    public var sentence: String {
        var text = line > 0 ? "\(file):\(line): " : "\(file): "
        if severity == .warning { text += "warning: " }
        text += problem
        text += "."
        if !advice.isEmpty {
            text += " "
            text += advice
            if advice.utf8.last != UInt8(ascii: "?") { text += "." }
        }
        return text
    }
}
