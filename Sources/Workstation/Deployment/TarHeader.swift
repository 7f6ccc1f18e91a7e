/// A file's header in a tar (POSIX ustar, pax(1)): 512 bytes before its content.
enum TarHeader {
    /// Headers and contents are filled up to a multiple of this; two empty ones end the archive.
    static let block: Int64 = 512
    /// Two empty blocks.
    static let end = [UInt8](repeating: 0, count: 1024)

    /// `name` is at most 100 bytes, `size` less than 8 GiB: what the fields hold.
    static func bytes(name: String, mode: UInt32, size: Int64) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: Int(block))
        func put(_ text: String, at offset: Int) {
            for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
        }
        func octal(_ number: Int64, digits: Int) -> String {
            let text = String(number, radix: 8)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        precondition(name.utf8.count <= 100 && size >= 0 && size < 1 << 33)
        put(name, at: 0)
        put(octal(Int64(mode), digits: 7), at: 100)
        put(octal(0, digits: 7), at: 108)
        put(octal(0, digits: 7), at: 116)
        put(octal(size, digits: 11), at: 124)
        put(octal(0, digits: 11), at: 136)
        put("        0", at: 148)
        put("ustar\u{0}00", at: 257)
        let sum = header.reduce(0) { $0 + Int64($1) }
        put(octal(sum, digits: 6) + "\u{0} ", at: 148)
        return header
    }

    /// The zeros behind a content of that size.
    static func padding(_ size: Int64) -> [UInt8] {
        [UInt8](repeating: 0, count: Int((block - size % block) % block))
    }
}
