import CLinux
import Manifest

/// Users and groups: what the node has, and Debian's tools to change it.
struct Accounts {
    /// How long one of the tools may take; they wait for a lock on /etc/passwd.
    static let toolLimit: Duration = .seconds(60)

    /// What the tree's files say.
    let table: AccountTable
    /// What the manifest will have made before files are changed.
    private let comingUsers: [String]
    private let comingGroups: [String]

    /// What the tree's files say now, and what a manifest adds to it.
    init(_ tree: FileTree, adding manifest: Manifest) throws(ApplyError) {
        table = AccountTable(
            passwd: try tree.read("/etc/passwd") ?? [], group: try tree.read("/etc/group") ?? [])
        comingUsers = manifest.users.map { $0.name }
        comingGroups = manifest.groups.map { $0.name }
    }

    /// A user's number; a name that is itself a number stands for it.
    func user(_ name: String) -> UInt32? { table.user(name)?.id ?? UInt32(name) }

    /// A group's number.
    func group(_ name: String) -> UInt32? { table.group(name)?.id ?? UInt32(name) }

    /// Whether the user is there or will be.
    func willKnow(user name: String) -> Bool { user(name) != nil || comingUsers.contains(name) }

    /// Whether the group is there or will be.
    func willKnow(group name: String) -> Bool { group(name) != nil || comingGroups.contains(name) }

    /// Refuses users and groups that this node cannot have.
    func check(_ manifest: Manifest, toleratingUnknownGroups: Bool) throws(ApplyError) {
        let problems = manifest.accountProblems(table, toleratingUnknownGroups: toleratingUnknownGroups)
        guard let first = problems.first else { return }
        throw ApplyError("\(first); nothing was changed")
    }

    /// Does one thing to a user or group.
    static func perform(_ change: AccountChange, _ program: Program) throws(ApplyError) {
        let words = arguments(of: change)
        let result = try program.run(words, limit: toolLimit)
        guard result.code != 0 else { return }
        var command = ""
        for word in words { command += command.utf8.isEmpty ? word : " " + word }
        let how =
            result.timedOut
            ? "did not end within \(toolLimit.components.seconds) s" : "ended with \(result.code)"
        throw ApplyError("\(command) \(how): \(result.lastLines(3))")
    }

    private static func arguments(of change: AccountChange) -> [String] {
        switch change {
        case .makeGroup(let group):
            return ["groupadd", "--system"] + number("--gid", group.id) + [group.name]
        case .makeUser(let user):
            return ["useradd", "--system", "--no-create-home", "--no-user-group"] + number("--uid", user.id)
                + [
                    "--gid", user.group, "--home-dir", user.home ?? ManagedUser.usualHome, "--shell",
                    user.shell ?? ManagedUser.usualShell, user.name,
                ]
        case .changeUser(let user, _):
            var words = ["usermod", "--gid", user.group]
            if let home = user.home { words += ["--home", home] }
            if let shell = user.shell { words += ["--shell", shell] }
            return words + [user.name]
        case .addMember(let one): return ["usermod", "--append", "--groups", one.group, one.user]
        case .removeMember(let one): return ["gpasswd", "--delete", one.user, one.group]
        case .removeUser(let name): return ["userdel", name]
        case .removeGroup(let name): return ["groupdel", name]
        }
    }

    private static func number(_ option: String, _ id: UInt32?) -> [String] {
        guard let id else { return [] }
        return [option, "\(id)"]
    }
}
