/// What applies have made on a node besides files and units: only that may they take away again.
///
/// Written down before it is made, so that a run killed in between leaves nothing that nobody knows.
public struct Belongings: Equatable, Sendable {
    /// Where a node keeps them.
    public static let path = "/var/lib/pinode/belongings"

    /// A user's membership in a group that is not its own.
    public struct Membership: Equatable, Sendable {
        /// The user's name.
        public var user: String
        /// The group's name.
        public var group: String

        /// A user in a group.
        public init(user: String, group: String) {
            self.user = user
            self.group = group
        }
    }

    /// Folders, by absolute path.
    public var directories: [String] = []
    /// Users by name.
    public var users: [String] = []
    /// Groups by name.
    public var groups: [String] = []
    /// Memberships.
    public var memberships: [Membership] = []

    /// Nothing was made.
    public init() {}

    /// What text from a node says; a line that is not known counts as nothing.
    public init(text: String) {
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
            guard let space = line.firstIndex(of: UInt8(ascii: " ")),
                let name = String(line[line.index(after: space)...])
            else { continue }
            let word = line[..<space]
            if word.elementsEqual("directory".utf8), ManagedFile.isUsable(path: name) { add(directory: name) }
            if word.elementsEqual("user".utf8), Manifest.isAccountName(name) { add(user: name) }
            if word.elementsEqual("group".utf8), Manifest.isAccountName(name) { add(group: name) }
            if word.elementsEqual("member".utf8) {
                let names = name.utf8.split(separator: UInt8(ascii: " "))
                guard names.count == 2, let user = String(names[0]), let group = String(names[1]),
                    Manifest.isAccountName(user), Manifest.isAccountName(group)
                else { continue }
                add(Membership(user: user, group: group))
            }
        }
    }

    /// One thing a line.
    public var text: String {
        var text = ""
        for path in directories { text += "directory \(path)\n" }
        for name in groups { text += "group \(name)\n" }
        for name in users { text += "user \(name)\n" }
        for one in memberships { text += "member \(one.user) \(one.group)\n" }
        return text
    }

    /// Nothing was made.
    public var isEmpty: Bool {
        directories.isEmpty && users.isEmpty && groups.isEmpty && memberships.isEmpty
    }

    /// A folder was made.
    public mutating func add(directory path: String) {
        guard !directories.contains(path) else { return }
        directories.append(path)
        directories.sort()
    }

    /// A user was made.
    public mutating func add(user name: String) { if !users.contains(name) { users.append(name) } }

    /// A group was made.
    public mutating func add(group name: String) { if !groups.contains(name) { groups.append(name) } }

    /// A user was put into a group.
    public mutating func add(_ membership: Membership) {
        if !memberships.contains(membership) { memberships.append(membership) }
    }
}

extension Manifest {
    /// Folders that applies have made and that this manifest has no use for, the deepest first: those of them that
    /// are empty go. One in which somebody else has put something stays.
    public func unwantedDirectories(_ belongings: Belongings) -> [String] {
        // Of two of which one lies in the other, the inner has the longer path and comes later in the order.
        var unwanted: [String] = []
        for path in belongings.directories where !needs(directory: path) { unwanted.insert(path, at: 0) }
        return unwanted
    }

    /// Whether a folder is one of the manifest's, or something of the manifest's lies in it.
    private func needs(directory path: String) -> Bool {
        let inside = Array((path + "/").utf8)
        for file in files {
            if file.content == .directory, file.path == path { return true }
            if file.content != .absent, file.path.utf8.starts(with: inside) { return true }
        }
        return false
    }
}
