import CLinux

/// What a keeper leaves to the one that replaces it in the same process, in its environment.
struct KeeperLegacy: Equatable {
    static let variable = "PINODE_DATABASE_KEEPER"
    /// What the agent left to the next one.
    static let agentVariable = "PINODE_DATABASE_AGENT"

    /// The running programs.
    var programs: [(id: UInt32, process: pid_t)] = []
    /// When they are killed; 0: not.
    var until: Int64 = 0

    var text: String {
        var text = "\(until)"
        for program in programs { text += " \(program.id):\(program.process)" }
        return text
    }

    init() {}

    init(_ text: String) {
        let words = text.utf8.split(separator: 32)
        guard let first = words.first, let until = Int64(String(decoding: first, as: UTF8.self)) else {
            return
        }
        self.until = until
        for word in words.dropFirst() {
            let parts = word.split(separator: UInt8(ascii: ":"))
            guard parts.count == 2, let id = UInt32(String(decoding: parts[0], as: UTF8.self)),
                let process = pid_t(String(decoding: parts[1], as: UTF8.self))
            else { continue }
            programs.append((id, process))
        }
    }

    static func == (a: KeeperLegacy, b: KeeperLegacy) -> Bool { a.text == b.text }
}
