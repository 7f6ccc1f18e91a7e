import Diagnostics

/// A file of sections and settings, the language of `/etc/pinode/control.conf` and `database.conf`:
///
/// ```
/// # a comment, or with ; in front
/// [section name]
/// key = value
/// ```
///
/// A value ends with its line and loses the blanks around it; nothing is quoted, nothing continued. A section or a key of a
/// section that comes twice is an error: which of the two counts would be a guess.
public struct INIDocument: Sendable, Equatable {
    /// Bytes that a file may have.
    public static let limit = 1 << 20

    /// One setting.
    public struct Setting: Sendable, Equatable {
        /// In front of the equals sign.
        public var key: String
        /// Behind it; it may be empty.
        public var value: String
        /// Counted from 1.
        public var line: Int
    }

    /// One section.
    public struct Section: Sendable, Equatable {
        /// The first word in the brackets.
        public var kind: String
        /// The words behind it, with single blanks between them; may be empty.
        public var name: String
        /// Counted from 1.
        public var line: Int
        /// In the file's order.
        public var settings: [Setting]

        /// A setting by its key.
        public subscript(_ key: String) -> Setting? { settings.first { $0.key == key } }
    }

    /// In the file's order.
    public private(set) var sections: [Section] = []

    /// Reads a file's text; what cannot be read is told line by line and left out.
    public static func parse(_ text: String, file: String) -> (INIDocument, [Diagnostic]) {
        var document = INIDocument()
        var diagnostics: [Diagnostic] = []
        var number = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            number += 1
            let content = trimmed(line)
            guard let first = content.utf8.first, first != UInt8(ascii: "#"), first != UInt8(ascii: ";")
            else {
                continue
            }
            func complain(_ problem: String, _ advice: String) {
                diagnostics.append(Diagnostic(file: file, line: number, problem: problem, advice: advice))
            }
            if first == UInt8(ascii: "[") {
                guard content.utf8.last == UInt8(ascii: "]") else {
                    complain("the section's bracket is not closed", "Write [name]")
                    continue
                }
                let words = content.dropFirst().dropLast().split { $0 == " " || $0 == "\t" }.map {
                    String($0)
                }
                guard let kind = words.first else {
                    complain("the section has no name", "Write [name]")
                    continue
                }
                var name = ""
                for word in words.dropFirst() { name += name.isEmpty ? word : " " + word }
                if let other = document.sections.first(where: { $0.kind == kind && $0.name == name }) {
                    complain(
                        "the section \(content) was there in line \(other.line) already",
                        "Put all its settings into one of them")
                }
                document.sections.append(Section(kind: kind, name: name, line: number, settings: []))
                continue
            }
            guard let equals = content.firstIndex(of: "=") else {
                complain("\"\(content)\" is no setting", "Write key = value")
                continue
            }
            let key = trimmed(content[..<equals])
            guard !key.isEmpty else {
                complain("nothing stands in front of the equals sign", "Write key = value")
                continue
            }
            guard !document.sections.isEmpty else {
                complain("\(key) stands in no section", "Put a [section] in front of it")
                continue
            }
            let place = document.sections.count - 1
            if let other = document.sections[place][key] {
                complain("\(key) was set in line \(other.line) already", "Remove one of the two")
                continue
            }
            document.sections[place].settings.append(
                Setting(key: key, value: trimmed(content[content.index(after: equals)...]), line: number))
        }
        return (document, diagnostics)
    }

    private static func trimmed(_ text: Substring) -> String {
        var bytes = Array(text.utf8)[...]
        while let last = bytes.last, last == 32 || last == 9 || last == 13 { bytes.removeLast() }
        while let first = bytes.first, first == 32 || first == 9 { bytes.removeFirst() }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension INIDocument {
    /// Whether a value is an IP address and a port, as in `192.0.2.1:4100` or `[2001:db8::1]:4100`.
    public static func isEndpoint(_ text: String) -> Bool {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")),
            let port = UInt16(text[text.index(after: colon)...]), port > 0
        else { return false }
        let host = text[..<colon]
        guard host.utf8.first == UInt8(ascii: "["), host.utf8.last == UInt8(ascii: "]") else {
            return IPv4Address(String(host)) != nil
        }
        let inside = host.utf8.dropFirst().dropLast()
        guard inside.contains(UInt8(ascii: ":")) else { return false }
        for byte in inside {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                UInt8(ascii: "A")...UInt8(ascii: "F"), UInt8(ascii: ":"), UInt8(ascii: "."):
                continue
            default: return false
            }
        }
        return true
    }

    /// A length of time: `250ms`, `1.5s`, `2min`, `1h`, `1d`; a number alone is no time, for nobody knows of what.
    public static func duration(_ text: String) -> Duration? {
        let units: [(name: String, milliseconds: Int64)] = [
            ("ms", 1), ("min", 60_000), ("s", 1000), ("h", 3_600_000), ("d", 86_400_000),
        ]
        for unit in units where text.hasSuffix(unit.name) {
            let digits = Array(text.utf8.dropLast(unit.name.utf8.count))
            var (whole, fraction, scale): (Int64, Int64, Int64) = (0, 0, 1)
            var isFraction = false
            guard let first = digits.first, first != UInt8(ascii: "."), digits.count <= 12 else { return nil }
            for digit in digits {
                if digit == UInt8(ascii: "."), !isFraction {
                    isFraction = true
                    continue
                }
                guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
                if isFraction {
                    guard scale < 1000 else { return nil }
                    fraction = fraction * 10 + Int64(digit - UInt8(ascii: "0"))
                    scale *= 10
                } else {
                    whole = whole * 10 + Int64(digit - UInt8(ascii: "0"))
                }
            }
            let (product, overflow) = whole.multipliedReportingOverflow(by: unit.milliseconds)
            guard !overflow, product < 1 << 53 else { return nil }
            return .milliseconds(product + fraction * unit.milliseconds / scale)
        }
        return nil
    }
}
