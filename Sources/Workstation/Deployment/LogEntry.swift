import Foundation
import JSON

/// One line of a node's journal.
public struct LogEntry: Sendable, Equatable {
    /// Microseconds since 1970, by the node's clock.
    public var time: Int64
    /// The node.
    public var node: String
    /// The unit that the line is of or about, `.service` left out; else whoever wrote it.
    public var unit: String
    /// What it says.
    public var message: String
    /// How bad it is: 0 (emergency) to 7 (debug); nil where nobody says.
    public var priority: Int64?
    /// Where to go on reading after it.
    public var cursor: String
    /// It tells that a role, one of its servers or a unit is in another state now, and why.
    public var isTransition = false

    /// What is asked for of each line.
    static let fields =
        ["MESSAGE", "PRIORITY", "UNIT", "_SYSTEMD_UNIT", "SYSLOG_IDENTIFIER", "MESSAGE_ID"] + transitionFields
    /// Fields that our roles give lines about their states.
    private static let transitionFields = ["PINODE_STATE", "PINODE_ORDER", "PINODE_SERVER", "PINODE_BACKEND"]
    /// What systemd says when a unit has started, stopped, failed, been reloaded, or lost its process (sd-messages.h).
    private static let transitionIdentifiers: Set = [
        "39f53479d3a045ac8e11786248231fbf", "9d1aaa27d60140bd96365438aad20286",
        "be02cf6855d2428ba40df7e9d022f03d",
        "7b05ebc668384222baa8881179cfda54", "98e322203f7a4ed290d09fe03c09fe15",
        "d9b373ed55a64feb8242e02dbe79a49c",
    ]

    /// A line from its parts.
    public init(
        time: Int64, node: String, unit: String, message: String, priority: Int64? = nil, cursor: String = ""
    ) {
        self.time = time
        self.node = node
        self.unit = unit
        self.message = message
        self.priority = priority
        self.cursor = cursor
    }

    /// Reads a line of `journalctl --output=json` (systemd's JOURNAL_EXPORT_FORMATS: all values are text, bytes
    /// that are no text are a list of numbers); nil for what is none.
    public init?(_ line: String, node: String) {
        guard let document = try? JSONValue.parse(line),
            let time = document["__REALTIME_TIMESTAMP"].flatMap(Self.text).flatMap({ Int64($0) })
        else { return nil }
        func text(_ name: String) -> String? { document[name].flatMap(Self.text) }
        // What systemd itself says of a unit (it started, it failed) names that unit in UNIT.
        let unit = text("UNIT") ?? text("_SYSTEMD_UNIT") ?? text("SYSLOG_IDENTIFIER") ?? "?"
        self.init(
            time: time, node: node, unit: unit.hasSuffix(".service") ? String(unit.dropLast(8)) : unit,
            message: text("MESSAGE") ?? "", priority: text("PRIORITY").flatMap { Int64($0) },
            cursor: text("__CURSOR") ?? "")
        isTransition =
            Self.transitionFields.contains { text($0) != nil }
            || text("MESSAGE_ID").map(Self.transitionIdentifiers.contains) == true
    }

    private static func text(_ value: JSONValue) -> String? {
        if let text = value.text { return text }
        guard let elements = value.elements else { return nil }
        let bytes = elements.compactMap { $0.integer.flatMap { UInt8(exactly: $0) } }
        // A field that stands there twice is a list of texts.
        return bytes.isEmpty ? elements.first?.text : String(decoding: bytes, as: UTF8.self)
    }

    /// `2026-03-01 12:00:00.123 nustler1 apache2: message`, in the workstation's time zone.
    public func text(in zone: TimeZone = .current) -> String {
        "\(clock(in: zone)) \(node) \(unit): \(Self.printable(message))"
    }

    /// Further lines are indented, and what would move a terminal's cursor is shown as less(1) shows it: `^[`.
    private static func printable(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 10: result += "\n    "
            case 9: result += "\t"
            case 0..<32: result += "^\(Character(Unicode.Scalar(UInt8(scalar.value) + 64)))"
            case 127: result += "^?"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private func clock(in zone: TimeZone) -> String {
        let date = Date(timeIntervalSince1970: Double(time / 1_000_000))
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
        return String(
            format: "%04d-%02d-%02d %02d:%02d:%02d.%03d", parts.year ?? 0, parts.month ?? 0, parts.day ?? 0,
            parts.hour ?? 0, parts.minute ?? 0, parts.second ?? 0, Int(time % 1_000_000 / 1000))
    }

    /// The members of its event.
    var members: [JSONValue.Member] {
        [
            .init("time_us", .integer(time)), .init("unit", .string(unit)),
            .init("priority", priority.map { .integer($0) } ?? .null),
        ]
    }
}
