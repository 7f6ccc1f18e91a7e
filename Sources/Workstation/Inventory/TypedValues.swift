import Diagnostics

extension Variable {
    /// The words of a list: separated by blanks or commas.
    public var words: [String] {
        text.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "," }).map(String.init)
    }

    /// Why the value of `key` is not of this kind, with file, line, key, value and accepted forms; nil if it is.
    public func problem(_ key: String, _ kind: ValueKind) -> Diagnostic? {
        if let problem = secretProblem(key, kind) { return problem }
        guard secret == nil, !kind.accepts(text) else { return nil }
        var advice = "Write \(kind.acceptedForms)"
        if case .choice(let words) = kind, let word = nearestWord(to: text, among: words) {
            advice += "; did you mean \"\(word)\"?"
        }
        return Diagnostic(
            file: file, line: line, problem: "\(key) is \"\(ASCII.clip(text))\", which cannot be used",
            advice: advice)
    }

    /// Reads the value, or throws what `problem` says.
    func read<Value>(_ key: String, _ kind: ValueKind, _ value: Value?) throws(Diagnostic) -> Value {
        if let problem = problem(key, kind) { throw problem }
        guard let value else {
            throw Diagnostic(
                file: file, line: line, problem: "\(key) is \"\(ASCII.clip(text))\", which cannot be used",
                advice: "Write \(kind.acceptedForms)")
        }
        return value
    }
}

/// A node's variables, read as what they are meant to be. Each throws one diagnostic that names file, line, key,
/// value and the accepted forms; a variable that is not set is its default, or an error when there is none.
extension ClusterNode {
    /// The value as it was written.
    public func text(_ key: String, default preset: String? = nil) throws(Diagnostic) -> String {
        try read(key, .text, preset) { $0 }
    }

    /// A whole number in a range.
    public func integer(
        _ key: String, in range: ClosedRange<Int> = Int.min...Int.max, default preset: Int? = nil
    ) throws(Diagnostic) -> Int {
        try read(key, .integer(range), preset) { Int(wholeNumber: $0) }
    }

    /// true, yes, on, 1 or false, no, off, 0 in any case.
    public func boolean(_ key: String, default preset: Bool? = nil) throws(Diagnostic) -> Bool {
        try read(key, .boolean, preset) { Bool(spelled: $0) }
    }

    /// A time with its unit: `100ms`, `5s`, `2m`.
    public func duration(_ key: String, default preset: Duration? = nil) throws(Diagnostic) -> Duration {
        try read(key, .duration, preset) { Duration(spelled: $0) }
    }

    /// A port from 1 to 65535.
    public func port(_ key: String, default preset: UInt16? = nil) throws(Diagnostic) -> UInt16 {
        try read(key, .port, preset) { UInt16(port: $0) }
    }

    /// An IPv4 or IPv6 address, as it was written.
    public func address(_ key: String, default preset: String? = nil) throws(Diagnostic) -> String {
        try read(key, .address, preset) { $0 }
    }

    /// A range of IPv4 addresses in CIDR notation.
    public func network(_ key: String, default preset: IPv4Network? = nil) throws(Diagnostic) -> IPv4Network {
        try read(key, .network, preset) { IPv4Network($0) }
    }

    /// A number of bytes: `512K`, `100M`, `1G`.
    public func size(_ key: String, default preset: Int64? = nil) throws(Diagnostic) -> Int64 {
        try read(key, .size, preset) { Int64(size: $0) }
    }

    /// One of some words.
    public func choice(
        _ key: String, of words: [String], default preset: String? = nil
    ) throws(Diagnostic) -> String {
        try read(key, .choice(words), preset) { $0 }
    }

    /// Words separated by blanks or commas; empty when the variable is not set.
    public func list(_ key: String) -> [String] { variables[key]?.words ?? [] }

    private func read<Value>(
        _ key: String, _ kind: ValueKind, _ preset: Value?, _ value: (String) -> Value?
    ) throws(Diagnostic) -> Value {
        if let variable = variables[key] { return try variable.read(key, kind, value(variable.text)) }
        if let preset { return preset }
        throw Diagnostic(
            file: file, line: line, problem: "\(name) has no variable \"\(key)\"",
            advice: "Set it for the node or one of its groups to \(kind.acceptedForms)")
    }
}
