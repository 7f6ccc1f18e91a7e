import CLinux
import Service

/// The processes below this one, by /proc/PID/stat (proc(5)). PostgreSQL's processes stay below it whatever dies, since it adopts
/// orphans.
enum Descendants {
    /// All of them but `spared` and what is below that one; zombies do not count.
    static func list(sparing spared: pid_t) -> [pid_t] {
        let parents = table()
        var found: [pid_t] = []
        var known = [getpid()]
        while let parent = known.popLast() {
            for process in parents where process.parent == parent && process.id != spared {
                known.append(process.id)
                if process.state != UInt8(ascii: "Z") { found.append(process.id) }
            }
        }
        return found
    }

    private static func table() -> [(id: pid_t, parent: pid_t, state: UInt8)] {
        var table: [(id: pid_t, parent: pid_t, state: UInt8)] = []
        for name in FolderNames.list("/proc") {
            guard let id = pid_t(name), let text = SmallFile.read("/proc/\(id)/stat", limit: 512) else {
                continue
            }
            // The name may hold anything, also `)`.
            guard let end = text.lastIndex(of: UInt8(ascii: ")")) else { continue }
            let fields = text[(end + 1)...].split(separator: 32)
            guard fields.count > 1, let state = fields[0].first,
                let parent = pid_t(String(decoding: fields[1], as: UTF8.self))
            else { continue }
            table.append((id, parent, state))
        }
        return table
    }
}
