import CLinux

/// Where the roles of a node have their sockets.
public enum RuntimeFolder {
    /// What systemd made for the unit (`RuntimeDirectory=`, systemd.exec(5)); `/run/pinode` otherwise.
    public static var path: String {
        guard let given = getenv("RUNTIME_DIRECTORY") else { return "/run/pinode" }
        let first = String(cString: given).utf8.split(separator: UInt8(ascii: ":")).first
        return first.flatMap { String(Substring($0)) } ?? "/run/pinode"
    }
}
