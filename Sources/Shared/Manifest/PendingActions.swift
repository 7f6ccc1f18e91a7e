/// What an apply still owes the node's units: written down before the first file changes and taken away at the
/// end, so that a run killed in between is made up for by the next one.
public struct PendingActions: Equatable, Sendable {
    /// Where a node keeps them.
    public static let path = "/var/lib/pinode/pending"
    /// Where a node keeps the manifest that an apply has begun to carry out, until it is done: what it made must be
    /// taken away if the next manifest does not want it, although it never became a release.
    public static let begunPath = "/var/lib/pinode/begun.json"

    /// systemd has not read changed unit files yet.
    public var reloadsManager = false
    /// Units to restart, each once.
    public var restart: [String] = []
    /// Units to reload, each once.
    public var reload: [String] = []

    /// Nothing owed.
    public init() {}

    /// What text from a node says; a word that is not known counts as nothing.
    public init(text: String) {
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
            let words = line.split(separator: UInt8(ascii: " "))
            guard let first = words.first else { continue }
            if first.elementsEqual("daemon-reload".utf8) { reloadsManager = true }
            guard words.count == 2, let unit = String(words[1]) else { continue }
            if first.elementsEqual("restart".utf8) { restart.append(unit) }
            if first.elementsEqual("reload".utf8) { reload.append(unit) }
        }
    }

    /// One action a line.
    public var text: String {
        var text = reloadsManager ? "daemon-reload\n" : ""
        for unit in restart { text += "restart \(unit)\n" }
        for unit in reload { text += "reload \(unit)\n" }
        return text
    }

    /// Nothing owed.
    public var isEmpty: Bool { !reloadsManager && restart.isEmpty && reload.isEmpty }

    /// Owes what the change of a file asks for.
    public mutating func add(changed file: ManagedFile) {
        for unit in file.restart where !restart.contains(unit) { restart.append(unit) }
        for unit in file.reload where !reload.contains(unit) { reload.append(unit) }
        if file.isUnitFile { reloadsManager = true }
    }

    /// Owes what a new runtime asks for.
    public mutating func add(newRuntimeOf unit: ManagedUnit) {
        switch unit.onNewRuntime {
        case .nothing: break
        case .restart: if !restart.contains(unit.name) { restart.append(unit.name) }
        case .reload: if !reload.contains(unit.name) { reload.append(unit.name) }
        }
    }
}

extension ManagedFile {
    /// systemd reads it (systemd.unit(5), unit file load path): a change asks for a daemon-reload.
    public var isUnitFile: Bool {
        for folder in ["/etc/systemd/system/", "/usr/lib/systemd/system/", "/lib/systemd/system/"] {
            if path.utf8.starts(with: folder.utf8) { return true }
        }
        return false
    }
}
