import CLinux

/// This process's environment.
enum Environment {
    static func all() -> [String] {
        var entries: [String] = []
        while let entry = cl_environment(Int32(entries.count)) { entries.append(String(cString: entry)) }
        return entries
    }

    /// The same with these entries in place of those of their names.
    static func with(_ entries: [String]) -> [String] {
        let names = entries.map { $0.utf8.prefix { $0 != UInt8(ascii: "=") } }
        return entries
            + all().filter { entry in
                let name = entry.utf8.prefix { $0 != UInt8(ascii: "=") }
                return !names.contains { $0.elementsEqual(name) }
            }
    }
}
