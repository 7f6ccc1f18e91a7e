import Manifest

/// What a plan does to users, groups, the kernel, and folders that are not needed any more.
extension NodePlan {
    static func accounts(_ manifest: Manifest, _ facts: Facts) -> [Step] {
        let table = facts.accounts
        return manifest.accountChanges(table, facts.belongings).map { change in
            let detail: String
            switch change {
            case .makeGroup(let group): detail = group.id.map { "gid \($0)" } ?? ""
            case .makeUser(let user):
                let number = user.id.map { ["uid \($0)"] } ?? []
                detail =
                    (number + [
                        "group \(user.group)", "home \(user.home ?? ManagedUser.usualHome)",
                        "shell \(user.shell ?? ManagedUser.usualShell)",
                    ]).joined(separator: ", ")
            case .changeUser(let user, let found): detail = differences(user, found, table)
            case .addMember(let one): detail = "into the group \(one.group)"
            case .removeMember(let one): detail = "out of the group \(one.group)"
            case .removeUser, .removeGroup: detail = "made by an earlier deploy, no recipe wants it any more"
            }
            // Leaving a group is done last, as removals are, and so it is told there.
            let isLeaving = if case .removeMember = change { true } else { false }
            return Step(
                kind: change.isGroup ? .group : .user, name: change.name,
                action: isLeaving ? "remove" : change.action, detail: detail)
        }
    }

    private static func differences(
        _ user: ManagedUser, _ found: AccountTable.User, _ table: AccountTable
    ) -> String {
        let group = table.groupName(found.group)
        let pairs = [
            ("group", group, user.group), ("home", found.home, user.home ?? found.home),
            ("shell", found.shell, user.shell ?? found.shell),
        ]
        return pairs.filter { $0.1 != $0.2 }.map { "\($0.0) \($0.1) → \($0.2)" }.joined(separator: ", ")
    }

    /// Modules first: they may bring parameters.
    static func kernel(_ manifest: Manifest, _ facts: Facts) -> [Step] {
        let modules = manifest.modules.filter { facts.modules[$0] != true }
            .map { Step(kind: .module, name: $0, action: "load", detail: "") }
        let sysctls = manifest.sysctlChanges { facts.sysctls[$0.key] }.map { change in
            Step(
                kind: .sysctl, name: change.sysctl.key, action: "change",
                detail: "\(change.current ?? "not there") → \(change.sysctl.value)")
        }
        return modules + sysctls
    }

    /// Folders that earlier deploys made and that will be empty once this one's files are gone.
    static func unwantedDirectories(_ whole: Manifest, _ facts: Facts) -> [Step] {
        var gone = Set(whole.files.filter { $0.content == .absent }.map(\.path))
        return whole.unwantedDirectories(facts.belongings).compactMap { path in
            guard let entries = facts.entries[path],
                entries.allSatisfy({ gone.contains("\(path)/\($0)") })
            else { return nil }
            gone.insert(path)
            return Step(
                kind: .file, name: path, action: "remove",
                detail: "folder, made by an earlier deploy, empty and not wanted any more")
        }
    }
}
