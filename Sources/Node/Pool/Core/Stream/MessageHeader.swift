/// The first five bytes of every message but the very first: a type, and a length that counts itself but not the type
/// (PostgreSQL 15 manual, 55.2).
struct MessageHeader {
    /// Bytes of a header.
    static let size = 5

    var type: UInt8
    /// The whole message's bytes, header included; at least `size`.
    var total: Int

    /// Reads the header at `offset`, where `size` bytes must be; nil if its length cannot be.
    @inline(__always)
    init?(_ bytes: UnsafeRawBufferPointer, at offset: Int, limit: Int) {
        let length = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset + 1, as: UInt32.self))
        guard length >= 4, length <= UInt32(limit) else { return nil }
        type = bytes[offset]
        total = Int(length) + 1
    }
}

/// Types of messages from a client (PostgreSQL 15 manual, 55.7).
enum Ask {
    static let bind = UInt8(ascii: "B")
    static let close = UInt8(ascii: "C")
    static let copyData = UInt8(ascii: "d")
    static let copyDone = UInt8(ascii: "c")
    static let copyFail = UInt8(ascii: "f")
    static let describe = UInt8(ascii: "D")
    static let execute = UInt8(ascii: "E")
    static let flush = UInt8(ascii: "H")
    static let functionCall = UInt8(ascii: "F")
    static let parse = UInt8(ascii: "P")
    static let password = UInt8(ascii: "p")
    static let query = UInt8(ascii: "Q")
    static let sync = UInt8(ascii: "S")
    static let terminate = UInt8(ascii: "X")
}

/// Types of messages from a server (PostgreSQL 15 manual, 55.7).
enum Answer {
    static let authentication = UInt8(ascii: "R")
    static let bindComplete = UInt8(ascii: "2")
    static let closeComplete = UInt8(ascii: "3")
    static let commandComplete = UInt8(ascii: "C")
    static let copyBoth = UInt8(ascii: "W")
    static let copyData = UInt8(ascii: "d")
    static let copyDone = UInt8(ascii: "c")
    static let copyIn = UInt8(ascii: "G")
    static let copyOut = UInt8(ascii: "H")
    static let dataRow = UInt8(ascii: "D")
    static let emptyQuery = UInt8(ascii: "I")
    static let error = UInt8(ascii: "E")
    static let functionResult = UInt8(ascii: "V")
    static let key = UInt8(ascii: "K")
    static let noData = UInt8(ascii: "n")
    static let notice = UInt8(ascii: "N")
    static let notification = UInt8(ascii: "A")
    static let parameterDescription = UInt8(ascii: "t")
    static let parameterStatus = UInt8(ascii: "S")
    static let parseComplete = UInt8(ascii: "1")
    static let portalSuspended = UInt8(ascii: "s")
    static let protocolVersion = UInt8(ascii: "v")
    static let ready = UInt8(ascii: "Z")
    static let rowDescription = UInt8(ascii: "T")
}
