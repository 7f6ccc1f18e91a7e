/// The settings of a session that PostgreSQL reports and a pool keeps for each client (`track_extra_parameters` and the standard
/// ones), so that a client finds its own on whatever server it gets.
///
/// Values are shared and compared by identity first: most clients of a pool have the same ones.
struct SessionParameters: Equatable {
    /// What PgBouncer tracks always, and PostgreSQL's spelling of it.
    static let standard = [
        "client_encoding", "DateStyle", "TimeZone", "standard_conforming_strings", "application_name",
    ]

    /// By the place of the name in `ParameterNames`; nil: whatever the server has.
    private(set) var values: [String?]

    init(_ names: ParameterNames) { values = [String?](repeating: nil, count: names.count) }

    subscript(index: Int) -> String? {
        get { values[index] }
        set { values[index] = newValue }
    }

    /// What must be set on a server that has `server`, so that a client finds its own. Empty: nothing.
    ///
    /// A value may hold anything that a client sent: it is quoted as SQL's standard says and the backslash is kept out of it, so
    /// that it means the same with any `standard_conforming_strings`.
    func statements(on server: SessionParameters, _ names: ParameterNames) -> String {
        if values == server.values { return "" }
        var text = ""
        for index in values.indices {
            guard let wanted = values[index], wanted != server.values[index] else { continue }
            text += "SET \(names[index])=\(Self.quoted(wanted));"
        }
        return text
    }

    static func quoted(_ value: String) -> String {
        var text = ""
        var isEscaped = false
        for scalar in value.unicodeScalars {
            switch scalar {
            case "'": text += "''"
            case "\\":
                text += "\\\\"
                isEscaped = true
            default: text.unicodeScalars.append(scalar)
            }
        }
        return isEscaped ? " E'\(text)'" : "'\(text)'"
    }
}

/// Names of the tracked settings.
struct ParameterNames {
    private let names: [String]
    private let folded: [[UInt8]]

    init(extra: [String]) {
        var all = SessionParameters.standard
        for name in extra where !all.contains(where: { Self.fold($0) == Self.fold(name) }) {
            all.append(name)
        }
        names = all
        folded = all.map { Self.fold($0) }
    }

    var count: Int { names.count }

    subscript(index: Int) -> String { names[index] }

    /// The place of a name, however it is written; nil: not tracked.
    func index(of name: String) -> Int? {
        let wanted = Self.fold(name)
        return folded.firstIndex(of: wanted)
    }

    private static func fold(_ name: String) -> [UInt8] {
        name.utf8.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
    }
}
