import CLinux
import Digest
import Foundation

/// Everything that a node's folder holds, path by path: kind, mode, owner, and content or target.
struct NodeState: Equatable {
    private(set) var entries: [String: String] = [:]

    /// What a deploy does not decide about: the tools and their diary, and the test's own notes.
    private static let ignored = ["tools", "log", "apt", "calls", "die"]

    init(_ root: String) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: root)
        where !Self.ignored.contains(name) {
            try add("/\(name)", root)
        }
    }

    private mutating func add(_ path: String, _ root: String) throws {
        entries[path] = try Self.describe(root + path)
        var found = cl_file()
        guard cl_lstat(root + path, &found) == 0, found.kind == CChar(UInt8(ascii: "d")) else { return }
        for name in try FileManager.default.contentsOfDirectory(atPath: root + path) {
            try add("\(path)/\(name)", root)
        }
    }

    /// One path in a line; nil where nothing is.
    static func describe(_ path: String) throws -> String? {
        var found = cl_file()
        guard cl_lstat(path, &found) == 0 else { return nil }
        let kind = Character(Unicode.Scalar(UInt8(bitPattern: found.kind)))
        let looks = "\(kind) \(String(found.mode, radix: 8)) \(found.user):\(found.group)"
        switch kind {
        case "f":
            let bytes = Array(FileManager.default.contents(atPath: path) ?? Data())
            let text = bytes.count < 60 ? String(decoding: bytes, as: UTF8.self) : "\(bytes.count) bytes"
            return "\(looks) \(SHA256Digest(of: bytes).hexadecimal.prefix(16)) \(text)"
        case "l": return "\(looks) \(try FileManager.default.destinationOfSymbolicLink(atPath: path))"
        default: return looks
        }
    }

    /// What another state has otherwise, a line a path; empty when they are equal.
    func differences(from other: NodeState) -> [String] {
        Set(entries.keys).union(other.entries.keys).sorted().compactMap { path in
            let mine = entries[path]
            let theirs = other.entries[path]
            return mine == theirs ? nil : "\(path): \(mine ?? "nothing"), not \(theirs ?? "nothing")"
        }
    }
}
