import CLinux

/// The folders that the role and PostgreSQL need.
enum Folders {
    /// Makes those that are missing; nil, or what cannot be made.
    static func prepare(
        _ configuration: DatabaseConfiguration, _ account: (user: UInt32, group: UInt32)?
    ) -> String? {
        // PostgreSQL's account goes through the role's folder to its password file.
        if let why = make(configuration.folder, 0o711, nil) { return why }
        if let why = make(configuration.socketFolder, 0o2775, account) { return why }
        if let why = make(parent(configuration.log), 0o750, account) { return why }
        if let why = make(parent(configuration.data), 0o755, account) { return why }
        if let backup = configuration.backup, backup.node == configuration.node {
            for folder in [backup.folder, backup.folder + "/wal", backup.folder + "/base"] {
                if let why = make(folder, 0o700, account) { return why }
            }
        }
        return make(configuration.data, 0o700, account)
    }

    static func parent(_ path: String) -> String {
        guard let end = path.utf8.lastIndex(of: UInt8(ascii: "/")), end > path.utf8.startIndex else {
            return "/"
        }
        return String(path[..<end])
    }

    private static func make(
        _ path: String, _ mode: UInt32, _ owner: (user: UInt32, group: UInt32)?
    ) -> String? {
        if access(path, F_OK) == 0 { return nil }
        if let why = path == "/" ? nil : make(parent(path), 0o755, nil) { return why }
        guard mkdir(path, mode_t(mode)) == 0 || cl_errno() == EEXIST else {
            return "cannot make \(path): \(String(cString: cl_strerror(cl_errno())))"
        }
        if let owner { chown(path, owner.user, owner.group) }
        chmod(path, mode_t(mode))
        return nil
    }
}
