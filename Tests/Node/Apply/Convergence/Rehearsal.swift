import Commands
import Foundation
import Manifest

/// A node before a deploy, and the same node after an undisturbed one: what every disturbed one must come to.
///
/// Each round works on a copy of the node before.
struct Rehearsal {
    let base: TestNode
    let desired: Desired
    let before: NodeState
    let after: NodeState
    /// The undisturbed run's changing system calls.
    let calls: [TracedApply.Call]
    /// How often the undisturbed run called a program.
    let programs: Int

    init(from base: TestNode, to desired: Desired) throws {
        self.base = base
        self.desired = desired
        before = try NodeState(base.root)
        let copy = try Self.copy(base)
        defer { Self.remove(copy) }
        Self.send(desired, to: copy)
        calls = try TracedApply(root: copy).calls()
        after = try NodeState(copy)
        // Once more, counting.
        let counted = try Self.copy(base)
        defer { Self.remove(counted) }
        Self.send(desired, to: counted)
        try "0 never\n".write(toFile: "\(counted)/die", atomically: false, encoding: .utf8)
        _ = try TracedApply(root: counted).run()
        programs =
            Int(
                (try String(contentsOfFile: "\(counted)/calls", encoding: .utf8)).dropLast()) ?? 0
    }

    /// A disturbed run on a new copy, then an undisturbed one; what is wrong afterwards, a line each.
    func round(
        then next: Desired? = nil, expecting expected: NodeState? = nil,
        disturb: (TracedApply, _ root: String) throws -> Command.Output
    ) throws -> (wrong: [String], first: Command.Output) {
        let root = try Self.copy(base)
        defer { Self.remove(root) }
        Self.send(desired, to: root)
        let apply = TracedApply(root: root)
        let first = try disturb(apply, root)
        unlink("\(root)/die")
        var wrong = try halfWritten(root)
        Self.send(next ?? desired, to: root)
        let second = try apply.run()
        if second.code != 0 { wrong.append("the next run: \(second.standardOutput)\(second.standardError)") }
        wrong += try NodeState(root).differences(from: expected ?? after)
        return (wrong, first)
    }

    /// Paths of either manifest that hold neither what they held before nor what they shall hold.
    private func halfWritten(_ root: String) throws -> [String] {
        let now = try NodeState(root)
        return Set(before.entries.keys).union(after.entries.keys).sorted().compactMap { path in
            guard isManaged(path) else { return nil }
            let found = now.entries[path].map(Self.content)
            let known = [before.entries[path].map(Self.content), after.entries[path].map(Self.content)]
            return known.contains(found) ? nil : "\(path) is half-written: \(now.entries[path] ?? "nothing")"
        }
    }

    private func isManaged(_ path: String) -> Bool {
        ["/etc/", "/srv/", "/opt/", "/usr/"].contains { path.hasPrefix($0) } && path != "/etc/passwd"
            && !path.hasPrefix("/etc/group")
    }

    /// A folder's mode may be on its way; whoever sees a file's new bytes sees its new mode and owner, too.
    private static func content(_ entry: String) -> String { entry.hasPrefix("d") ? "d" : entry }

    /// As a deploy does: what the node lacks of the blobs, and the manifest.
    static func send(_ desired: Desired, to root: String) {
        let state = "\(root)/var/lib/pinode"
        let files = FileManager.default
        try? files.removeItem(atPath: "\(state)/incoming")
        try? files.createDirectory(
            atPath: "\(state)/incoming/blobs", withIntermediateDirectories: true)
        for (digest, text) in desired.blobs {
            guard !files.fileExists(atPath: "\(state)/blobs/\(digest.hexadecimal)") else { continue }
            _ = files.createFile(
                atPath: "\(state)/incoming/blobs/\(digest.hexadecimal)", contents: Data(text.utf8))
        }
        _ = files.createFile(
            atPath: "\(state)/incoming/manifest.json", contents: Data(desired.manifest.document))
    }

    static func copy(_ node: TestNode) throws -> String {
        let root = "\(node.root)-copy-\(UInt64.random(in: 0...UInt64.max))"
        try Command(["cp", "-a", node.root, root]).run()
        return root
    }

    static func remove(_ root: String) { try? FileManager.default.removeItem(atPath: root) }
}
