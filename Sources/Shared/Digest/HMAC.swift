/// HMAC with SHA-256 (RFC 2104, FIPS 198-1) under one key, and what SCRAM makes of it.
public struct HMACSHA256 {
    /// SHA-256 takes its input in blocks of so many bytes.
    private static let block = 64
    private let inner: [UInt8]
    private let outer: [UInt8]

    /// A key of any length.
    public init(key: [UInt8]) {
        let short = key.count > Self.block ? SHA256.bytes(of: key) : key
        var inner = [UInt8](repeating: 0x36, count: Self.block)
        var outer = [UInt8](repeating: 0x5C, count: Self.block)
        for index in short.indices {
            inner[index] ^= short[index]
            outer[index] ^= short[index]
        }
        self.inner = inner
        self.outer = outer
    }

    /// The code of a message: 32 bytes.
    public func code(of message: [UInt8]) -> [UInt8] {
        SHA256.bytes(of: outer, SHA256.bytes(of: inner, message))
    }

    /// PBKDF2 (RFC 8018) with one block of output, which is SCRAM's `Hi` (RFC 5802); the key is the password.
    public func derive(salt: [UInt8], iterations: Int) -> [UInt8] {
        var last = code(of: salt + [0, 0, 0, 1])
        var result = last
        var round = 1
        while round < iterations {
            last = code(of: last)
            for index in result.indices { result[index] ^= last[index] }
            round += 1
        }
        return result
    }
}

extension SHA256 {
    /// The digest of bytes that are all in memory, one part after the other: 32 bytes.
    public static func bytes(of first: [UInt8], _ second: [UInt8] = []) -> [UInt8] {
        var hasher = SHA256()
        first.withUnsafeBytes { hasher.update($0) }
        second.withUnsafeBytes { hasher.update($0) }
        return hasher.finishBytes()
    }
}
