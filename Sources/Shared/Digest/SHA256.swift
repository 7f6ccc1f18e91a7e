import COpenSSL

/// A SHA-256 digest (FIPS 180-4), computed by OpenSSL: what names a blob.
public struct SHA256Digest: Equatable, Hashable, Sendable {
    /// 64 lower-case hexadecimal digits.
    public let hexadecimal: String

    /// The digest of bytes that are all in memory.
    public init(of bytes: [UInt8]) {
        var hasher = SHA256()
        bytes.withUnsafeBytes { hasher.update($0) }
        self = hasher.finish()
    }

    /// A digest written as text, or nil when it is not 64 hexadecimal digits.
    public init?(hexadecimal: String) {
        guard hexadecimal.utf8.count == 64 else { return nil }
        for byte in hexadecimal.utf8 {
            let digit = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
            let letter = byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f")
            guard digit || letter else { return nil }
        }
        self.hexadecimal = hexadecimal
    }

    init(trusted hexadecimal: String) { self.hexadecimal = hexadecimal }
}

/// An incremental SHA-256: `update` any number of times, then `finish` once.
public struct SHA256 {
    private var context = SHA256_CTX()

    /// A hasher that has seen nothing.
    public init() { SHA256_Init(&context) }

    /// Adds bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        SHA256_Update(&context, start, bytes.count)
    }

    /// The digest of all bytes added: 32 bytes.
    public mutating func finishBytes() -> [UInt8] {
        var raw = [UInt8](repeating: 0, count: 32)
        SHA256_Final(&raw, &context)
        return raw
    }

    /// The digest of all bytes added, as text.
    public mutating func finish() -> SHA256Digest {
        SHA256Digest(trusted: String(decoding: hexadecimalDigits(of: finishBytes()), as: UTF8.self))
    }
}

/// Two lower-case digits for each byte.
func hexadecimalDigits(of bytes: [UInt8]) -> [UInt8] {
    let digits: StaticString = "0123456789abcdef"
    var text: [UInt8] = []
    text.reserveCapacity(2 * bytes.count)
    for byte in bytes {
        text.append(digits.utf8Start[Int(byte >> 4)])
        text.append(digits.utf8Start[Int(byte & 15)])
    }
    return text
}
