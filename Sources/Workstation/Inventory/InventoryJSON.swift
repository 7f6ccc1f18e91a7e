import JSON

extension Inventory {
    /// The resolved view in the shape of `ansible-inventory --list`: groups with `hosts` and `children`, and
    /// `_meta.hostvars`; `_meta.origins` adds where each value was written. Every value is a string.
    public var json: JSONValue {
        var members: [JSONValue.Member] = []
        var seen: Set<String> = []
        var queue = ["all"]
        while let name = queue.popLast() {
            guard seen.insert(name).inserted, let group = group(name) else { continue }
            queue += group.children.reversed()
            var parts: [JSONValue.Member] = []
            if !group.children.isEmpty { parts.append(.init("children", .strings(group.children))) }
            if !group.hosts.isEmpty, name != "all" { parts.append(.init("hosts", .strings(group.hosts))) }
            if !parts.isEmpty { members.append(.init(name, .object(parts))) }
        }
        members.sort { $0.name < $1.name }
        func perHost(_ value: (Variable) -> String) -> JSONValue {
            .object(
                hosts.filter { !$0.variables.isEmpty }.map { host in
                    .init(
                        host.name,
                        .object(
                            host.variables.sorted { $0.key < $1.key }.map {
                                .init($0.key, .string(value($0.value)))
                            }))
                })
        }
        let meta: JSONValue = .object([
            .init("hostvars", perHost { $0.text }), .init("origins", perHost { $0.origin }),
        ])
        return .object([.init("_meta", meta)] + members)
    }
}

extension Variable {
    /// `file:line`.
    public var origin: String { "\(file):\(line)" }
}
