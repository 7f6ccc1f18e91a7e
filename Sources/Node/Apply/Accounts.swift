import CLinux

/// Users and groups by name, from passwd(5) and group(5): a static program has no name service to ask.
struct Accounts {
    private var users: [(name: String, id: UInt32)]
    private var groups: [(name: String, id: UInt32)]

    /// What the tree's files say now.
    init(_ tree: FileTree) throws(ApplyError) {
        users = Accounts.parse(try tree.read("/etc/passwd") ?? [])
        groups = Accounts.parse(try tree.read("/etc/group") ?? [])
    }

    /// A user's number; a name that is itself a number stands for it.
    func user(_ name: String) -> UInt32? { Accounts.find(name, in: users) }

    /// A group's number.
    func group(_ name: String) -> UInt32? { Accounts.find(name, in: groups) }

    private static func find(_ name: String, in list: [(name: String, id: UInt32)]) -> UInt32? {
        for entry in list where entry.name == name { return entry.id }
        return UInt32(name)
    }

    /// `name:password:number:…`; lines of another form are passed over.
    private static func parse(_ bytes: [UInt8]) -> [(name: String, id: UInt32)] {
        var entries: [(name: String, id: UInt32)] = []
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(
                separator: UInt8(ascii: ":"), maxSplits: 3, omittingEmptySubsequences: false)
            guard fields.count > 2, let id = UInt32(String(decoding: fields[2], as: UTF8.self)) else {
                continue
            }
            entries.append((String(decoding: fields[0], as: UTF8.self), id))
        }
        return entries
    }
}
