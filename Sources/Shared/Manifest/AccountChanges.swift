/// One thing to do to a user or a group.
public enum AccountChange: Equatable, Sendable {
    case makeGroup(ManagedGroup)
    case makeUser(ManagedUser)
    /// Another primary group, home or shell; `from` is what the node has.
    case changeUser(ManagedUser, from: AccountTable.User)
    case addMember(Belongings.Membership)
    case removeMember(Belongings.Membership)
    case removeUser(String)
    case removeGroup(String)

    /// The user or group that changes.
    public var name: String {
        switch self {
        case .makeGroup(let group): group.name
        case .makeUser(let user), .changeUser(let user, _): user.name
        case .addMember(let one), .removeMember(let one): one.user
        case .removeUser(let name), .removeGroup(let name): name
        }
    }

    /// Whether it is a group that changes.
    public var isGroup: Bool {
        switch self {
        case .makeGroup, .removeGroup: true
        default: false
        }
    }

    /// `create`, `change` or `remove`.
    public var action: String {
        switch self {
        case .makeGroup, .makeUser: "create"
        case .changeUser, .addMember, .removeMember: "change"
        case .removeUser, .removeGroup: "remove"
        }
    }

    /// Whether it comes last, when nothing uses the account any more.
    public var isRemoval: Bool {
        switch self {
        case .removeMember, .removeUser, .removeGroup: true
        default: false
        }
    }
}

extension Manifest {
    /// What to do to users and groups, in the order in which to do it. Workstation and node both ask this function.
    ///
    /// Removed is only what applies have made.
    public func accountChanges(_ table: AccountTable, _ belongings: Belongings) -> [AccountChange] {
        var changes: [AccountChange] = []
        for group in groups where table.group(group.name) == nil { changes.append(.makeGroup(group)) }
        for user in users {
            if let found = table.user(user.name) {
                let sameGroup = table.group(user.group)?.id == found.group
                let sameHome = user.home == nil || user.home == found.home
                let sameShell = user.shell == nil || user.shell == found.shell
                if !sameGroup || !sameHome || !sameShell { changes.append(.changeUser(user, from: found)) }
            } else {
                changes.append(.makeUser(user))
            }
            for group in user.groups where table.group(group)?.members.contains(user.name) != true {
                changes.append(.addMember(Belongings.Membership(user: user.name, group: group)))
            }
        }
        return changes + accountRemovals(table, belongings)
    }

    private func accountRemovals(_ table: AccountTable, _ belongings: Belongings) -> [AccountChange] {
        var changes: [AccountChange] = []
        var goingUsers: [String] = []
        for name in belongings.users where table.user(name) != nil {
            if !users.contains(where: { $0.name == name }) { goingUsers.append(name) }
        }
        for one in belongings.memberships where !goingUsers.contains(one.user) {
            guard table.group(one.group)?.members.contains(one.user) == true else { continue }
            let isWanted = users.contains { $0.name == one.user && $0.groups.contains(one.group) }
            if !isWanted { changes.append(.removeMember(one)) }
        }
        for name in goingUsers { changes.append(.removeUser(name)) }
        for name in belongings.groups {
            guard let group = table.group(name), !groups.contains(where: { $0.name == name }) else {
                continue
            }
            // One that is somebody's primary group cannot go (groupdel(8)).
            let isUsed = table.users.contains { $0.group == group.id && !goingUsers.contains($0.name) }
            if !isUsed { changes.append(.removeGroup(name)) }
        }
        return changes
    }

    /// Why the users and groups cannot be had on this node, a sentence without a full stop each. While packages are
    /// missing that may bring groups, an unknown group is none.
    public func accountProblems(_ table: AccountTable, toleratingUnknownGroups: Bool) -> [String] {
        var problems: [String] = []
        for group in groups {
            guard let id = group.id else { continue }
            if let found = table.group(group.name), found.id != id {
                problems.append(
                    "the group \(group.name) shall have the number \(id) and has \(found.id); its files would be "
                        + "nobody's: give it the other number by hand, or take gid away")
            } else if let other = table.groups.first(where: { $0.id == id && $0.name != group.name }) {
                problems.append(
                    "the group \(group.name) shall have the number \(id), which is that of \(other.name)")
            }
        }
        for user in users {
            if let id = user.id {
                if let found = table.user(user.name), found.id != id {
                    problems.append(
                        "the user \(user.name) shall have the number \(id) and has \(found.id); its files would be "
                            + "nobody's: give it the other number by hand, or take uid away")
                } else if let other = table.users.first(where: { $0.id == id && $0.name != user.name }) {
                    problems.append(
                        "the user \(user.name) shall have the number \(id), which is that of \(other.name)")
                }
            }
            for name in [user.group] + user.groups {
                let isKnown = table.group(name) != nil || groups.contains { $0.name == name }
                if !isKnown, !toleratingUnknownGroups {
                    problems.append(
                        "the user \(user.name) shall be in the group \(name), which this node does not know: "
                            + "add it to the groups of a recipe")
                }
            }
        }
        return problems
    }
}

extension Belongings {
    /// What will have been made once these changes are done.
    public mutating func add(_ changes: [AccountChange]) {
        for change in changes {
            switch change {
            case .makeGroup(let group): add(group: group.name)
            case .makeUser(let user): add(user: user.name)
            case .addMember(let one): add(one)
            case .changeUser, .removeMember, .removeUser, .removeGroup: break
            }
        }
    }

    /// Forgets what the node does not have any more.
    public mutating func forget(missingIn table: AccountTable) {
        users.removeAll { table.user($0) == nil }
        groups.removeAll { table.group($0) == nil }
        memberships.removeAll { table.group($0.group)?.members.contains($0.user) != true }
    }
}
