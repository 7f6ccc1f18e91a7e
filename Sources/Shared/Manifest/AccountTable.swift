/// Users and groups of a node, from passwd(5) and group(5): a static program has no name service to ask.
public struct AccountTable: Equatable, Sendable {
    /// A line of passwd(5).
    public struct User: Equatable, Sendable {
        /// Its name.
        public var name: String
        /// Its number.
        public var id: UInt32
        /// Its primary group's number.
        public var group: UInt32
        /// Its home.
        public var home: String
        /// Its shell.
        public var shell: String
    }

    /// A line of group(5).
    public struct Group: Equatable, Sendable {
        /// Its name.
        public var name: String
        /// Its number.
        public var id: UInt32
        /// Names of those who are in it besides those whose primary group it is.
        public var members: [String]
    }

    /// All users.
    public var users: [User] = []
    /// All groups.
    public var groups: [Group] = []

    /// Reads both files; lines of another form are passed over.
    public init(passwd: [UInt8], group: [UInt8]) {
        for line in passwd.split(separator: UInt8(ascii: "\n")) {
            let fields = Self.fields(line)
            guard fields.count >= 4, let id = UInt32(fields[2]), let group = UInt32(fields[3]) else {
                continue
            }
            users.append(
                User(
                    name: fields[0], id: id, group: group, home: fields.count > 5 ? fields[5] : "",
                    shell: fields.count > 6 ? fields[6] : ""))
        }
        for line in group.split(separator: UInt8(ascii: "\n")) {
            let fields = Self.fields(line)
            guard fields.count >= 3, let id = UInt32(fields[2]) else { continue }
            var members: [String] = []
            if fields.count > 3 {
                for name in fields[3].utf8.split(separator: UInt8(ascii: ",")) {
                    members.append(String(decoding: name, as: UTF8.self))
                }
            }
            groups.append(Group(name: fields[0], id: id, members: members))
        }
    }

    private static func fields(_ line: ArraySlice<UInt8>) -> [String] {
        var fields: [String] = []
        for field in line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false) {
            fields.append(String(decoding: field, as: UTF8.self))
        }
        return fields
    }

    /// The user of a name.
    public func user(_ name: String) -> User? { users.first { $0.name == name } }

    /// The group of a name.
    public func group(_ name: String) -> Group? { groups.first { $0.name == name } }

    /// The name of a group's number; the number itself where it has none.
    public func groupName(_ id: UInt32) -> String { groups.first { $0.id == id }?.name ?? "\(id)" }
}
