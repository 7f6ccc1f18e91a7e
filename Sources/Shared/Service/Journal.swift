import CLinux

/// Structured log entries for systemd's journal (its native protocol, systemd.journal-fields(7)), or
/// plain lines on standard error where no journal listens.
public struct Journal: Sendable {
    /// Syslog's severities (RFC 5424 section 6.2.1) that we use.
    public enum Level: Int32, Sendable {
        case error = 3
        case warning = 4
        case notice = 5
        case information = 6
        case debug = 7
    }

    private static let socket = "/run/systemd/journal/socket"
    private let identifier: String
    private let native: Bool

    /// A log whose entries carry `SYSLOG_IDENTIFIER=identifier`.
    public init(identifier: String) {
        self.identifier = identifier
        native = getenv("JOURNAL_STREAM") != nil && access(Self.socket, W_OK) == 0
    }

    /// Writes one entry. Names of `fields` are upper-case letters, digits and underscores.
    public func log(_ level: Level, _ message: String, _ fields: [(name: String, value: String)] = []) {
        if native, send(level, message, fields) { return }
        var line = "\(identifier): \(message)"
        for field in fields { line += " \(field.name)=\(field.value)" }
        line += "\n"
        let bytes = Array(line.utf8)
        _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    }

    private func send(_ level: Level, _ message: String, _ fields: [(name: String, value: String)]) -> Bool {
        var entry: [UInt8] = []
        Self.append("MESSAGE", message, to: &entry)
        Self.append("PRIORITY", "\(level.rawValue)", to: &entry)
        Self.append("SYSLOG_IDENTIFIER", identifier, to: &entry)
        for field in fields { Self.append("PINODE_\(field.name)", field.value, to: &entry) }
        return entry.withUnsafeBytes { cl_send_unix_datagram(Self.socket, $0.baseAddress, $0.count) == 0 }
    }

    /// `NAME=value\n`, or the form with a length for a value of several lines.
    private static func append(_ name: String, _ value: String, to entry: inout [UInt8]) {
        entry.append(contentsOf: name.utf8)
        if value.utf8.contains(UInt8(ascii: "\n")) {
            entry.append(UInt8(ascii: "\n"))
            let count = UInt64(value.utf8.count)
            for shift in 0..<8 { entry.append(UInt8(truncatingIfNeeded: count >> UInt64(shift * 8))) }
        } else {
            entry.append(UInt8(ascii: "="))
        }
        entry.append(contentsOf: value.utf8)
        entry.append(UInt8(ascii: "\n"))
    }
}
