import Consensus

/// A folder on a disk that keeps after a crash what was synchronised, and of the rest what chance leaves: sectors, sizes and
/// names.
public final class SimulatedDisk: Disk {
    /// Written at once, or not at all.
    public static let sector = 512

    private struct File {
        /// What a reader sees.
        var content: [UInt8] = []
        /// What was there at the last sync.
        var durable: [UInt8] = []
    }

    private enum Change {
        case make(String, Int)
        case rename(String, String)
        case remove(String)
    }

    private var files: [Int: File] = [:]
    private var names: [String: Int] = [:]
    private var durableNames: [String: Int] = [:]
    private var changes: [Change] = []
    private var nextFile = 0
    /// Bytes that all files together may have; more is errno's ENOSPC.
    public var capacity = Int.max
    /// Calls that still succeed before one fails with this errno, and all after it.
    public var failure: (after: Int, code: Int32)?
    /// A disk that lies: `sync` and `syncFolder` do nothing.
    public var isLying = false
    /// Bytes written so far.
    public private(set) var writtenBytes = 0
    /// Calls of `sync` and `syncFolder` so far.
    public private(set) var syncs = 0

    /// Bytes that all files have together.
    public var size: Int { files.reduce(0) { $0 + $1.value.content.count } }

    /// An empty folder.
    public init() {}

    /// The same contents on a disk of its own.
    public func copy() -> SimulatedDisk {
        let copy = SimulatedDisk()
        copy.files = files
        copy.names = names
        copy.durableNames = durableNames
        copy.changes = changes
        copy.nextFile = nextFile
        return copy
    }

    /// What a file has, for a test that changes it behind the log's back; nil removes it.
    public subscript(name: String) -> [UInt8]? {
        get { names[name].flatMap { files[$0]?.content } }
        set {
            names[name] = nil
            if let newValue {
                names[name] = nextFile
                files[nextFile] = File(content: newValue, durable: newValue)
                nextFile += 1
            }
            durableNames = names
        }
    }

    /// The power goes and comes back.
    public func crash(_ random: inout SeededRandom) {
        for change in changes.prefix(random.below(changes.count + 1)) { apply(change, to: &durableNames) }
        changes = []
        names = durableNames
        for (number, file) in files.sorted(by: { $0.key < $1.key }) {
            guard names.values.contains(number) else {
                files[number] = nil
                continue
            }
            let content = left(of: file, &random)
            files[number] = File(content: content, durable: content)
        }
        failure = nil
    }

    /// The process dies; the kernel keeps what was written.
    public func forgetFailure() { failure = nil }

    // MARK: Disk

    /// All names.
    public func list() throws(DiskError) -> [String] {
        try attempt("listed", ".")
        return Array(names.keys)
    }

    /// A whole file.
    public func read(_ name: String) throws(DiskError) -> [UInt8] {
        try attempt("read", name)
        guard let number = names[name], let file = files[number] else { throw error("read", name, 2) }
        return file.content
    }

    /// Writes as far as there is room.
    public func write(_ bytes: [UInt8], to name: String, at offset: Int64) throws(DiskError) {
        try attempt("written", name)
        if names[name] == nil {
            names[name] = nextFile
            files[nextFile] = File()
            changes.append(.make(name, nextFile))
            nextFile += 1
        }
        guard let number = names[name], var file = files[number], offset <= file.content.count else {
            throw error("written", name, 22)
        }
        if offset == 0 { file.content = [] }
        let others = files.reduce(0) { $0 + ($1.key == number ? 0 : $1.value.content.count) }
        let room = max(0, capacity - others - Int(offset))
        let part = bytes.prefix(room)
        file.content.removeSubrange(min(file.content.count, Int(offset) + part.count)...)
        file.content.replaceSubrange(Int(offset)..., with: part)
        files[number] = file
        writtenBytes += part.count
        guard part.count == bytes.count else { throw error("written", name, DiskError.noSpace) }
    }

    /// Cuts a file.
    public func truncate(_ name: String, to size: Int64) throws(DiskError) {
        try attempt("cut", name)
        guard let number = names[name] else { throw error("cut", name, 2) }
        files[number]?.content.removeSubrange(Int(size)...)
    }

    /// What the file has now survives a crash.
    public func sync(_ name: String) throws(DiskError) {
        try attempt(DiskError.flushVerb, name)
        syncs += 1
        guard let number = names[name], let file = files[number] else {
            throw error(DiskError.flushVerb, name, 2)
        }
        if !isLying { files[number]?.durable = file.content }
    }

    /// Renames a file.
    public func rename(_ name: String, to other: String) throws(DiskError) {
        try attempt("renamed", name)
        guard names[name] != nil else { throw error("renamed", name, 2) }
        apply(.rename(name, other), to: &names)
        changes.append(.rename(name, other))
    }

    /// Removes a file.
    public func remove(_ name: String) throws(DiskError) {
        try attempt("removed", name)
        guard names[name] != nil else { throw error("removed", name, 2) }
        apply(.remove(name), to: &names)
        changes.append(.remove(name))
    }

    /// What names there are now survives a crash.
    public func syncFolder() throws(DiskError) {
        try attempt(DiskError.flushVerb, ".")
        syncs += 1
        guard !isLying else { return }
        durableNames = names
        changes = []
    }

    // MARK: inside

    private func apply(_ change: Change, to names: inout [String: Int]) {
        switch change {
        case .make(let name, let number): names[name] = number
        case .rename(let name, let other): names[other] = names.removeValue(forKey: name)
        case .remove(let name): names[name] = nil
        }
    }

    private func attempt(_ verb: String, _ name: String) throws(DiskError) {
        guard let (after, code) = failure else { return }
        guard after > 0 else { throw error(verb, name, code) }
        failure = (after - 1, code)
    }

    private func error(_ verb: String, _ name: String, _ code: Int32) -> DiskError {
        DiskError(verb, name, code: code, words: "error \(code)")
    }

    /// Any mixture of what was there and what was written, sector by sector; where a file grew, what is not there is zeros or
    /// beyond its end.
    private func left(of file: File, _ random: inout SeededRandom) -> [UInt8] {
        let (old, new) = (file.durable, file.content)
        guard old != new else { return old }
        let sizes = [
            old.count, new.count, min(old.count, new.count) + random.below(abs(old.count - new.count) + 1),
        ]
        let size = random.pick(sizes)
        var content = [UInt8](repeating: 0, count: size)
        for start in stride(from: 0, to: size, by: Self.sector) {
            let source = random.below(2) == 0 ? old : new
            for place in start..<min(start + Self.sector, size) where place < source.count {
                content[place] = source[place]
            }
        }
        return content
    }
}
