/// The names and frames of a log's files.
///
/// Every file begins with eight bytes that say what it is and which version wrote it. Numbers are little-endian, checksums
/// CRC-32C.
///
/// | file | what |
/// | --- | --- |
/// | `vote` | this member's number, the newest term and the vote in it |
/// | `snapshot-INDEX` | the state after an entry |
/// | `log-NUMBER` | a segment: batches of entries; the numbers have no gaps. A batch replaces what older ones have from its first index on |
///
/// `vote` and snapshots are written whole under another name (`new`) and renamed. A segment grows; a batch is what was written
/// and synchronised at once.
enum LogFiles {
    static let voteMark: [UInt8] = Array("pidepV\0\u{1}".utf8)
    static let snapshotMark: [UInt8] = Array("pidepS\0\u{1}".utf8)
    static let segmentMark: [UInt8] = Array("pidepL\0\u{1}".utf8)
    static let vote = "vote"
    static let new = "new"
    /// Bytes after which a segment is ended and the next one begun.
    static let segmentLimit: Int64 = 256 << 10

    static func snapshot(_ index: UInt64) -> String { "snapshot-\(digits(index))" }
    static func segment(_ number: UInt64) -> String { "log-\(digits(number))" }

    static func number(_ name: String, after prefix: String) -> UInt64? {
        guard name.hasPrefix(prefix) else { return nil }
        let rest = name.utf8.dropFirst(prefix.utf8.count)
        guard rest.count == 20 else { return nil }
        var value: UInt64 = 0
        for byte in rest {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            let (high, tooHigh) = value.multipliedReportingOverflow(by: 10)
            let (sum, tooMuch) = high.addingReportingOverflow(UInt64(byte - 0x30))
            if tooHigh || tooMuch { return nil }
            value = sum
        }
        return value
    }

    /// With zeros in front, so that names sort as numbers do.
    private static func digits(_ number: UInt64) -> String {
        let text = String(number)
        return String(repeating: "0", count: 20 - text.utf8.count) + text
    }

    /// A whole file: mark, payload, checksum of both.
    static func sealed(_ mark: [UInt8], _ payload: [UInt8]) -> [UInt8] {
        var writer = ByteWriter(bytes: mark)
        writer.bytes.append(contentsOf: payload)
        writer.add(CRC32C.of(writer.bytes))
        return writer.bytes
    }

    /// What `sealed` wrapped, or what is wrong.
    static func unseal(_ bytes: [UInt8], _ mark: [UInt8], _ name: String) throws(LogError) -> [UInt8] {
        try check(bytes, mark, name)
        var reader = ByteReader(bytes, at: max(8, bytes.count - 4))
        guard bytes.count >= 12, reader.uint32() == CRC32C.of(bytes[..<(bytes.count - 4)]) else {
            throw .damage(name, "its checksum is wrong")
        }
        return Array(bytes[8..<(bytes.count - 4)])
    }

    /// Tells a file of another version from a damaged one.
    static func check(_ bytes: [UInt8], _ mark: [UInt8], _ name: String) throws(LogError) {
        guard bytes.count >= 8, bytes[..<7] == mark[..<7] else {
            throw .damage(name, "it does not begin as such a file does")
        }
        guard bytes[7] == mark[7] else {
            throw LogError(
                "\(name) has format \(bytes[7]), and this pinode knows format \(mark[7]). Install the version that wrote it"
            )
        }
    }
}
