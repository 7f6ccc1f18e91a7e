import CLinux
import Digest
import Manifest

/// The releases on a node, the link to the current one, and the blobs that they need.
struct Releases {
    static let folder = "/opt/pinode/releases"
    static let current = "/opt/pinode/current"
    static let blobs = "/var/lib/pinode/blobs"
    /// How many releases are kept, the current one included.
    static let kept = 3

    let tree: FileTree

    /// The current release's identifier; nil on a bare node.
    func currentIdentifier() throws(ApplyError) -> String? {
        guard let found = try tree.look(Self.current), found.kind == kind("l") else { return nil }
        let target = try tree.target(of: Self.current)
        guard let slash = target.utf8.lastIndex(of: UInt8(ascii: "/")) else { return target }
        return String(decoding: target.utf8[target.utf8.index(after: slash)...], as: UTF8.self)
    }

    /// The manifest of a release; nil where it cannot be read: then the node is treated as bare.
    func manifest(of identifier: String) throws(ApplyError) -> Manifest? {
        guard let bytes = try tree.read("\(Self.folder)/\(identifier)/manifest.json") else { return nil }
        do throws(ManifestError) { return try Manifest.read(bytes) } catch { return nil }
    }

    static func blobPath(_ digest: SHA256Digest) -> String { "\(blobs)/\(digest.hexadecimal)" }

    /// Makes a release's folder: the runtime first, the manifest last, so that a folder with a manifest is whole.
    func make(_ manifest: Manifest, document: [UInt8], faults: FaultPoints) throws(ApplyError) {
        let folder = "\(Self.folder)/\(manifest.release)"
        try tree.makeFolder(folder)
        if try !isRuntime(manifest.runtime, at: "\(folder)/pinode") {
            try tree.copy(Self.blobPath(manifest.runtime.digest), to: "\(folder)/pinode", mode: 0o755)
        }
        try faults.pass()
        // Written anew although it may be there: its time says which releases were current last. Only root
        // may read it: paths and names are nobody else's business.
        try tree.write(document, to: "\(folder)/manifest.json", mode: 0o600)
    }

    /// Whether a manifest's release is there with a runtime that is what it shall be.
    func isWhole(_ manifest: Manifest) throws(ApplyError) -> Bool {
        try isRuntime(manifest.runtime, at: "\(Self.folder)/\(manifest.release)/pinode")
    }

    private func isRuntime(_ runtime: Manifest.Runtime, at path: String) throws(ApplyError) -> Bool {
        guard let found = try tree.look(path), found.kind == kind("f"), found.mode == 0o755,
            found.size == Int64(runtime.size)
        else { return false }
        return try tree.digest(of: path) == runtime.digest
    }

    /// Makes a release the current one, at once for everybody who looks.
    func activate(_ identifier: String) throws(ApplyError) {
        try tree.link(Self.current, to: "releases/\(identifier)")
    }

    /// Takes away all releases but the current and the newest others, what a killed run left of one, then the blobs
    /// that none needs.
    func prune() throws(ApplyError) {
        let current = try currentIdentifier()
        var others: [(name: String, time: Int64)] = []
        for name in tree.names(in: Self.folder) where name != current {
            let manifest = "\(Self.folder)/\(name)/manifest.json"
            tree.removeTemporary(for: manifest)
            if let found = try tree.look(manifest) {
                others.append((name, found.modified))
            } else {
                try tree.removeFolder("\(Self.folder)/\(name)")
            }
        }
        others.sort { $0.time > $1.time }
        for release in others.dropFirst(Self.kept - 1) {
            try tree.removeFolder("\(Self.folder)/\(release.name)")
        }
        var needed: [SHA256Digest] = []
        for name in tree.names(in: Self.folder) {
            guard let manifest = try manifest(of: name) else { continue }
            for blob in manifest.blobs { needed.append(blob.digest) }
        }
        for name in tree.names(in: Self.blobs) {
            if let digest = SHA256Digest(hexadecimal: name), needed.contains(digest) { continue }
            try tree.remove("\(Self.blobs)/\(name)")
        }
    }
}
