import JSON

extension NodePlan {
    /// The plan for machines: members of an event.
    public var json: [JSONValue.Member] {
        [
            .init(
                "steps",
                .array(
                    steps.map {
                        .object([
                            .init("kind", .string($0.kind.rawValue)), .init("name", .string($0.name)),
                            .init("action", .string($0.action)), .init("detail", .string($0.detail)),
                            .init("diff", .strings($0.diff)), .init("edit", .strings($0.edit)),
                            .init("dependency", .boolean($0.isDependency)),
                        ])
                    })),
            .init("notes", .strings(notes)),
        ]
    }

    /// The plan for people.
    public func text(colour: Bool, brief: Bool = false) -> String {
        let paint = Paint(isOn: colour)
        var text = paint(node, "1") + (isEmpty ? ": nothing to do" : ":")
        let dependencies = steps.filter(\.isDependency)
        for step in steps {
            if brief, step.isDependency {
                guard step == dependencies.first else { continue }
                text += "\n  \(paint.mark(step)) \(Self.summary(dependencies))"
                continue
            }
            text += "\n  \(paint.mark(step)) \(step.line)"
            if !step.edit.isEmpty {
                text +=
                    "\n      " + paint("edited on the node since the last deploy\(brief ? "" : ":")", "35")
                text += brief ? "" : lines(step.edit, paint)
                if !step.diff.isEmpty, !brief { text += "\n      " + paint("this deploy:", "35") }
            }
            if !brief { text += lines(step.diff, paint) }
        }
        for note in notes { text += "\n  = \(note)" }
        return text
    }

    /// How many dependencies are named where they are not listed.
    private static let namedDependencies = 3

    private static func summary(_ dependencies: [Step]) -> String {
        let names = dependencies.prefix(namedDependencies).map { "\($0.name) \($0.detail)" }
        let more = dependencies.count > namedDependencies ? ", …" : ""
        let count = dependencies.count == 1 ? "1 dependency" : "\(dependencies.count) dependencies"
        return "install \(count) (\(names.joined(separator: ", "))\(more))"
    }

    private func lines(_ diff: [String], _ paint: Paint) -> String {
        diff.map { "\n      " + paint.diff($0) }.joined()
    }
}

extension NodePlan.Step {
    /// What is done, on one line.
    var line: String {
        switch (kind, action) {
        case (.unit, "restart"), (.unit, "reload"), (.unit, "daemon-reload"):
            "\(action) \(name) because \(detail)"
        case (.unit, _): "\(action) \(name)\(remark)"
        case (_, _): "\(kind.rawValue) \(name) \(action)\(remark)"
        }
    }

    private var remark: String {
        detail.isEmpty ? "" : " (\(detail)\(isDependency ? ", a dependency" : ""))"
    }
}

/// Colours for a terminal, or none.
private struct Paint {
    let isOn: Bool

    func callAsFunction(_ text: String, _ code: String) -> String {
        isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    func mark(_ step: NodePlan.Step) -> String {
        switch step.action {
        case "create", "install", "upgrade", "enable", "start": self("+", "32")
        case "remove", "stop", "disable": self("-", "31")
        default: self("~", "33")
        }
    }

    func diff(_ line: String) -> String {
        if line.hasPrefix("+") { return self(line, "32") }
        if line.hasPrefix("-") { return self(line, "31") }
        return line.hasPrefix("@@") ? self(line, "36") : line
    }
}
