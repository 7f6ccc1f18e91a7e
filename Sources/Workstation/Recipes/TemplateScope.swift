import Mustache

/// Values by name, for a template; what is asked for is noted, and so is what is not there.
final class TemplateScope: MustacheParent {
    /// What was looked up, shared by a scope and everything in it.
    final class Lookups {
        /// The names that had no value.
        var missing: Set<String> = []
        /// Each once, in the order in which they were asked for.
        private(set) var used: [UsedValue] = []

        func note(_ value: UsedValue) {
            if !used.contains(value) { used.append(value) }
        }

        /// What was used since the last time.
        func takeUsed() -> [UsedValue] {
            defer { used = [] }
            return used
        }
    }

    let lookups: Lookups
    private let values: [String: TemplateValue]
    private let rendered: [String: Any]
    private let isOutermost: Bool

    /// The scope that a template begins in.
    convenience init(_ values: [String: TemplateValue]) {
        self.init(values, lookups: Lookups(), isOutermost: true)
    }

    /// One element of a list: what it has not is looked up outside.
    fileprivate convenience init(element values: [String: TemplateValue], lookups: Lookups) {
        self.init(values, lookups: lookups, isOutermost: false)
    }

    private init(_ values: [String: TemplateValue], lookups: Lookups, isOutermost: Bool) {
        self.lookups = lookups
        self.values = values
        self.isOutermost = isOutermost
        rendered = values.reduce(into: [:]) { $0[$1.key] = $1.value.mustache(lookups, name: $1.key) }
    }

    func child(named name: String) -> Any? {
        if let value = rendered[name] {
            note(name)
            return value
        }
        if isOutermost { lookups.missing.insert(name) }
        return nil
    }

    /// In an element of a family's list: the variable's whole name, and the node whose it is. No template can ask for them.
    static let variable = " variable"
    static let owner = " owner"

    /// Notes that a name was used, in a template or in a condition.
    func note(_ name: String) {
        guard let value = values[name] else { return }
        if let variable = values[Self.variable] {
            // The key is part of the variable's name.
            guard name == "value" else { return }
            lookups.note(
                UsedValue(
                    node: values[Self.owner]?.plain ?? "", name: variable.plain, value: value.shown))
            return
        }
        lookups.note(UsedValue(node: values["name"]?.plain ?? "", name: name, value: value.shown))
    }

    /// One element after the other of a list of the scope, as the scope of a template of its own.
    func elements(of name: String) -> [TemplateScope] {
        guard case .list(let elements)? = values[name] else { return [] }
        return elements.map { element in
            TemplateScope(
                values.merging(element) { $1 }, lookups: lookups, isOutermost: true)
        }
    }
}

/// What a name in a template stands for.
enum TemplateValue: Sendable {
    case text(String)
    /// What stands for a secret until the file is made.
    case secret(name: String, token: String)
    case flag(Bool)
    case list([[String: TemplateValue]])
    case words([String])
    /// A known name without a value: a section over it is skipped, its text is an error.
    case absent

    fileprivate func mustache(_ lookups: TemplateScope.Lookups, name: String) -> Any {
        switch self {
        case .text(let text): text
        case .secret(_, let token): token
        case .flag(let flag): flag
        case .list(let elements): elements.map { TemplateScope(element: $0, lookups: lookups) }
        case .words(let words): words
        case .absent: Absent(name: name, lookups: lookups)
        }
    }

    /// As conditions compare it.
    var plain: String {
        switch self {
        case .text(let text): text
        case .secret(let name, _): "<secret \(name)>"
        case .flag(let flag): flag ? "true" : "false"
        case .words(let words): words.joined(separator: " ")
        case .list, .absent: ""
        }
    }

    /// As it is explained to people: a list by the names of its nodes; nil where there is no value.
    fileprivate var shown: String? {
        switch self {
        case .list(let elements):
            elements.compactMap { ($0["key"] ?? $0["name"])?.plain }.joined(separator: " ")
        case .absent: nil
        case .text, .secret, .flag, .words: plain
        }
    }
}

private struct Absent: MustacheCustomRenderable {
    let name: String
    let lookups: TemplateScope.Lookups

    var isNull: Bool { true }
    var renderText: String {
        lookups.missing.insert(name)
        return ""
    }
}
