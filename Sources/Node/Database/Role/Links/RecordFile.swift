import Database
import Digest
import Service

/// `MemberRecord` on the disk: its fields and the first bytes of their SHA-256, replaced as a whole.
struct RecordFile {
    let path: String
    private static let form: UInt8 = 1
    private static let checkBytes = 8

    enum Content: Equatable {
        case nothing
        case record(MemberRecord)
        /// It is there and cannot be believed: why.
        case damaged(String)
    }

    func read() -> Content {
        guard let bytes = SmallFile.read(path, limit: 4096) else { return .nothing }
        guard bytes.count > Self.checkBytes else { return .damaged("\(path) is too short") }
        let body = Array(bytes.dropLast(Self.checkBytes))
        guard Array(bytes.suffix(Self.checkBytes)) == Self.check(body) else {
            return .damaged("\(path) has a wrong checksum")
        }
        var reader = ByteReader(body)
        guard reader.byte() == Self.form, let fenced: UInt64 = reader.number(),
            let folder = reader.byte().flatMap({ FolderState(rawValue: $0) }),
            let mustRewind = reader.flag(),
            let identifier: UInt64 = reader.number(), reader.isAtEnd
        else { return .damaged("\(path) is of a later version") }
        var record = MemberRecord()
        record.fencedEpoch = fenced
        record.folder = folder
        record.mustRewind = mustRewind
        record.systemIdentifier = identifier
        return .record(record)
    }

    /// Nil, or why it is not on the disk.
    func write(_ record: MemberRecord) -> String? {
        var writer = ByteWriter()
        writer.byte(Self.form)
        writer.number(record.fencedEpoch)
        writer.byte(record.folder.rawValue)
        writer.flag(record.mustRewind)
        writer.number(record.systemIdentifier)
        return SmallWriter.write(path, writer.bytes + Self.check(writer.bytes))
    }

    private static func check(_ bytes: [UInt8]) -> [UInt8] {
        Array(SHA256.bytes(of: bytes).prefix(checkBytes))
    }
}
