import CLinux
import Consensus

/// A folder of a real file system.
public struct FileDisk: Disk, Sendable {
    /// The folder, which must be there.
    public let folder: String

    /// A folder that is there.
    public init(_ folder: String) { self.folder = folder }

    /// The names in the folder.
    public func list() throws(DiskError) -> [String] {
        var names: [String] = []
        let code = withUnsafeMutablePointer(to: &names) { list in
            cl_list_directory(folder, list) { context, name in
                guard let name else { return }
                context?.assumingMemoryBound(to: [String].self).pointee.append(String(cString: name))
            }
        }
        guard code == 0 else { throw error("listed", folder, -code) }
        return names
    }

    /// A whole file.
    public func read(_ name: String) throws(DiskError) -> [UInt8] {
        let descriptor = try open(name, O_RDONLY, "read")
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = piece.withUnsafeMutableBytes { CLinux.read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return bytes }
            if count < 0 {
                if cl_errno() == EINTR { continue }
                throw error("read", path(name), cl_errno())
            }
            bytes.append(contentsOf: piece[..<count])
        }
    }

    /// pwrite(2), until all is written.
    public func write(_ bytes: [UInt8], to name: String, at offset: Int64) throws(DiskError) {
        let descriptor = try open(name, O_WRONLY | O_CREAT | (offset == 0 ? O_TRUNC : 0), "written")
        defer { close(descriptor) }
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress! + done, $0.count - done, off_t(offset) + off_t(done))
            }
            if count < 0 && cl_errno() != EINTR { throw error("written", path(name), cl_errno()) }
            done += max(0, count)
        }
    }

    /// ftruncate(2).
    public func truncate(_ name: String, to size: Int64) throws(DiskError) {
        let descriptor = try open(name, O_WRONLY, "cut")
        defer { close(descriptor) }
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw error("cut", path(name), cl_errno()) }
    }

    /// fdatasync(2).
    public func sync(_ name: String) throws(DiskError) {
        let descriptor = try open(name, O_WRONLY, DiskError.flushVerb)
        defer { close(descriptor) }
        guard fdatasync(descriptor) == 0 else { throw error(DiskError.flushVerb, path(name), cl_errno()) }
    }

    /// rename(2).
    public func rename(_ name: String, to other: String) throws(DiskError) {
        let code = cl_rename(path(name), path(other))
        guard code == 0 else { throw error("renamed", path(name), -code) }
    }

    /// unlink(2).
    public func remove(_ name: String) throws(DiskError) {
        guard unlink(path(name)) == 0 else { throw error("removed", path(name), cl_errno()) }
    }

    /// fsync(2) of the folder.
    public func syncFolder() throws(DiskError) {
        let descriptor = cl_open(folder, O_RDONLY | O_DIRECTORY, 0)
        guard descriptor >= 0 else { throw error("opened", folder, cl_errno()) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw error(DiskError.flushVerb, folder, cl_errno()) }
    }

    /// Room that is left, in KiB; 0 when nobody can say.
    public var freeKiB: UInt16 { UInt16(clamping: max(0, cl_free_kib(folder))) }

    private func path(_ name: String) -> String { "\(folder)/\(name)" }

    private func open(_ name: String, _ flags: Int32, _ verb: String) throws(DiskError) -> Int32 {
        let descriptor = cl_open(path(name), flags, 0o600)
        guard descriptor >= 0 else { throw error(verb, path(name), cl_errno()) }
        return descriptor
    }

    private func error(_ verb: String, _ file: String, _ code: Int32) -> DiskError {
        DiskError(verb, file, code: code, words: String(cString: cl_strerror(code)))
    }
}
