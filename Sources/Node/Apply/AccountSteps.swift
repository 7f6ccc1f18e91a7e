import Manifest

/// The steps of a transition that concern users and groups.
extension Transition {
    /// Makes groups and users, or changes them; what is made is written down before. False when there was nothing to do.
    func makeAccounts(of manifest: Manifest) throws(ApplyError) -> Bool {
        let accounts = try Accounts(tree, adding: manifest)
        try accounts.check(manifest, toleratingUnknownGroups: false)
        let belongings = try readBelongings()
        let changes = manifest.accountChanges(accounts.table, belongings).filter { !$0.isRemoval }
        guard !changes.isEmpty else { return false }
        var extended = belongings
        extended.add(changes)
        if extended != belongings { try write(extended) }
        for change in changes { try perform(change) }
        return true
    }

    /// Takes away the users, groups and memberships that applies have made and that nobody needs any more.
    func removeAccounts(of manifest: Manifest) throws(ApplyError) {
        let belongings = try readBelongings()
        guard !belongings.isEmpty else { return }
        var table = try Accounts(tree, adding: manifest).table
        for change in manifest.accountChanges(table, belongings) where change.isRemoval {
            // userdel(8) may have taken the user's own group with it.
            if case .removeGroup(let name) = change, table.group(name) == nil { continue }
            try perform(change)
            table = try Accounts(tree, adding: manifest).table
        }
        var remaining = belongings
        remaining.forget(missingIn: table)
        if remaining != belongings { try write(remaining) }
    }

    private func perform(_ change: AccountChange) throws(ApplyError) {
        try Accounts.perform(change, program)
        events.changed(change.isGroup ? "group" : "user", "name", change.name, change.action + "d")
        try faults.pass()
    }
}
