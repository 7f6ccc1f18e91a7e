import Service

extension JobRunner {
    /// Of 1000: how far pg_basebackup or pg_rewind is, by the last line that it wrote (`12345/67890 kB (18%), …`).
    var progress: UInt16 {
        guard let percent = Self.percent(Array(lastWords.utf8)) else { return 0 }
        return UInt16(percent * 10)
    }

    static func percent(_ line: [UInt8]) -> Int? {
        guard let end = line.lastIndex(of: UInt8(ascii: "%")) else { return nil }
        var start = end
        while start > 0, line[start - 1] >= 0x30, line[start - 1] <= 0x39 { start -= 1 }
        guard let percent = Int(String(decoding: line[start..<end], as: UTF8.self)), percent <= 100 else {
            return nil
        }
        return percent
    }
}
