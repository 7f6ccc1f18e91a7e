// The classes of characters of PostgreSQL's scanner (manual 4.1).

/// A letter, an underscore or a byte of a character beyond ASCII.
@inline(__always)
func isWordStart(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 || byte == 0x5F || byte >= 0x80 }

/// What may follow in a word: digits and $, too.
@inline(__always)
func isWordPart(_ byte: UInt8) -> Bool {
    // A set of ASCII characters as two words of bits: $ and 0-9, A-Z _ a-z.
    let set: UInt64 = byte < 64 ? 0x03FF_0010_0000_0000 : 0x07FF_FFFE_87FF_FFFE
    return byte >= 0x80 || set >> UInt64(byte & 63) & 1 != 0
}

@inline(__always)
func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

/// ~ ! @ # % ^ & | ` ? and + - * / < > =
@inline(__always)
func isOperator(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "/"), UInt8(ascii: "<"),
        UInt8(ascii: ">"), UInt8(ascii: "="):
        true
    default: isSpecialOperator(byte)
    }
}

/// Those that let an operator end in + or -.
@inline(__always)
func isSpecialOperator(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "~"), UInt8(ascii: "!"), UInt8(ascii: "@"), UInt8(ascii: "#"), UInt8(ascii: "%"),
        UInt8(ascii: "^"), UInt8(ascii: "&"), UInt8(ascii: "|"), UInt8(ascii: "`"), UInt8(ascii: "?"):
        true
    default: false
    }
}
