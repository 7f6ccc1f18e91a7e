import CLinux

/// Finds the lines of a head as bytes arrive. It looks at every byte once, however they are split.
struct LineReader: Equatable, Sendable {
    /// Where the line that is not complete yet begins.
    var start = 0
    private var scanned = 0

    enum Line {
        case incomplete
        /// The line without its CRLF; the next begins at `end + 2`.
        case line(start: Int, end: Int)
        case bareLineFeed
    }

    @inline(__always)
    mutating func next(_ bytes: RawSpan) -> Line {
        let from = scanned
        let count = bytes.byteCount
        guard from < count else { return .incomplete }
        let found = bytes.withUnsafeBytes { buffer -> Int in
            guard let base = buffer.baseAddress, let hit = memchr(base + from, 0x0A, count - from) else {
                return -1
            }
            return UnsafeRawPointer(hit) - base
        }
        guard found >= 0 else {
            scanned = count
            return .incomplete
        }
        scanned = found + 1
        guard found > start, bytes.byte(found - 1) == 0x0D else { return .bareLineFeed }
        defer { start = found + 1 }
        return .line(start: start, end: found - 1)
    }
}
