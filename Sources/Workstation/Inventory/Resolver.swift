import Diagnostics

/// Puts the statements of an inventory together: groups, membership, variables and their precedence.
struct Resolver {
    private(set) var groups: [Inventory.Group] = []
    private(set) var hosts: [Inventory.Host] = []
    private(set) var diagnostics: [Diagnostic] = []

    /// The most groups that are kept.
    static let maximumGroups = 1024

    private let file: String
    private var groupIndex: [String: Int] = [:]
    private var hostIndex: [String: Int] = [:]
    private var current = "ungrouped"
    /// Groups that a `[group:hosts]` or `[group:children]` section, or Ansible itself, declares.
    private var declared: Set<String> = ["all", "ungrouped"]
    /// Where each pair of parent and child was written.
    private var edgeLines: [String: [String: Int]] = [:]
    /// Child groups that were named before they exist: their parents and lines.
    private var awaited: [String: [(parent: String, line: Int)]] = [:]
    private var firstVarsLine: [String: Int] = [:]

    init(file: String) {
        self.file = file
        addGroup("all", line: 0)
        addGroup("ungrouped", line: 0)
        link("all", "ungrouped", line: 0)
    }

    mutating func apply(_ statement: Statement) {
        let line = statement.line
        switch statement.content {
        case .section(let group, let kind):
            current = group
            addGroup(group, line: line)
            if kind == .vars {
                if firstVarsLine[group] == nil { firstVarsLine[group] = line }
            } else {
                declared.insert(group)
                for (parent, line) in awaited.removeValue(forKey: group) ?? [] {
                    link(parent, group, line: line)
                }
            }
        case .hosts(let pattern, let assignments): addHosts(pattern, assignments, line: line)
        case .child(let child):
            if groupIndex[child] != nil {
                link(current, child, line: line)
            } else {
                awaited[child, default: []].append((current, line))
            }
        case .variable(let assignment): setGroupVariable(assignment, line: line)
        }
    }

    /// What can only be known at the end of the file.
    mutating func finish() {
        for (child, places) in awaited {
            let near = nearestWord(to: child, among: groups.map(\.name))
            for place in places {
                report(
                    place.line, "there is no group \"\(ASCII.clip(child))\" to be a child of \(place.parent)",
                    near.map { "Did you mean \"\($0)\"?" } ?? "Add a section [\(child)]")
            }
        }
        for (group, line) in firstVarsLine where !declared.contains(group) {
            let near = nearestWord(to: group, among: groups.map(\.name).filter { $0 != group })
            report(
                line, "variables are set for a group \"\(ASCII.clip(group))\" that is not declared",
                near.map { "Did you mean \"\($0)\"?" } ?? "Add a section [\(group)]")
        }
        for host in hosts {
            guard let index = groupIndex[host.name] else { continue }
            report(
                max(host.line, groups[index].line),
                "\"\(host.name)\" is both a host (line \(host.line)) and a group (line \(groups[index].line))",
                "Rename one of them")
        }
        for index in groups.indices
        where index > 0 && groups[index].parents.isEmpty {
            link("all", groups[index].name, line: 0)
        }
        computeDepths()
        settleUngrouped()
        resolveVariables()
    }

    private mutating func report(
        _ line: Int, _ problem: String, _ advice: String, severity: Diagnostic.Severity = .error
    ) {
        diagnostics.append(Diagnostic(severity, file: file, line: line, problem: problem, advice: advice))
    }

    // MARK: Groups

    private mutating func addGroup(_ name: String, line: Int) {
        if let index = groupIndex[name] {
            if groups[index].line == 0 { groups[index].line = line }
            return
        }
        guard groups.count < Self.maximumGroups else {
            return report(line, "the inventory has more than \(Self.maximumGroups) groups", "Use fewer")
        }
        groupIndex[name] = groups.count
        groups.append(Inventory.Group(name: name, line: line))
    }

    private mutating func link(_ parent: String, _ child: String, line: Int) {
        guard let parentIndex = groupIndex[parent], let childIndex = groupIndex[child] else { return }
        guard !groups[parentIndex].children.contains(child) else { return }
        if child == "all" {
            return report(
                line, "the group all contains every group and is nobody's child", "Delete this line")
        }
        if parent == child {
            return report(line, "the group \(parent) is its own child", "Delete this line")
        }
        if let way = way(from: child, to: parent) {
            let last = way.map { edgeLines[$0.parent]?[$0.child] ?? 0 }.max() ?? 0
            let names = ([parent] + way.map(\.parent) + [parent]).joined(separator: " > ")
            return report(
                line, "the groups \(ASCII.clip(names)) form a circle, together with line \(last)",
                "Delete one of the two lines")
        }
        edgeLines[parent, default: [:]][child] = line
        groups[parentIndex].children.append(child)
        groups[childIndex].parents.append(parent)
    }

    /// The steps from a group down to another; nil when there is no way.
    private func way(from start: String, to end: String) -> [(parent: String, child: String)]? {
        var cameFrom: [String: String] = [start: ""]
        var queue = [start]
        while let name = queue.popLast() {
            guard let index = groupIndex[name] else { continue }
            for child in groups[index].children where cameFrom[child] == nil {
                cameFrom[child] = name
                queue.append(child)
            }
        }
        guard cameFrom[end] != nil else { return nil }
        var steps: [(parent: String, child: String)] = []
        var child = end
        while child != start, let parent = cameFrom[child] {
            steps.insert((parent, child), at: 0)
            child = parent
        }
        return steps
    }

    /// The longest way from `all`: parents in topological order, which exists because circles were refused.
    private mutating func computeDepths() {
        var waitingFor = groups.map(\.parents.count)
        var ready = groups.indices.filter { waitingFor[$0] == 0 }
        while let index = ready.popLast() {
            for child in groups[index].children {
                guard let childIndex = groupIndex[child] else { continue }
                groups[childIndex].depth = max(groups[childIndex].depth, groups[index].depth + 1)
                waitingFor[childIndex] -= 1
                if waitingFor[childIndex] == 0 { ready.append(childIndex) }
            }
        }
    }

    private mutating func setGroupVariable(_ assignment: Statement.Assignment, line: Int) {
        guard let index = groupIndex[current] else { return }
        if assignment.key == "ansible_group_priority" {
            guard let priority = Int(wholeNumber: assignment.value) else {
                return report(
                    line,
                    "ansible_group_priority is \"\(ASCII.clip(assignment.value))\", which cannot be used",
                    "Write \(ValueKind.integer(Int.min...Int.max).acceptedForms)")
            }
            groups[index].priority = priority
            return
        }
        let variable = Variable(text: assignment.value, file: file, line: line)
        if let earlier = groups[index].variables[assignment.key], earlier.text != variable.text {
            report(
                line,
                "\(assignment.key) of the group \(current) was \"\(ASCII.clip(earlier.text))\" in line"
                    + " \(earlier.line); this line wins",
                "Delete one of the two", severity: .warning)
        }
        groups[index].variables[assignment.key] = variable
    }

    // MARK: Hosts

    private mutating func addHosts(
        _ pattern: HostPattern, _ assignments: [Statement.Assignment], line: Int
    ) {
        guard let group = groupIndex[current] else { return }
        for name in pattern.names {
            let index: Int
            var given = assignments
            if let known = hostIndex[name] {
                index = known
                // Ansible takes the port behind a colon only from the first line that names the host.
                if let port = pattern.port, hosts[index].own["ansible_port"]?.text != "\(port)" {
                    reportTwice(name, "ansible_port", "\(port)", hosts[index].own["ansible_port"], line: line)
                }
            } else {
                index = hosts.count
                guard index < HostPattern.maximumHosts else {
                    return report(
                        line, "the inventory has more than \(HostPattern.maximumHosts) hosts",
                        "Make its ranges smaller")
                }
                hostIndex[name] = index
                hosts.append(Inventory.Host(name: name, line: line))
                if let port = pattern.port {
                    given.insert(Statement.Assignment(key: "ansible_port", value: "\(port)"), at: 0)
                }
            }
            if !groups[group].hosts.contains(name) { groups[group].hosts.append(name) }
            for assignment in given {
                let earlier = hosts[index].own[assignment.key]
                if let earlier, earlier.text != assignment.value {
                    reportTwice(name, assignment.key, assignment.value, earlier, line: line)
                }
                hosts[index].own[assignment.key] = Variable(text: assignment.value, file: file, line: line)
            }
        }
    }

    private mutating func reportTwice(
        _ host: String, _ key: String, _ value: String, _ earlier: Variable?, line: Int
    ) {
        let before = earlier.map { "\"\(ASCII.clip($0.text))\" in line \($0.line)" } ?? "not set before"
        report(
            line, "\(key) of \(host) is \"\(ASCII.clip(value))\" here and \(before)",
            "Set it once: a host may be named in several groups, but its variables belong on one line")
    }

    /// A host is in `ungrouped` exactly when no section but `all` and `ungrouped` names it.
    private mutating func settleUngrouped() {
        let grouped = Set(groups.dropFirst(2).flatMap(\.hosts))
        groups[1].hosts.removeAll { grouped.contains($0) }
        let present = Set(groups[1].hosts)
        for host in hosts where !grouped.contains(host.name) && !present.contains(host.name) {
            groups[1].hosts.append(host.name)
        }
    }

    private mutating func resolveVariables() {
        var direct: [String: Set<Int>] = [:]
        for (index, group) in groups.enumerated() {
            for host in group.hosts { direct[host, default: []].insert(index) }
        }
        let strength = groups.indices.sorted { weaker(groups[$0], groups[$1]) }
        for index in hosts.indices {
            var members: Set<Int> = [0]
            var queue = Array(direct[hosts[index].name] ?? [])
            while let group = queue.popLast() {
                guard members.insert(group).inserted || group == 0 else { continue }
                queue += groups[group].parents.compactMap { groupIndex[$0] }
            }
            for group in strength where members.contains(group) {
                hosts[index].groups.append(groups[group].name)
                hosts[index].variables.merge(groups[group].variables) { $1 }
            }
            hosts[index].variables.merge(hosts[index].own) { $1 }
        }
    }

    private func weaker(_ a: Inventory.Group, _ b: Inventory.Group) -> Bool {
        if a.depth != b.depth { return a.depth < b.depth }
        if a.priority != b.priority { return a.priority < b.priority }
        // Python compares by code point; Swift's String by canonical equivalence.
        return a.name.unicodeScalars.lexicographicallyPrecedes(b.name.unicodeScalars)
    }
}
