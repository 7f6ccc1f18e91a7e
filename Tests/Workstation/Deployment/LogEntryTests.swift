import Foundation
import Testing

@testable import Deployment

@Suite struct LogEntryTests {
    static let utc = TimeZone(secondsFromGMT: 0) ?? .current

    @Test("a line of a unit is read with its time, unit and message")
    func line() throws {
        let entry = try #require(
            LogEntry(
                #"{"__CURSOR":"s=1;i=2","__REALTIME_TIMESTAMP":"1772366400123456","PRIORITY":"6","_SYSTEMD_UNIT":"pinode-vrrp.service","SYSLOG_IDENTIFIER":"pinode","MESSAGE":"now active"}"#,
                node: "n1"))
        #expect(
            entry
                == LogEntry(
                    time: 1_772_366_400_123_456, node: "n1", unit: "pinode-vrrp", message: "now active",
                    priority: 6, cursor: "s=1;i=2"))
        #expect(entry.text(in: Self.utc) == "2026-03-01 12:00:00.123 n1 pinode-vrrp: now active")
    }

    @Test(
        "the unit is the one that a line is about, else the one that wrote it, else its writer's name",
        arguments: [
            (#""UNIT":"apache2.service","_SYSTEMD_UNIT":"init.scope""#, "apache2"),
            (#""_SYSTEMD_UNIT":"apt-daily.timer","SYSLOG_IDENTIFIER":"x""#, "apt-daily.timer"),
            (#""SYSLOG_IDENTIFIER":"kernel""#, "kernel"), (#""PRIORITY":"3""#, "?"),
        ])
    func unit(fields: String, unit: String) throws {
        let entry = try #require(
            LogEntry(#"{"__REALTIME_TIMESTAMP":"1","MESSAGE":"m",\#(fields)}"#, node: "n1"))
        #expect(entry.unit == unit)
    }

    @Test(
        "a message may be bytes, may stand there twice, and may be missing",
        arguments: [
            ("[72,195,164,255]", "Hä\u{FFFD}"), (#"["first","second"]"#, "first"), ("null", ""), ("[]", ""),
        ])
    func message(json: String, text: String) throws {
        let entry = LogEntry(#"{"__REALTIME_TIMESTAMP":"1","MESSAGE":\#(json)}"#, node: "n1")
        #expect(try #require(entry).message == text)
    }

    @Test(
        "what is no line of a journal is none",
        arguments: ["", "-- No entries --", "{}", #"{"__REALTIME_TIMESTAMP":"soon"}"#, "[1]", "{"])
    func nonsense(line: String) { #expect(LogEntry(line, node: "n1") == nil) }

    @Test("a message of several lines stays in its place, and cannot move the cursor")
    func printable() {
        let entry = LogEntry(time: 0, node: "n1", unit: "u", message: "a\nb\t\u{1B}[31mc\r\u{7F}")
        #expect(entry.text(in: Self.utc) == "1970-01-01 00:00:00.000 n1 u: a\n    b\t^[[31mc^M^?")
    }
}
