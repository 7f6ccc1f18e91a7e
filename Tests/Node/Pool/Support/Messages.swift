import PostgreSQLWire

/// What clients send, as bytes (PostgreSQL 15 manual, 55.7).
enum Say {
    static func message(_ type: Character, _ body: [UInt8] = []) -> [UInt8] {
        [type.asciiValue ?? 0] + big(body.count + 4) + body
    }

    static func startup(_ parameters: [(name: String, value: String)]) -> [UInt8] {
        FrontendMessage.startup(parameters)
    }

    static func query(_ text: String) -> [UInt8] { message("Q", zero(text)) }
    static func parse(_ name: String, _ text: String) -> [UInt8] {
        message("P", zero(name) + zero(text) + [0, 0])
    }
    static func bind(_ name: String, portal: String = "", _ values: [String] = []) -> [UInt8] {
        var body = zero(portal) + zero(name) + [0, 0, 0, UInt8(values.count)]
        for value in values { body += big(value.utf8.count) + Array(value.utf8) }
        return message("B", body + [0, 0])
    }
    static func describe(statement: String) -> [UInt8] { message("D", [0x53] + zero(statement)) }
    static func describe(portal: String) -> [UInt8] { message("D", [0x50] + zero(portal)) }
    static func execute(_ portal: String = "", rows: Int = 0) -> [UInt8] {
        message("E", zero(portal) + big(rows))
    }
    static func close(statement: String) -> [UInt8] { message("C", [0x53] + zero(statement)) }
    static func close(portal: String) -> [UInt8] { message("C", [0x50] + zero(portal)) }
    static var sync: [UInt8] { message("S") }
    static var flush: [UInt8] { message("H") }
    static var terminate: [UInt8] { message("X") }
    static func copyData(_ text: String) -> [UInt8] { message("d", Array(text.utf8)) }
    static var copyDone: [UInt8] { message("c") }
    static func copyFail(_ reason: String) -> [UInt8] { message("f", zero(reason)) }

    /// Parse, Bind, Describe, Execute and Sync of one statement.
    static func extended(_ text: String, name: String = "", _ values: [String] = []) -> [UInt8] {
        parse(name, text) + bind(name, values) + describe(portal: "") + execute() + sync
    }

    /// Bind, Execute and Sync of a statement that is prepared.
    static func run(_ name: String, _ values: [String] = []) -> [UInt8] {
        bind(name, values) + execute() + sync
    }

    static func zero(_ text: String) -> [UInt8] { Array(text.utf8) + [0] }
    static func big(_ value: Int) -> [UInt8] {
        [UInt8(value >> 24 & 255), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
    }
}

/// Cuts a stream into messages of a type, a length and a body.
struct MessageCutter {
    private var bytes: [UInt8] = []
    private var start = 0

    /// Bytes of a message that is not whole yet.
    var rest: Int { bytes.count - start }

    mutating func append(_ new: [UInt8]) {
        if start > 65_536 {
            bytes.removeFirst(start)
            start = 0
        }
        bytes += new
    }

    mutating func next() -> (type: Character, body: ArraySlice<UInt8>)? {
        guard rest >= 5 else { return nil }
        let length = Self.number(bytes, start + 1)
        guard length >= 4, rest >= length + 1 else { return nil }
        let type = Character(Unicode.Scalar(bytes[start]))
        let body = bytes[(start + 5)..<(start + 1 + length)]
        start += length + 1
        return (type, body)
    }

    /// The first message of a session, which has no type.
    mutating func nextUntyped() -> ArraySlice<UInt8>? {
        guard rest >= 4 else { return nil }
        let length = Self.number(bytes, start)
        guard rest >= length else { return nil }
        defer { start += length }
        return bytes[(start + 4)..<(start + length)]
    }

    static func number(_ bytes: [UInt8], _ at: Int) -> Int {
        Int(bytes[at]) << 24 | Int(bytes[at + 1]) << 16 | Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
    }
}

/// Reads a body from left to right.
struct BodyReader {
    var body: ArraySlice<UInt8>

    init(_ body: ArraySlice<UInt8>) { self.body = body }

    mutating func string() -> String {
        let text = body.prefix { $0 != 0 }
        body = body.dropFirst(text.count + 1)
        return String(decoding: text, as: UTF8.self)
    }

    mutating func number(_ size: Int) -> Int {
        let value = body.prefix(size).reduce(0) { $0 << 8 | Int($1) }
        body = body.dropFirst(size)
        return value
    }

    mutating func text(_ count: Int) -> String {
        defer { body = body.dropFirst(count) }
        return String(decoding: body.prefix(count), as: UTF8.self)
    }
}
