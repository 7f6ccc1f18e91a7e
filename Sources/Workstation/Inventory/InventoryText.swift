extension Inventory {
    /// The resolved view for people: the groups as a tree, then every host with its variables and where each was
    /// written. `colour` sets names in bold and origins in grey.
    public func text(colour: Bool) -> String {
        let style = Style(colour: colour)
        var lines = ["\(style.bold("Groups"))"]
        var shown: Set<String> = []
        for name in group("all")?.children ?? [] where name != "ungrouped" || !isEmpty(name) {
            tree(name, indentation: "  ", shown: &shown, into: &lines, style)
        }
        for host in hosts {
            lines.append("")
            let groups = host.groups.filter { $0 != "all" && $0 != "ungrouped" }
            let membership = groups.isEmpty ? "in no group" : "in \(groups.sorted().joined(separator: ", "))"
            lines.append("\(style.bold(host.name))  \(membership)  \(style.grey("\(file):\(host.line)"))")
            lines += table(host, style)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func isEmpty(_ name: String) -> Bool {
        guard let group = group(name) else { return true }
        return group.hosts.isEmpty && group.children.isEmpty
    }

    private func tree(
        _ name: String, indentation: String, shown: inout Set<String>, into lines: inout [String],
        _ style: Style
    ) {
        guard let group = group(name) else { return }
        let repeated = !shown.insert(name).inserted
        let hosts = group.hosts.isEmpty ? "" : "  \(group.hosts.joined(separator: " "))"
        let priority = group.priority == 1 ? "" : "  (priority \(group.priority))"
        lines.append("\(indentation)\(style.bold(name))\(hosts)\(priority)")
        guard !repeated else { return }
        for child in group.children {
            tree(child, indentation: indentation + "  ", shown: &shown, into: &lines, style)
        }
    }

    private func table(_ host: Host, _ style: Style) -> [String] {
        let rows = host.variables.sorted { $0.key < $1.key }.map { row(host, $0.key, $0.value) }
        let keys = rows.map(\.key.count).max() ?? 0
        // One long value does not push the origins of all others off the screen.
        let values = min(40, rows.map(\.text.count).max() ?? 0)
        return rows.map { "  \(pad($0.key, keys))  \(pad($0.text, values))  \(style.grey($0.origin))" }
    }

    /// Recipes are shown as they are used: added up over all groups, with all lines that name one.
    private func row(
        _ host: Host, _ key: String, _ variable: Variable
    ) -> (key: String, text: String, origin: String) {
        guard key == "recipes" else { return (key, variable.text, variable.origin) }
        let recipes = recipes(of: host)
        let lines = recipes.map(\.line).reduce(into: [Int]()) { if !$0.contains($1) { $0.append($1) } }
        let origin = "\(file):" + lines.map { "\($0)" }.joined(separator: ",")
        return (key, recipes.map(\.name).joined(separator: " "), origin)
    }

    private func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private struct Style {
        var colour: Bool

        func bold(_ text: String) -> String { colour ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
        func grey(_ text: String) -> String { colour ? "\u{1B}[2m\(text)\u{1B}[0m" : text }
    }
}
