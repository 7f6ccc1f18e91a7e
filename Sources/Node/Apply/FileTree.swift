import CLinux
import Digest
import Service

/// The node's file system below a root: `/`, or a test's folder.
struct FileTree {
    /// Without a slash at its end: empty for the real root.
    let root: String

    /// What is written before it is renamed to its name, in the same folder.
    private static let temporaryName = "/.pinode-new"
    private static let chunk = 65536

    /// Where a path of the manifest really is.
    func real(_ path: String) -> String { root + path }

    /// What stands at a path; nil for nothing.
    func look(_ path: String) throws(ApplyError) -> cl_file? {
        var found = cl_file()
        let code = cl_lstat(real(path), &found)
        if code == -ENOENT || code == -ENOTDIR { return nil }
        guard code == 0 else { throw ApplyError("look at", path, code: -code) }
        return found
    }

    /// The whole of a small file; nil where there is none.
    func read(_ path: String) throws(ApplyError) -> [UInt8]? {
        guard try look(path) != nil else { return nil }
        var bytes: [UInt8] = []
        try stream(path) { (part) throws(ApplyError) in bytes.append(contentsOf: part) }
        return bytes
    }

    /// The SHA-256 of a file's content.
    func digest(of path: String) throws(ApplyError) -> SHA256Digest {
        var hasher = SHA256()
        try stream(path) { (part) throws(ApplyError) in hasher.update(part) }
        return hasher.finish()
    }

    /// Where a link leads.
    func target(of path: String) throws(ApplyError) -> String {
        var characters = [CChar](repeating: 0, count: 4097)
        guard readlink(real(path), &characters, characters.count - 1) >= 0 else {
            throw ApplyError("read the link", path, code: cl_errno())
        }
        return String(cString: &characters)
    }

    /// Names in a folder, sorted; none where there is no folder.
    func names(in path: String) -> [String] {
        FolderNames.list(real(path))
    }

    /// Makes a folder and those above it, 0755 where nothing else is said later.
    func makeFolder(_ path: String, mode: mode_t = 0o755) throws(ApplyError) {
        if let found = try look(path), found.kind == kind("d") || found.kind == kind("l") { return }
        let above = FileTree.folder(of: path)
        if above != "/" { try makeFolder(above) }
        guard mkdir(real(path), mode) == 0 || cl_errno() == EEXIST else {
            throw ApplyError("make the folder", path, code: cl_errno())
        }
        try sync(folder: above)
    }

    /// Takes away what a run that was killed has left half-written beside a path.
    func removeTemporary(for path: String) { unlink(real(FileTree.temporary(for: path))) }

    private static func temporary(for path: String) -> String {
        let folder = FileTree.folder(of: path)
        return folder == "/" ? temporaryName : folder + temporaryName
    }

    /// Puts bytes at a path: whoever looks sees the old file or the new one, also after a power cut.
    func write(
        _ bytes: [UInt8], to path: String, mode: mode_t, user: uid_t? = nil, group: gid_t? = nil
    ) throws(ApplyError) {
        try replace(path, mode: mode, user: user, group: group) { (descriptor) throws(ApplyError) in
            // Not `throws`: this closure's type cannot be told to throw an ApplyError only.
            let code = bytes.withUnsafeBytes { writeAll($0, to: descriptor) }
            guard code == 0 else { throw ApplyError("write", path, code: code) }
        }
    }

    /// Copies a file to a path, just as safely.
    func copy(
        _ source: String, to path: String, mode: mode_t, user: uid_t? = nil, group: gid_t? = nil
    ) throws(ApplyError) {
        try replace(path, mode: mode, user: user, group: group) { (descriptor) throws(ApplyError) in
            try stream(source) { (part) throws(ApplyError) in
                let code = writeAll(part, to: descriptor)
                guard code == 0 else { throw ApplyError("write", path, code: code) }
            }
        }
    }

    /// Puts a link at a path, in place of whatever file or link stands there.
    func link(_ path: String, to target: String) throws(ApplyError) {
        let temporary = FileTree.temporary(for: path)
        unlink(real(temporary))
        guard symlink(target, real(temporary)) == 0 else {
            throw ApplyError("link", path, code: cl_errno())
        }
        do throws(ApplyError) { try move(temporary, to: path) } catch {
            unlink(real(temporary))
            throw error
        }
        try sync(folder: FileTree.folder(of: path))
    }

    /// Moves a file within the file system.
    func move(_ source: String, to path: String) throws(ApplyError) {
        let code = cl_rename(real(source), real(path))
        guard code == 0 else { throw ApplyError("move \(source) to", path, code: -code) }
    }

    /// Makes a file's content survive a power cut.
    func synchronise(_ path: String) throws(ApplyError) {
        let descriptor = cl_open(real(path), O_RDONLY, 0)
        guard descriptor >= 0 else { throw ApplyError("open", path, code: cl_errno()) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw ApplyError("sync", path, code: cl_errno()) }
    }

    /// Takes away a file, a link or an empty folder; nothing there is fine.
    func remove(_ path: String) throws(ApplyError) {
        guard let found = try look(path) else { return }
        let result = found.kind == kind("d") ? rmdir(real(path)) : unlink(real(path))
        guard result == 0 || cl_errno() == ENOENT else {
            throw ApplyError("remove", path, code: cl_errno())
        }
        try sync(folder: FileTree.folder(of: path))
    }

    /// Takes away a folder with the files in it, one level deep: what pinode itself made.
    func removeFolder(_ path: String) throws(ApplyError) {
        guard let found = try look(path), found.kind == kind("d") else { return }
        for name in names(in: path) { unlink(real("\(path)/\(name)")) }
        guard rmdir(real(path)) == 0 else { throw ApplyError("remove", path, code: cl_errno()) }
    }

    /// Sets permission bits and owner of what is there, never through a link.
    func setAttributes(_ path: String, mode: mode_t?, user: uid_t, group: gid_t) throws(ApplyError) {
        guard lchown(real(path), user, group) == 0 else {
            throw ApplyError("give away", path, code: cl_errno())
        }
        // After chown: it takes the set-user and set-group bits away (chown(2)).
        if let mode, chmod(real(path), mode) != 0 {
            throw ApplyError("set the mode of", path, code: cl_errno())
        }
    }

    /// Makes a folder's entries survive a power cut.
    func sync(folder path: String) throws(ApplyError) {
        try synchronise(path)
    }

    /// `/etc` for `/etc/hosts`, `/` for `/etc`.
    static func folder(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash != path.utf8.startIndex else {
            return "/"
        }
        return String(decoding: path.utf8[..<slash], as: UTF8.self)
    }

    private func replace(
        _ path: String, mode: mode_t, user: uid_t?, group: gid_t?, fill: (Int32) throws(ApplyError) -> Void
    ) throws(ApplyError) {
        let temporary = FileTree.temporary(for: path)
        unlink(real(temporary))
        let descriptor = cl_open(real(temporary), O_WRONLY | O_CREAT | O_EXCL | Int32(O_NOFOLLOW), 0o600)
        guard descriptor >= 0 else { throw ApplyError("write", path, code: cl_errno()) }
        defer { close(descriptor) }
        do throws(ApplyError) {
            try fill(descriptor)
            if let user, let group, fchown(descriptor, user, group) != 0 {
                throw ApplyError("give away", path, code: cl_errno())
            }
            guard fchmod(descriptor, mode) == 0 else {
                throw ApplyError("set the mode of", path, code: cl_errno())
            }
            guard fsync(descriptor) == 0 else { throw ApplyError("sync", path, code: cl_errno()) }
            try move(temporary, to: path)
        } catch {
            // On a full disk it would take the room that is missing.
            unlink(real(temporary))
            throw error
        }
        try sync(folder: FileTree.folder(of: path))
    }

    /// Returns 0 or the errno.
    private func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
        var done = 0
        while done < bytes.count, let start = bytes.baseAddress {
            let count = CLinux.write(descriptor, start + done, bytes.count - done)
            if count < 0, cl_errno() == EINTR { continue }
            guard count > 0 else { return cl_errno() }
            done += count
        }
        return 0
    }

    private func stream(_ path: String, _ body: (UnsafeRawBufferPointer) throws(ApplyError) -> Void)
        throws(ApplyError)
    {
        let descriptor = cl_open(real(path), O_RDONLY, 0)
        guard descriptor >= 0 else { throw ApplyError("open", path, code: cl_errno()) }
        defer { close(descriptor) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: FileTree.chunk, alignment: 1)
        defer { buffer.deallocate() }
        while true {
            let count = CLinux.read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0, cl_errno() == EINTR { continue }
            guard count >= 0 else { throw ApplyError("read", path, code: cl_errno()) }
            if count == 0 { return }
            try body(UnsafeRawBufferPointer(rebasing: buffer[0..<count]))
        }
    }
}

/// A letter of `cl_file.kind`.
func kind(_ letter: Unicode.Scalar) -> CChar { CChar(UInt8(ascii: letter)) }
