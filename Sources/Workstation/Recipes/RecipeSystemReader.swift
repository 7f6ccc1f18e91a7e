import Inventory
import Manifest
import Yams

extension RecipeReader {
    /// Users, groups, kernel modules and parameters.
    mutating func readSystem(_ words: YAMLReader.Mapping) {
        for node in yaml.sequence(words.members["system_groups"], "system_groups") { readGroup(node) }
        for node in yaml.sequence(words.members["users"], "users") { readUser(node) }
        for node in yaml.sequence(words.members["modules"], "modules") { readModule(node) }
        for node in yaml.sequence(words.members["sysctls"], "sysctls") { readSysctl(node) }
    }

    private mutating func readGroup(_ node: Yams.Node) {
        let line = node.mark?.line ?? 0
        guard node.scalar == nil else {
            guard let name = accountName(node, "a group") else { return }
            recipe.groupAccounts.append(RecipeGroup(group: ManagedGroup(name: name), when: [], line: line))
            return
        }
        guard let words = mapping(node, "a group") else { return }
        guard let name = accountName(words, "a group") else { return }
        let group = ManagedGroup(name: name, id: accountNumber(words, "gid"))
        recipe.groupAccounts.append(RecipeGroup(group: group, when: conditions(words), line: words.line))
    }

    private mutating func readUser(_ node: Yams.Node) {
        guard let words = mapping(node, "a user") else { return }
        guard let name = accountName(words, "a user") else { return }
        let group = words.members["group"].flatMap { accountName($0, "group") }
        let user = ManagedUser(
            name: name, id: accountNumber(words, "uid"), group: group ?? name,
            groups: yaml.texts(words.members["groups"], "groups").compactMap { text in
                checkedAccountName(text, "a group of \(name)")
            },
            home: path(words, "home"), shell: path(words, "shell"))
        recipe.users.append(
            RecipeUser(
                user: user, namesGroup: words.members["group"] != nil, when: conditions(words),
                line: words.line))
    }

    private mutating func readModule(_ node: Yams.Node) {
        let line = node.mark?.line ?? 0
        var name: Placed<String>?
        var when: [Condition] = []
        if node.scalar != nil {
            name = yaml.text(node, "a module")
        } else if let words = mapping(node, "a module") {
            name = yaml.text(words.members["name"], "name")
            when = conditions(words)
        } else {
            return
        }
        guard let name, Manifest.isModuleName(name.value) else {
            return report(
                name?.line ?? line, "\"\(name?.value ?? "")\" is not a kernel module's name",
                "As in nf_conntrack")
        }
        recipe.modules.append(
            RecipeModule(name: Manifest.moduleName(name.value), when: when, line: line))
    }

    private mutating func readSysctl(_ node: Yams.Node) {
        guard let words = mapping(node, "a sysctl") else { return }
        guard let key = yaml.text(words.members["key"], "key") else {
            return report(
                words.line, "a sysctl has no key", "Add key: and its name, as in net.ipv4.ip_forward")
        }
        guard ManagedSysctl.isUsable(key: key.value) else {
            return report(
                key.line, "\"\(key.value)\" is not a sysctl's key",
                "As in net.ipv4.ip_forward, without wildcards")
        }
        guard let value = template(words.members["value"], "value") else {
            return report(words.line, "the sysctl \(key.value) has no value", "Add value:")
        }
        recipe.sysctls.append(
            RecipeSysctl(key: key.value, value: value, when: conditions(words), line: words.line))
    }

    // MARK: Names and numbers

    private mutating func accountName(_ words: YAMLReader.Mapping, _ what: String) -> String? {
        guard let node = words.members["name"] else {
            report(words.line, "\(what) has no name", "Add name:")
            return nil
        }
        return accountName(node, what)
    }

    private mutating func accountName(_ node: Yams.Node, _ what: String) -> String? {
        yaml.text(node, what).flatMap { checkedAccountName($0, what) }
    }

    private mutating func checkedAccountName(_ text: Placed<String>, _ what: String) -> String? {
        guard Manifest.isAccountName(text.value), text.value != "root" else {
            report(
                text.line, "\(what) cannot be called \"\(text.value)\"",
                text.value == "root"
                    ? "root is what it is" : "Write small letters, digits, \"_\" and \"-\", at most 32")
            return nil
        }
        return text.value
    }

    private mutating func accountNumber(_ words: YAMLReader.Mapping, _ word: String) -> UInt32? {
        guard words.members[word] != nil else { return nil }
        return UInt32(yaml.integer(words.members[word], word, in: 1...2_147_483_647, default: 1))
    }

    private mutating func path(_ words: YAMLReader.Mapping, _ word: String) -> String? {
        guard let text = yaml.text(words.members[word], word) else { return nil }
        guard ManagedFile.isUsable(path: text.value), !text.value.contains(":") else {
            report(text.line, "\(word) is \"\(text.value)\"", "Write an absolute path without \":\"")
            return nil
        }
        return text.value
    }
}
