import Commands
import Digest
import Foundation

/// The files that the node runtime is compiled from, and the version that they are.
struct NodeSources {
    /// Below the package root.
    static let paths = ["Package.swift", "Sources/Node", "Sources/Shared", "Sources/System"]
    /// Hexadecimal digits of a commit or digest in a version.
    static let digits = 12
    /// How long git may take to look at them.
    static let gitTimeout: TimeInterval = 30

    let root: PackageRoot
    /// Of all paths and contents, in the order of the paths.
    let digest: SHA256Digest

    /// Reads them all.
    init(root: PackageRoot) throws(BuildError) {
        self.root = root
        var hasher = SHA256()
        for path in try Self.files(below: root.path) {
            let content = try Files.digest(of: "\(root.path)/\(path)")
            Array("\(path)\n\(content.hexadecimal)\n".utf8).withUnsafeBytes { hasher.update($0) }
        }
        digest = hasher.finish()
    }

    /// The commit in which these sources last changed, with `-dirty` and a digest behind it when they differ from it.
    ///
    /// Not HEAD: a commit that touches only documentation gives the same runtime, and nodes need not restart for it.
    /// Without git it is a digest of the sources alone.
    func version() -> String {
        let short = digest.hexadecimal.prefix(Self.digits)
        guard
            let commit = git(["log", "-1", "--format=%H", "--"] + Self.paths)?.trimmingCharacters(
                in: .newlines),
            commit.count >= Self.digits,
            let changes = git(["status", "--porcelain", "--untracked-files=all", "--"] + Self.paths)
        else { return "source.\(short)" }
        let stem = String(commit.prefix(Self.digits))
        return changes.isEmpty ? stem : "\(stem)-dirty.\(short)"
    }

    private func git(_ arguments: [String]) -> String? {
        // The folder may belong to the user who called sudo; its hooks and monitors are not run.
        let command = Command(
            ["git", "-c", "safe.directory=\(root.path)", "-c", "core.fsmonitor=false", "-C", root.path]
                + arguments,
            environment: ["GIT_OPTIONAL_LOCKS": "0"], timeout: Self.gitTimeout)
        guard let output = try? command.runAny(), output.code == 0 else { return nil }
        return output.standardOutput
    }

    private static func files(below root: String) throws(BuildError) -> [String] {
        var found: [String] = []
        var waiting = paths
        while let path = waiting.popLast() {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: "\(root)/\(path)", isDirectory: &isFolder) else {
                throw BuildError(
                    "\(root)/\(path) is missing: this is not a whole copy of pidep. Clone it again.")
            }
            guard isFolder.boolValue else {
                found.append(path)
                continue
            }
            // Editors leave hidden and backup files, which SwiftPM does not compile.
            for name in try Files.list("\(root)/\(path)") where !name.hasPrefix(".") && !name.hasSuffix("~") {
                waiting.append("\(path)/\(name)")
            }
        }
        return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
