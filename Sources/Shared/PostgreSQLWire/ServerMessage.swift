/// An error or a notice as the server sends it (PostgreSQL 15 manual, 55.8).
public struct ServerMessage: Equatable, Sendable, Error {
    /// `ERROR`, `FATAL`, `WARNING` …, never translated (servers from 9.6 on).
    public var severity: String
    /// Five characters, SQLSTATE.
    public var code: String
    /// The primary sentence.
    public var text: String
    /// More of it, if there is.
    public var detail: String
    /// What to do, if the server knows.
    public var hint: String

    /// A message with all its parts.
    public init(severity: String, code: String, text: String, detail: String = "", hint: String = "") {
        self.severity = severity
        self.code = code
        self.text = text
        self.detail = detail
        self.hint = hint
    }

    /// Whether the server closes the connection after it.
    public var isFatal: Bool { severity == "FATAL" || severity == "PANIC" }

    /// `ERROR 42P01: relation "x" does not exist (…)`.
    public var sentence: String {
        var sentence = "\(severity) \(code): \(text)"
        if !detail.isEmpty { sentence += " (\(detail))" }
        return sentence
    }

    init(_ message: MessageBuffer.Message) throws(WireViolation) {
        self.init(severity: "", code: "", text: "")
        var reader = WireReader(message)
        while true {
            let field = try reader.byte()
            if field == 0 { break }
            let value = try reader.string()
            switch field {
            case UInt8(ascii: "S"): if severity.isEmpty { severity = value }
            case UInt8(ascii: "V"): severity = value
            case UInt8(ascii: "C"): code = value
            case UInt8(ascii: "M"): text = value
            case UInt8(ascii: "D"): detail = value
            case UInt8(ascii: "H"): hint = value
            default: break
            }
        }
        try reader.end()
    }
}
