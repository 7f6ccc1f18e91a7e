/// What came on one stream, cut into lines.
struct SSHLines {
    /// Where a line that does not end is cut when nothing is kept: memory stays bounded whatever a node prints.
    static let longestLine = 1 << 20

    /// All of it; where nothing is kept, what has not been taken yet.
    var bytes: [UInt8] = []
    private let keeps: Bool
    private var told = 0
    private var searched = 0

    init(keeps: Bool) { self.keeps = keeps }

    /// The whole lines that have come since the last time; at the end of the stream the unfinished one, too.
    mutating func take(last: Bool) -> [String] {
        var lines: [String] = []
        while let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) {
            lines.append(String(decoding: bytes[told..<end], as: UTF8.self))
            told = end + 1
            searched = told
        }
        searched = bytes.count
        if told < bytes.count, last || (!keeps && bytes.count - told >= Self.longestLine) {
            lines.append(String(decoding: bytes[told...], as: UTF8.self))
            told = bytes.count
        }
        if !keeps, told > 0 {
            bytes.removeFirst(told)
            told = 0
            searched = bytes.count
        }
        return lines
    }
}
