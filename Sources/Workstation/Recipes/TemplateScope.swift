import Mustache

/// Values by name, for a template; what is asked for and not there is noted.
final class TemplateScope: MustacheParent {
    /// The names that had no value, shared by a scope and everything in it.
    final class Missing {
        var names: Set<String> = []
    }

    let missing: Missing
    private let values: [String: Any]
    private let isOutermost: Bool

    /// The scope that a template begins in.
    init(_ values: [String: TemplateValue], missing: Missing = Missing()) {
        self.missing = missing
        self.values = Self.mustache(values, missing)
        isOutermost = true
    }

    /// One element of a list: what it has not is looked up outside.
    fileprivate init(element values: [String: TemplateValue], missing: Missing) {
        self.missing = missing
        self.values = Self.mustache(values, missing)
        isOutermost = false
    }

    private static func mustache(_ values: [String: TemplateValue], _ missing: Missing) -> [String: Any] {
        values.reduce(into: [:]) { $0[$1.key] = $1.value.mustache(missing, name: $1.key) }
    }

    func child(named name: String) -> Any? {
        if let value = values[name] { return value }
        if isOutermost { missing.names.insert(name) }
        return nil
    }
}

/// What a name in a template stands for.
enum TemplateValue: Sendable {
    case text(String)
    case flag(Bool)
    case list([[String: TemplateValue]])
    case words([String])
    /// A known name without a value: a section over it is skipped, its text is an error.
    case absent

    fileprivate func mustache(_ missing: TemplateScope.Missing, name: String) -> Any {
        switch self {
        case .text(let text): text
        case .flag(let flag): flag
        case .list(let elements): elements.map { TemplateScope(element: $0, missing: missing) }
        case .words(let words): words
        case .absent: Absent(name: name, missing: missing)
        }
    }

    /// As conditions compare it.
    var plain: String {
        switch self {
        case .text(let text): text
        case .flag(let flag): flag ? "true" : "false"
        case .words(let words): words.joined(separator: " ")
        case .list, .absent: ""
        }
    }
}

private struct Absent: MustacheCustomRenderable {
    let name: String
    let missing: TemplateScope.Missing

    var isNull: Bool { true }
    var renderText: String {
        missing.names.insert(name)
        return ""
    }
}
