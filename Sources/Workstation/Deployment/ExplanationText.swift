import Inventory
import JSON
import Manifest
import Recipes

extension Explanation {
    /// For people: who decides, what happens on a change, and a table of the values.
    public func text(colour: Bool) -> String {
        func bold(_ text: String) -> String { colour ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
        func grey(_ text: String) -> String { colour ? "\u{1B}[2m\(text)\u{1B}[0m" : text }
        var facts = [
            ("what", content), ("recipe", "\(recipe) (\(summary))"), ("named in", "\(recipeFile):\(line)"),
            ("assigned in", assigned.text),
        ]
        if let source { facts.append((isTemplate ? "template" : "file", source)) }
        switch file.content {
        case .blob, .directory: facts.append(("owner", "\(owner), mode \(mode)"))
        case .link: facts.append(("owner", owner))
        case .absent: break
        }
        facts.append(("on change", onChange))
        var lines = [bold("\(node):\(file.path)")]
        lines += facts.map { "  \(pad($0.0, 11))  \($0.1)" }
        guard !values.isEmpty else { return lines.joined(separator: "\n") }
        let rows = merged.map { value, nodes in
            [
                value.used.name, value.used.value ?? "not set", value.source.text,
                nodes == [node] ? "" : "of \(nodes.joined(separator: " "))",
            ]
        }
        // One long value does not push the origins of all others off the screen.
        let widths = [0, 1, 2].map { column in
            min(column == 1 ? 40 : 60, rows.map { $0[column].count }.max() ?? 0)
        }
        lines += ["", "  made from"]
        lines += rows.map { row in
            let cells = zip(row, widths).map(pad)
            let text = "  \(cells[0])  \(cells[1])  \(grey(cells[2]))  \(row[3])"
            return String(text.reversed().drop { $0 == " " }.reversed())
        }
        return lines.joined(separator: "\n")
    }

    /// One document.
    public var json: JSONValue {
        .object([
            .init("node", .string(node)), .init("path", .string(file.path)), .init("content", .string(kind)),
            .init("recipe", .string(recipe)), .init("summary", .string(summary)),
            .init("named", place(recipeFile, line)), .init("assigned", assigned.json),
            .init("source", source.map { .string($0) } ?? .null), .init("template", .boolean(isTemplate)),
            .init("mode", .string(mode)), .init("owner", .string(file.owner)),
            .init("group", .string(file.group)),
            .init("restart", .strings(file.restart)), .init("reload", .strings(file.reload)),
            .init(
                "values",
                .array(
                    values.map {
                        .object([
                            .init("node", .string($0.used.node)), .init("name", .string($0.used.name)),
                            .init("value", $0.used.value.map { .string($0) } ?? .null),
                            .init("from", $0.source.json),
                        ])
                    })),
        ])
    }

    private var kind: String {
        switch file.content {
        case .blob: "file"
        case .directory: "directory"
        case .link: "link"
        case .absent: "absent"
        }
    }

    private var content: String {
        switch file.content {
        case .blob(let digest, let size): "a file of \(size) bytes, SHA-256 \(digest.hexadecimal.prefix(16))…"
        case .directory: "a directory"
        case .link(let target): "a link to \(target)"
        case .absent: "nothing may be there"
        }
    }

    private var owner: String { "\(file.owner):\(file.group)" }

    private var mode: String {
        let digits = String(file.mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private var onChange: String {
        let restarts = file.restart.map { "restarts \($0)" }
        let words = restarts + file.reload.map { "reloads \($0)" }
        return words.isEmpty ? "nothing is restarted" : words.joined(separator: ", ")
    }

    /// What several nodes have alike is one row.
    private var merged: [(Value, nodes: [String])] {
        var rows: [(Value, nodes: [String])] = []
        for value in values {
            let same = rows.firstIndex {
                $0.0.used.name == value.used.name && $0.0.used.value == value.used.value
                    && $0.0.source == value.source
            }
            if let same {
                rows[same].nodes.append(value.used.node)
            } else {
                rows.append((value, [value.used.node]))
            }
        }
        return rows
    }

    private func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

extension Explanation.Source {
    /// `inventory/lab.ini:14`, or how pidep comes to it.
    var text: String {
        switch self {
        case .inventory(let file, let line): "\(file):\(line)"
        case .preset(let file, let line): "\(file):\(line) (the recipe's default)"
        case .unset(let file, let line): "\(file):\(line) (optional)"
        case .computed(let how): "(\(how))"
        }
    }

    /// `kind` is `inventory`, `default`, `unset` or `computed`.
    var json: JSONValue {
        switch self {
        case .inventory(let file, let line): place(file, line, kind: "inventory")
        case .preset(let file, let line): place(file, line, kind: "default")
        case .unset(let file, let line): place(file, line, kind: "unset")
        case .computed(let how): .object([.init("kind", .string("computed")), .init("how", .string(how))])
        }
    }
}

private func place(_ file: String, _ line: Int, kind: String? = nil) -> JSONValue {
    var members: [JSONValue.Member] = kind.map { [.init("kind", .string($0))] } ?? []
    members += [.init("file", .string(file)), .init("line", .integer(Int64(line)))]
    return .object(members)
}
