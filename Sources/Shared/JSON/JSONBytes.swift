extension JSONValue {
    /// Bytes as a string of two lower-case hexadecimal digits each.
    public static func bytes(_ bytes: [UInt8]) -> JSONValue {
        func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }
        var text: [UInt8] = []
        text.reserveCapacity(2 * bytes.count)
        for byte in bytes {
            text.append(digit(byte >> 4))
            text.append(digit(byte & 15))
        }
        return .string(String(decoding: text, as: UTF8.self))
    }

    /// The bytes that a string of hexadecimal digits stands for, in either case; nil for anything else.
    public var bytes: [UInt8]? {
        guard let text else { return nil }
        var result: [UInt8] = []
        var high: UInt8?
        for character in text.utf8 {
            let value: UInt8
            switch character {
            case 48...57: value = character - 48
            case 65...70: value = character - 55
            case 97...102: value = character - 87
            default: return nil
            }
            if let first = high {
                result.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return high == nil ? result : nil
    }
}
