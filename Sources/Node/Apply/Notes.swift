import CLinux
import Manifest

/// What a transition writes down before it acts, and takes away by it: the reason why a run may be killed anywhere.
extension Transition {
    /// The manifest that a run before this one began and did not end.
    func begunManifest() throws(ApplyError) -> Manifest? {
        guard let bytes = try tree.read(PendingActions.begunPath) else { return nil }
        do throws(ManifestError) { return try Manifest.read(bytes) } catch { return nil }
    }

    /// Writes down what is going to be done, before the first of it is done.
    func note(
        _ pending: PendingActions, _ changes: FileChanges, begins manifest: Manifest?
    ) throws(ApplyError) {
        let belongings = try readBelongings()
        var extended = belongings
        for folder in try changes.newFolders() { extended.add(directory: folder) }
        if extended != belongings { try write(extended) }
        if let manifest { try tree.write(manifest.document, to: PendingActions.begunPath, mode: 0o600) }
        if !pending.isEmpty { try tree.write(Array(pending.text.utf8), to: PendingActions.path, mode: 0o600) }
    }

    /// What the run that was killed may have been writing.
    func removeTemporaries(of begun: Manifest) {
        for file in begun.files { tree.removeTemporary(for: file.path) }
        for path in [Releases.current, PendingActions.path] { tree.removeTemporary(for: path) }
    }

    /// Takes away the folders that applies have made and that nobody needs any more.
    func removeFolders(of manifest: Manifest) throws(ApplyError) {
        let belongings = try readBelongings()
        var remaining = belongings
        for path in manifest.unwantedDirectories(belongings) {
            if let found = try tree.look(path), found.kind == kind("d") {
                guard cl_directory_has_entries(tree.real(path)) == 0 else { continue }
                try tree.remove(path)
                events.changed("file", "path", path, "removed")
                try faults.pass()
            }
            remaining.directories.removeAll { $0 == path }
        }
        if remaining != belongings { try write(remaining) }
    }

    func readBelongings() throws(ApplyError) -> Belongings {
        Belongings(text: text(try tree.read(Belongings.path)))
    }

    func write(_ belongings: Belongings) throws(ApplyError) {
        guard !belongings.isEmpty else { return try tree.remove(Belongings.path) }
        try tree.write(Array(belongings.text.utf8), to: Belongings.path, mode: 0o600)
    }
}
