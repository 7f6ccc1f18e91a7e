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
                        ])
                    }))
        ]
    }

    /// The plan for people.
    public func text(colour: Bool, brief: Bool = false) -> String {
        let paint = Paint(isOn: colour)
        var text = paint(node, "1") + (isEmpty ? ": nothing to do" : ":")
        for step in steps {
            text += "\n  \(paint.mark(step)) \(step.line)"
            if !step.edit.isEmpty {
                text +=
                    "\n      " + paint("edited on the node since the last deploy\(brief ? "" : ":")", "35")
                text += brief ? "" : lines(step.edit, paint)
                if !step.diff.isEmpty, !brief { text += "\n      " + paint("this deploy:", "35") }
            }
            if !brief { text += lines(step.diff, paint) }
        }
        return text
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
        case (.unit, _), (.package, _): "\(action) \(name)\(remark)"
        case (_, _): "\(kind.rawValue) \(name) \(action)\(remark)"
        }
    }

    private var remark: String { detail.isEmpty ? "" : " (\(detail))" }
}

/// Colours for a terminal, or none.
private struct Paint {
    let isOn: Bool

    func callAsFunction(_ text: String, _ code: String) -> String {
        isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    func mark(_ step: NodePlan.Step) -> String {
        switch step.action {
        case "create", "install", "enable", "start": self("+", "32")
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
