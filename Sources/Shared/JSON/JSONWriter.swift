extension JSONValue {
    /// The document as text on one line.
    public var compact: String {
        var bytes: [UInt8] = []
        write(to: &bytes, indentation: nil)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The document as text with one member a line, indented by two blanks a level.
    public var pretty: String {
        var bytes: [UInt8] = []
        write(to: &bytes, indentation: 0)
        bytes.append(UInt8(ascii: "\n"))
        return String(decoding: bytes, as: UTF8.self)
    }

    private func write(to bytes: inout [UInt8], indentation: Int?) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .boolean(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): bytes.append(contentsOf: "\(value)".utf8)
        case .number(let text): bytes.append(contentsOf: text.utf8)
        case .string(let text): Self.writeString(text, to: &bytes)
        case .array(let elements):
            Self.writeList(open: "[", close: "]", count: elements.count, to: &bytes, indentation: indentation)
            {
                elements[$0].write(to: &$1, indentation: $2)
            }
        case .object(let members):
            Self.writeList(open: "{", close: "}", count: members.count, to: &bytes, indentation: indentation)
            {
                Self.writeString(members[$0].name, to: &$1)
                $1.append(UInt8(ascii: ":"))
                if $2 != nil { $1.append(UInt8(ascii: " ")) }
                members[$0].value.write(to: &$1, indentation: $2)
            }
        }
    }

    private static func writeList(
        open: Unicode.Scalar, close: Unicode.Scalar, count: Int, to bytes: inout [UInt8], indentation: Int?,
        element: (Int, inout [UInt8], Int?) -> Void
    ) {
        bytes.append(UInt8(ascii: open))
        for index in 0..<count {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            newLine(to: &bytes, indentation: indentation.map { $0 + 1 })
            element(index, &bytes, indentation.map { $0 + 1 })
        }
        if count > 0 { newLine(to: &bytes, indentation: indentation) }
        bytes.append(UInt8(ascii: close))
    }

    private static func newLine(to bytes: inout [UInt8], indentation: Int?) {
        guard let indentation else { return }
        bytes.append(UInt8(ascii: "\n"))
        for _ in 0..<(indentation * 2) { bytes.append(UInt8(ascii: " ")) }
    }

    private static func writeString(_ text: String, to bytes: inout [UInt8]) {
        let digits: StaticString = "0123456789abcdef"
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes.append(contentsOf: "\\\"".utf8)
            case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\t"): bytes.append(contentsOf: "\\t".utf8)
            case UInt8(ascii: "\r"): bytes.append(contentsOf: "\\r".utf8)
            case 0..<32, 127:
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(digits.utf8Start[Int(byte >> 4)])
                bytes.append(digits.utf8Start[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
