/// What a remote command reads from standard input: bytes in memory, or whatever gives them piece by piece, so that
/// nothing large is held whole.
public protocol SSHInput: Sendable {
    /// All bytes.
    var byteCount: Int64 { get }
    /// At least one byte from `offset` (0 to `byteCount` - 1) on, at most `limit` (1 or more).
    func piece(at offset: Int64, limit: Int) throws(SSHInputFailure) -> ArraySlice<UInt8>
}

/// Why input cannot be had, as a sentence.
public struct SSHInputFailure: Error, Sendable, Equatable {
    /// For the person.
    public var sentence: String

    /// A failure.
    public init(_ sentence: String) { self.sentence = sentence }
}

extension [UInt8]: SSHInput {
    /// All bytes.
    public var byteCount: Int64 { Int64(count) }

    /// A part of itself.
    public func piece(at offset: Int64, limit: Int) -> ArraySlice<UInt8> {
        self[Int(offset)..<Swift.min(count, Int(offset) + limit)]
    }
}

/// Some bytes (sudo's password), then another input.
struct SSHPrefixedInput: SSHInput {
    let first: [UInt8]
    let rest: any SSHInput

    var byteCount: Int64 { first.byteCount + rest.byteCount }

    func piece(at offset: Int64, limit: Int) throws(SSHInputFailure) -> ArraySlice<UInt8> {
        offset < first.byteCount
            ? first.piece(at: offset, limit: limit)
            : try rest.piece(at: offset - first.byteCount, limit: limit)
    }
}
