/// A column of a result.
public struct Column: Equatable, Sendable {
    /// As the query named it.
    public var name: String
    /// The object ID of its type.
    public var type: UInt32

    /// A column with all its parts.
    public init(name: String, type: UInt32) {
        self.name = name
        self.type = type
    }
}

/// Whether a session is inside a transaction.
public enum TransactionStatus: UInt8, Equatable, Sendable {
    /// `I`
    case idle = 0x49
    /// `T`
    case open = 0x54
    /// `E`: everything but ROLLBACK is refused.
    case failed = 0x45
}

/// What a server says, as far as sessions with simple queries hear it.
enum BackendMessage {
    case authentication(Int32, [UInt8])
    case parameter(name: String, value: String)
    case key(process: Int32, secret: [UInt8])
    case ready(TransactionStatus)
    case columns([Column])
    case row([[UInt8]?])
    case complete(String)
    case empty
    case error(ServerMessage)
    case notice(ServerMessage)
    case notification(process: Int32, channel: String, payload: String)
    case versions(newest: Int32)
    /// The server begins COPY, in, out or both: not asked for here.
    case copy

    /// A tuple has at most 1664 columns (MaxTupleAttributeNumber).
    static let columnLimit = 1664

    init(_ message: MessageBuffer.Message) throws(WireViolation) {
        var reader = WireReader(message)
        switch message.type {
        case UInt8(ascii: "R"):
            self = .authentication(try reader.int32(), reader.rest())
        case UInt8(ascii: "S"):
            self = .parameter(name: try reader.string(), value: try reader.string())
        case UInt8(ascii: "K"):
            self = .key(process: try reader.int32(), secret: reader.rest())
        case UInt8(ascii: "Z"):
            guard let status = TransactionStatus(rawValue: try reader.byte()) else {
                throw .malformed(message.type)
            }
            self = .ready(status)
        case UInt8(ascii: "T"): self = .columns(try Self.columns(&reader, message.type))
        case UInt8(ascii: "D"): self = .row(try Self.row(&reader, message.type))
        case UInt8(ascii: "C"): self = .complete(try reader.string())
        case UInt8(ascii: "I"): self = .empty
        case UInt8(ascii: "E"):
            self = .error(try ServerMessage(message))
            return
        case UInt8(ascii: "N"):
            self = .notice(try ServerMessage(message))
            return
        case UInt8(ascii: "A"):
            self = .notification(
                process: try reader.int32(), channel: try reader.string(), payload: try reader.string())
        case UInt8(ascii: "v"):
            self = .versions(newest: try reader.int32())
            _ = reader.rest()
        case UInt8(ascii: "G"), UInt8(ascii: "H"), UInt8(ascii: "W"):
            self = .copy
            return
        default: throw .unexpected(message.type)
        }
        try reader.end()
    }

    private static func columns(_ reader: inout WireReader, _ type: UInt8) throws(WireViolation) -> [Column] {
        let count = try reader.int16()
        guard count >= 0, count <= columnLimit else { throw .malformed(type) }
        var columns: [Column] = []
        for _ in 0..<count {
            let name = try reader.string()
            _ = try reader.take(6)
            columns.append(Column(name: name, type: UInt32(bitPattern: try reader.int32())))
            _ = try reader.take(8)
        }
        return columns
    }

    private static func row(_ reader: inout WireReader, _ type: UInt8) throws(WireViolation) -> [[UInt8]?] {
        let count = try reader.int16()
        guard count >= 0, count <= columnLimit else { throw .malformed(type) }
        var values: [[UInt8]?] = []
        for _ in 0..<count {
            let length = try reader.int32()
            values.append(length == -1 ? nil : try reader.take(Int(length)))
        }
        return values
    }
}
