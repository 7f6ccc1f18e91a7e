/// `show errors`: the last requests and answers that broke a rule, with the rule, the place, and the bytes.
extension ConsoleCommands {
    /// Columns that a line of bytes may take.
    private static let lineLimit = 79

    static func showErrors(_ snapshot: StatisticsSnapshot) -> String {
        let now = CalendarTime(unixTime: snapshot.unixTime(at: snapshot.now)).logText
        var text = "Total events captured on [\(now)] : \(snapshot.errors.count)\n"
        for error in snapshot.errors {
            let time = CalendarTime(unixTime: error.unixTime).logText
            let where_ =
                error.side == .request
                ? "frontend \(error.section): invalid request"
                : "backend \(error.section), server \(error.server ?? "?"): invalid response"
            text += "\n[\(time)] \(where_)\n"
            text += "  client \(error.client): \(error.reason), at position \(error.position)\n"
            text += dump(masked(error.bytes))
        }
        return text
    }

    /// Bytes as text, `\xHH` for what is not printable, a new line after each line feed and at the limit; in front
    /// of each the place of its first byte, with `+` where a line goes on.
    static func dump(_ bytes: [UInt8]) -> String {
        var text = ""
        var line = ""
        var start = 0
        var isContinued = false
        func finish() {
            text += "  \(padded(Int64(start), 5))\(isContinued ? "+" : " ") \(line)\n"
            line = ""
        }
        for (index, byte) in bytes.enumerated() {
            let piece: String
            switch byte {
            case 10: piece = "\\n"
            case 13: piece = "\\r"
            case 9: piece = "\\t"
            case UInt8(ascii: "\\"): piece = "\\\\"
            case 0x20...0x7e: piece = String(decoding: [byte], as: UTF8.self)
            default: piece = "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
            if line.utf8.count + piece.utf8.count + 9 > lineLimit {
                finish()
                start = index
                isContinued = true
            }
            line += piece
            if byte == 10 {
                finish()
                start = index + 1
                isContinued = false
            }
        }
        if !line.isEmpty { finish() }
        return text
    }

    /// The bytes with the values of fields that carry secrets starred out.
    static func masked(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 10) ?? bytes.count
            for name in ["authorization:", "proxy-authorization:", "cookie:", "set-cookie:"] {
                guard hasField(name, bytes[start..<end]) else { continue }
                for index in (start + name.utf8.count)..<end where bytes[index] > 0x20 {
                    result[index] = UInt8(ascii: "*")
                }
            }
            start = end + 1
        }
        return result
    }

    private static func hasField(_ name: String, _ line: ArraySlice<UInt8>) -> Bool {
        guard line.count >= name.utf8.count else { return false }
        for (byte, wanted) in zip(line, name.utf8) {
            let lower = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte + 32 : byte
            if lower != wanted { return false }
        }
        return true
    }
}
