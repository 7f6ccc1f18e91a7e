/// The first word of a host line: a name, perhaps with ranges, perhaps with a port behind a colon.
struct HostPattern: Equatable {
    var names: [String]
    var port: UInt16?

    /// Why a pattern cannot be used, or not be what the person meant.
    struct Failure: Error, Equatable {
        var problem: String
        var advice: String
    }

    /// The most hosts that one pattern may stand for.
    static let maximumHosts = 4096

    /// A name that should not be one. Ansible takes the whole word for the name then, and so does this.
    var complaint: Failure?

    init(_ pattern: String) throws(Failure) {
        let (name, port) = try Self.splitPort(pattern)
        self.port = port
        names = try Self.expand(name)
        guard let bad = names.first(where: { !Self.isName($0) }) else { return }
        complaint = Failure(
            problem: "\"\(ASCII.clip(bad))\" is not a host's name or address",
            advice: "Use letters, digits, dots, \"-\" and \"_\", or an IP address")
        self.port = nil
        names = try Self.expand(pattern)
    }

    /// `name:22`, `[2001:db8::1]:22`; a bare IPv6 address has no port.
    private static func splitPort(_ pattern: String) throws(Failure) -> (String, UInt16?) {
        let bytes = Array(pattern.utf8)
        var depth = 0
        var colons: [Int] = []
        for (index, byte) in bytes.enumerated() {
            if byte == ASCII.open { depth += 1 }
            if byte == ASCII.close { depth -= 1 }
            if byte == ASCII.colon, depth <= 0 { colons.append(index) }
        }
        guard let colon = colons.last, colons.count == 1 else { return (pattern, nil) }
        let text = ASCII.text(bytes[(colon + 1)...])
        guard let port = UInt16(port: text) else {
            throw Failure(
                problem: "\"\(ASCII.clip(text))\" is not a port",
                advice: "Behind the colon stands \(ValueKind.port.acceptedForms)")
        }
        var name = bytes[..<colon]
        if name.first == ASCII.open, name.last == ASCII.close, name.filter({ $0 == ASCII.open }).count == 1 {
            let inside = name.dropFirst().dropLast()
            if IPAddress(ASCII.text(inside)) != nil { name = inside }
        }
        return (ASCII.text(name), port)
    }

    /// All names that ranges stand for, the first range moving slowest.
    private static func expand(_ pattern: String) throws(Failure) -> [String] {
        var names = [""]
        var rest = Substring(pattern)
        while let open = rest.utf8.firstIndex(of: ASCII.open) {
            guard let close = rest[open...].utf8.firstIndex(of: ASCII.close) else {
                throw Failure(
                    problem: "a range in \"\(ASCII.clip(pattern))\" is not closed", advice: "Add \"]\"")
            }
            let head = rest[..<open]
            let values = try range(rest[rest.utf8.index(after: open)..<close])
            guard names.count * values.count <= maximumHosts else {
                throw Failure(
                    problem: "\"\(ASCII.clip(pattern))\" stands for more than \(maximumHosts) hosts",
                    advice: "Make the range smaller")
            }
            names = names.flatMap { name in values.map { name + head + $0 } }
            rest = rest[rest.utf8.index(after: close)...]
        }
        if rest.utf8.contains(ASCII.close) {
            throw Failure(
                problem: "\"\(ASCII.clip(pattern))\" has a \"]\" without its \"[\"",
                advice: "A range is written [begin:end] or [begin:end:step]")
        }
        return names.map { $0 + rest }
    }

    /// `1:4`, `01:50:2`, `a:f`: both ends included, leading zeros kept.
    private static func range(_ text: Substring) throws(Failure) -> [String] {
        func failure(_ problem: String) -> Failure {
            Failure(
                problem: "in the range [\(ASCII.clip(String(text)))] \(problem)",
                advice: "A range is written [begin:end] or [begin:end:step], as in [1:4], [01:50:2] or [a:f]")
        }
        let bounds = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard bounds.count == 2 || bounds.count == 3 else { throw failure("begin and end are expected") }
        let begin = bounds[0].isEmpty ? "0" : bounds[0]
        let end = bounds[1]
        guard !end.isEmpty else { throw failure("the end is missing") }
        var step = 1
        if bounds.count == 3 {
            guard let number = number(bounds[2]), number > 0 else {
                throw failure("the step is not a number above 0")
            }
            step = number
        }
        if let first = letter(begin), let last = letter(end) {
            guard first <= last else { throw failure("the begin comes after the end") }
            return stride(from: first, through: last, by: step).map { letters[$0] }
        }
        guard let first = number(begin), let last = number(end) else {
            throw failure("the ends are neither two numbers nor two letters")
        }
        guard first <= last else { throw failure("the begin comes after the end") }
        guard (last - first) / step < maximumHosts else {
            throw failure("are more than \(maximumHosts) hosts")
        }
        let padded = begin.utf8.count > 1 && begin.utf8.first == UInt8(ascii: "0")
        if padded, begin.utf8.count != end.utf8.count {
            throw failure("begin and end have different lengths")
        }
        return stride(from: first, through: last, by: step).map { number in
            let digits = "\(number)"
            return padded
                ? String(repeating: "0", count: max(0, begin.utf8.count - digits.utf8.count)) + digits
                : digits
        }
    }

    /// Small letters come before capitals, as in Python's `string.ascii_letters`.
    private static let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".map(String.init)

    private static func letter(_ text: String) -> Int? { letters.firstIndex(of: text) }

    private static func number(_ text: String) -> Int? {
        guard text.utf8.count <= 9, text.utf8.allSatisfy(ASCII.isDigit) else { return nil }
        return Int(text)
    }

    /// What an inventory may call a host: an address, or labels of letters, digits, `-` and `_`, that begin and end
    /// with a letter or digit. Letters beyond ASCII are let through, as Ansible does.
    private static func isName(_ name: String) -> Bool {
        if IPAddress(name) != nil { return true }
        let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            ASCII.isDigit(byte) || ASCII.isLetter(byte) || byte >= 128
        }
        return labels.allSatisfy { label in
            guard let first = label.first, let last = label.last else { return false }
            return (isAlphanumeric(first) || first == UInt8(ascii: "_")) && isAlphanumeric(last)
                && label.allSatisfy {
                    isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
                }
        }
    }
}
