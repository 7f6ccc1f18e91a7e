import CLinux

/// Files that are read whole.
public enum SmallFile {
    /// The bytes of a file, at most `limit`; nil, with errno, when it cannot be read.
    public static func read(_ path: String, limit: Int) -> [UInt8]? {
        let descriptor = cl_open(path, O_RDONLY, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(limit, 4096))
        while bytes.count < limit {
            let count = CLinux.read(descriptor, &chunk, min(chunk.count, limit - bytes.count))
            if count < 0 { return nil }
            if count == 0 { break }
            bytes.append(contentsOf: chunk[0..<count])
        }
        return bytes
    }
}
