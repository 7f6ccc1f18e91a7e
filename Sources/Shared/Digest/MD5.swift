import COpenSSL

/// MD5 (RFC 1321). Broken as a digest; PostgreSQL's old password exchange is made of it.
public enum MD5 {
    /// 32 lower-case hexadecimal digits, as bytes.
    public static func hexadecimal(of bytes: [UInt8]) -> [UInt8] {
        var context = MD5_CTX()
        MD5_Init(&context)
        bytes.withUnsafeBytes { if let start = $0.baseAddress { MD5_Update(&context, start, $0.count) } }
        var raw = [UInt8](repeating: 0, count: 16)
        MD5_Final(&raw, &context)
        return hexadecimalDigits(of: raw)
    }
}
