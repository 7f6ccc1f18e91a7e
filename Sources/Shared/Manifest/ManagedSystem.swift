/// One kernel parameter (sysctl(8)) that a manifest decides about.
public struct ManagedSysctl: Equatable, Sendable {
    /// As sysctl.d(5) writes it: `net.ipv4.ip_forward`, or with slashes where a part has a dot itself.
    public var key: String
    /// What it shall be; several numbers are divided by one space.
    public var value: String

    /// A parameter and its value.
    public init(key: String, value: String) {
        self.key = key
        self.value = value
    }

    /// Where the kernel shows it: `/proc/sys/net/ipv4/ip_forward`. As sysctl.d(5) has it, the first separator decides
    /// what the others mean: after a dot, dots divide and slashes stand for dots; after a slash both stand as they are.
    public var path: String {
        let dot = UInt8(ascii: ".")
        let slash = UInt8(ascii: "/")
        var bytes = Array(key.utf8)
        if bytes.first(where: { $0 == dot || $0 == slash }) == dot {
            for index in bytes.indices {
                if bytes[index] == dot {
                    bytes[index] = slash
                } else if bytes[index] == slash {
                    bytes[index] = dot
                }
            }
        }
        return "/proc/sys/" + String(decoding: bytes, as: UTF8.self)
    }

    /// Whether a node can use the key: letters, digits, `_`, `-` between dots or slashes.
    public static func isUsable(key: String) -> Bool {
        var parts = 1
        for byte in key.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                continue
            case UInt8(ascii: "."), UInt8(ascii: "/"): parts += 1
            default: return false
            }
        }
        return parts > 1 && ManagedFile.isUsable(path: ManagedSysctl(key: key, value: "").path)
    }

    /// A value with every run of blanks as one space and none at its ends: the kernel writes tabs between numbers.
    public static func normalised(_ value: String) -> String {
        var text = ""
        for word in value.utf8.split(whereSeparator: { $0 == 32 || (9...13).contains($0) }) {
            if !text.utf8.isEmpty { text += " " }
            text += String(decoding: word, as: UTF8.self)
        }
        return text
    }
}

/// A group that a manifest decides about.
public struct ManagedGroup: Equatable, Sendable {
    /// Its name.
    public var name: String
    /// Its number; nil where the node may choose.
    public var id: UInt32?

    /// A group, with a number of its own or any.
    public init(name: String, id: UInt32? = nil) {
        self.name = name
        self.id = id
    }
}

/// A system user that a manifest decides about. What is nil is set to Debian's usual value when the user is made and
/// else left as it is.
public struct ManagedUser: Equatable, Sendable {
    /// The shell of a user that nobody logs in as, and its home, as Debian's packages choose them.
    public static let usualShell = "/usr/sbin/nologin"
    /// A folder that is nowhere.
    public static let usualHome = "/nonexistent"

    /// Its name.
    public var name: String
    /// Its number; nil where the node may choose.
    public var id: UInt32?
    /// Its primary group's name.
    public var group: String
    /// Groups that it must be in besides; it may be in others.
    public var groups: [String]
    /// Its home. It is not made: a directory of the recipe's files is.
    public var home: String?
    /// Its shell.
    public var shell: String?

    /// A user.
    public init(
        name: String, id: UInt32? = nil, group: String, groups: [String] = [], home: String? = nil,
        shell: String? = nil
    ) {
        self.name = name
        self.id = id
        self.group = group
        self.groups = groups
        self.home = home
        self.shell = shell
    }
}
