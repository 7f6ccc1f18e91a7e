import Manifest

/// Users, groups, kernel modules and parameters: what the running node must have, and the files that make it so at
/// boot.
extension Compiler {
    /// Read last of its folder, and so the last word (sysctl.d(5)).
    static let sysctlFile = "/etc/sysctl.d/zz-pidep.conf"
    /// What systemd-modules-load.service(8) reads.
    static let moduleFile = "/etc/modules-load.d/pidep.conf"
    private static let heading =
        "# pidep wrote this file from its recipes; the next deploy takes changes back.\n"

    mutating func applySystem(
        of recipe: Recipe, _ holds: ([Condition]) -> Bool, _ scope: TemplateScope,
        to draft: inout CompiledNode
    ) {
        for entry in recipe.groupAccounts where holds(entry.when) {
            add(entry.group, recipe, entry.line, to: &draft)
        }
        for entry in recipe.users where holds(entry.when) {
            if !entry.namesGroup, !draft.manifest.groups.contains(where: { $0.name == entry.user.group }) {
                add(ManagedGroup(name: entry.user.group), recipe, entry.line, to: &draft)
            }
            if let other = draft.manifest.users.first(where: { $0.name == entry.user.name }) {
                guard other != entry.user else { continue }
                claimed("the user \(other.name)", recipe, entry.line, draft)
            } else {
                draft.manifest.users.append(entry.user)
            }
        }
        for entry in recipe.modules where holds(entry.when) && !draft.manifest.modules.contains(entry.name) {
            draft.manifest.modules.append(entry.name)
        }
        for entry in recipe.sysctls where holds(entry.when) {
            let text = render(entry.value, scope, draft.node)
            // The value can be read by everybody in /proc/sys.
            guard !refusesSecret(in: text, "the value of \(entry.key)", recipe, entry.line) else { continue }
            let sysctl = ManagedSysctl(key: entry.key, value: ManagedSysctl.normalised(text))
            guard !sysctl.value.isEmpty else {
                report(recipe.file, entry.line, "the sysctl \(sysctl.key) has no value on \(draft.node.name)")
                continue
            }
            if let other = draft.manifest.sysctls.first(where: { $0.path == sysctl.path }) {
                guard other.value != sysctl.value else { continue }
                claimed("the sysctl \(other.key)", recipe, entry.line, draft)
            } else {
                draft.manifest.sysctls.append(sysctl)
            }
        }
    }

    private mutating func add(
        _ group: ManagedGroup, _ recipe: Recipe, _ line: Int, to draft: inout CompiledNode
    ) {
        guard let other = draft.manifest.groups.first(where: { $0.name == group.name }) else {
            return draft.manifest.groups.append(group)
        }
        if other != group { claimed("the group \(group.name)", recipe, line, draft) }
    }

    private mutating func claimed(_ what: String, _ recipe: Recipe, _ line: Int, _ draft: CompiledNode) {
        report(
            recipe.file, line, "another recipe of \(draft.node.name) wants \(what) otherwise",
            "Only one recipe of a node may decide about it")
    }

    /// The files for the next boot. A recipe that writes one of them itself has claimed it.
    mutating func addSystemFiles(_ recipes: [Recipe], to draft: inout CompiledNode) {
        let sysctls = draft.manifest.sysctls.map { "\($0.key) = \($0.value)\n" }
        if let recipe = recipes.first(where: { !$0.sysctls.isEmpty }), !sysctls.isEmpty {
            add(sysctls, at: Self.sysctlFile, recipe, recipe.sysctls[0].line, to: &draft)
        }
        let modules = draft.manifest.modules.map { "\($0)\n" }
        if let recipe = recipes.first(where: { !$0.modules.isEmpty }), !modules.isEmpty {
            add(modules, at: Self.moduleFile, recipe, recipe.modules[0].line, to: &draft)
        }
    }

    private mutating func add(
        _ lines: [String], at path: String, _ recipe: Recipe, _ line: Int, to draft: inout CompiledNode
    ) {
        if let origin = draft.origins[path] {
            let other = catalog.recipes[origin.recipe]?.file ?? origin.recipe
            return report(
                recipe.file, line, "\(path) is also claimed by \(other):\(origin.line)",
                "pidep writes that file itself: take another name")
        }
        let content = blob(Array((Self.heading + lines.joined()).utf8), &draft)
        draft.manifest.files.append(ManagedFile(path: path, content: content))
        draft.origins[path] = CompiledNode.Origin(recipe: recipe.name, source: nil, line: line)
    }
}
