/// Writes HTML into bytes. What came from outside goes through `text`; only our own markup through `raw`.
struct HTMLWriter {
    private(set) var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(32 * 1024) }

    /// Our own markup.
    mutating func raw(_ markup: StaticString) {
        markup.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    /// Any text, escaped so that it can stand in an element or in a quoted attribute.
    mutating func text(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): raw("&amp;")
            case UInt8(ascii: "<"): raw("&lt;")
            case UInt8(ascii: ">"): raw("&gt;")
            case UInt8(ascii: "\""): raw("&quot;")
            case UInt8(ascii: "'"): raw("&#39;")
            default: bytes.append(byte)
            }
        }
    }

    /// A number with its thousands set apart, which copies as plain digits.
    mutating func number(_ value: UInt64) {
        let digits = Array(String(value).utf8)
        for (index, digit) in digits.enumerated() {
            let left = digits.count - index
            let endsGroup = left > 1 && left % 3 == 1
            if endsGroup { raw("<i>") }
            bytes.append(digit)
            if endsGroup { raw("</i>") }
        }
    }

    /// A number of at least zero.
    mutating func number(_ value: Int) { number(UInt64(max(0, value))) }
}
