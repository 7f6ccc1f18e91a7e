import CLinux

/// The end of a file that grows.
enum FileTail {
    /// The last bytes, at most so many; none when it cannot be read.
    static func read(_ path: String, bytes: Int) -> [UInt8] {
        let descriptor = cl_open(path, O_RDONLY, 0)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var file = cl_file()
        guard cl_lstat(path, &file) == 0 else { return [] }
        let start = Swift.max(0, file.size - Int64(bytes))
        var buffer = [UInt8](repeating: 0, count: bytes)
        let count = pread(descriptor, &buffer, bytes, off_t(start))
        return count > 0 ? Array(buffer.prefix(count)) : []
    }
}
