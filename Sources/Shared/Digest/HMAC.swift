import COpenSSL

/// HMAC with SHA-256 (RFC 2104, FIPS 198-1) under one key, and what SCRAM makes of it.
public struct HMACSHA256: Sendable {
    /// SHA-256 takes its input in blocks of so many bytes.
    private static let block = 64
    private static let size = 32
    /// After the key's first block, so that a code costs two blocks fewer: half of what `derive` does.
    private let inner: SHA256_CTX
    private let outer: SHA256_CTX

    /// A key of any length.
    public init(key: [UInt8]) {
        let short = key.count > Self.block ? SHA256.bytes(of: key) : key
        inner = Self.begun(short, pad: 0x36)
        outer = Self.begun(short, pad: 0x5C)
    }

    /// The code of a message: 32 bytes.
    public func code(of message: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: Self.size)
        message.withUnsafeBytes { message in
            code.withUnsafeMutableBufferPointer { write(UnsafeRawBufferPointer(message), $0.baseAddress) }
        }
        return code
    }

    /// PBKDF2 (RFC 8018) with one block of output, which is SCRAM's `Hi` (RFC 5802); the key is the password.
    public func derive(salt: [UInt8], iterations: Int) -> [UInt8] {
        var last = code(of: salt + [0, 0, 0, 1])
        var result = last
        last.withUnsafeMutableBufferPointer { last in
            result.withUnsafeMutableBufferPointer { result in
                var round = 1
                while round < iterations {
                    write(UnsafeRawBufferPointer(last), last.baseAddress)
                    for index in 0..<Self.size { result[index] ^= last[index] }
                    round += 1
                }
            }
        }
        return result
    }

    private func write(_ message: UnsafeRawBufferPointer, _ code: UnsafeMutablePointer<UInt8>?) {
        var context = inner
        if let start = message.baseAddress { SHA256_Update(&context, start, message.count) }
        SHA256_Final(code, &context)
        context = outer
        SHA256_Update(&context, code, Self.size)
        SHA256_Final(code, &context)
    }

    private static func begun(_ key: [UInt8], pad: UInt8) -> SHA256_CTX {
        var bytes = [UInt8](repeating: pad, count: block)
        for index in key.indices { bytes[index] ^= key[index] }
        var context = SHA256_CTX()
        SHA256_Init(&context)
        SHA256_Update(&context, bytes, block)
        return context
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
