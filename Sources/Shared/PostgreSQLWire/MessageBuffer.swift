/// Cuts a stream into messages: a type byte, a length of four bytes that counts itself, a body
/// (PostgreSQL 15 manual, 55.2). Holds at most one unfinished message and what came with it.
public struct MessageBuffer: Sendable {
    /// One message of the stream.
    public struct Message: Equatable, Sendable {
        /// Its type byte.
        public var type: UInt8
        /// What follows the length.
        public var body: ArraySlice<UInt8>
    }

    /// The longest body that is accepted.
    public let limit: Int
    private var bytes: [UInt8] = []
    private var start = 0

    /// An empty buffer that accepts bodies of up to `limit` bytes.
    public init(limit: Int) { self.limit = limit }

    /// Bytes that wait for the rest of their message.
    public var waiting: Int { bytes.count - start }

    /// Adds what came.
    public mutating func append(_ new: some Collection<UInt8>) {
        if start == bytes.count {
            bytes.removeAll(keepingCapacity: true)
            start = 0
        } else if start > 1 << 16 {
            bytes.removeSubrange(0..<start)
            start = 0
        }
        bytes.append(contentsOf: new)
    }

    /// The next whole message, or nil when more bytes are needed.
    public mutating func next() throws(WireViolation) -> Message? {
        guard waiting >= 5 else { return nil }
        let length =
            Int64(bytes[start + 1]) << 24 | Int64(bytes[start + 2]) << 16 | Int64(bytes[start + 3]) << 8
            | Int64(bytes[start + 4])
        guard length >= 4 else { throw .messageTooShort }
        guard length - 4 <= Int64(limit) else { throw .messageTooLong(length - 4, limit: limit) }
        let end = start + 1 + Int(length)
        guard end <= bytes.count else { return nil }
        let message = Message(type: bytes[start], body: bytes[(start + 5)..<end])
        start = end
        return message
    }
}
