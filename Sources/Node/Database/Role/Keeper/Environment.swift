import CLinux

/// This process's environment.
enum Environment {
    static func all() -> [String] {
        var entries: [String] = []
        while let entry = cl_environment(Int32(entries.count)) { entries.append(String(cString: entry)) }
        return entries
    }

    /// The same with these entries in place of those of their names, for a program that is not the service: Debian's PostgreSQL
    /// would tell systemd that the service stops whenever it is restarted (sd_notify(3)).
    static func with(_ entries: [String]) -> [String] {
        var names = entries.map { $0.utf8.prefix { $0 != UInt8(ascii: "=") } }
        names.append("NOTIFY_SOCKET".utf8.prefix { _ in true })
        return entries
            + all().filter { entry in
                let name = entry.utf8.prefix { $0 != UInt8(ascii: "=") }
                return !names.contains { $0.elementsEqual(name) }
            }
    }
}
