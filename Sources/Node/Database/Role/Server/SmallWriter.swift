import CLinux

/// Writes files whole or not at all.
enum SmallWriter {
    /// Replaces a file: written beside it, synced, renamed, the folder synced. Nil, or why not.
    static func write(
        _ path: String, _ bytes: [UInt8], mode: UInt32 = 0o600, owner: (user: UInt32, group: UInt32)? = nil
    ) -> String? {
        let temporary = path + ".new"
        unlink(temporary)
        let descriptor = cl_open(temporary, O_WRONLY | O_CREAT | O_EXCL, mode_t(mode))
        guard descriptor >= 0 else { return failure("make", temporary) }
        var isWritten = true
        var start = 0
        while start < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                CLinux.write(descriptor, buffer.baseAddress?.advanced(by: start), bytes.count - start)
            }
            guard count > 0 else {
                isWritten = false
                break
            }
            start += count
        }
        if isWritten, let owner { isWritten = fchown(descriptor, owner.user, owner.group) == 0 }
        isWritten = isWritten && fsync(descriptor) == 0
        let why = isWritten ? nil : failure("write", temporary)
        close(descriptor)
        if let why { return why }
        guard cl_rename(temporary, path) == 0 else { return failure("rename", temporary) }
        syncFolder(of: path)
        return nil
    }

    static func syncFolder(of path: String) {
        let end = path.utf8.lastIndex(of: UInt8(ascii: "/")) ?? path.utf8.startIndex
        let handle = cl_open(String(path[..<end]), O_RDONLY, 0)
        guard handle >= 0 else { return }
        fsync(handle)
        close(handle)
    }

    private static func failure(_ what: String, _ path: String) -> String {
        "cannot \(what) \(path): \(String(cString: cl_strerror(cl_errno())))"
    }
}
