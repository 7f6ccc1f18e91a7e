/// Messages as a server sends them.
enum Backend {
    static func message(_ type: Character, _ body: [UInt8]) -> [UInt8] {
        [type.asciiValue!] + int32(body.count + 4) + body
    }

    static func int32(_ value: Int) -> [UInt8] {
        [UInt8(value >> 24 & 255), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
    }

    static func text(_ text: String) -> [UInt8] { Array(text.utf8) + [0] }

    static let authenticated = message("R", int32(0))
    static func authentication(_ kind: Int, _ data: [UInt8] = []) -> [UInt8] {
        message("R", int32(kind) + data)
    }
    static let ready = message("Z", Array("I".utf8))
    static func parameter(_ name: String, _ value: String) -> [UInt8] {
        message("S", text(name) + text(value))
    }
    static let key = message("K", int32(4711) + [1, 2, 3, 4])
    static func columns(_ names: [String]) -> [UInt8] {
        var body: [UInt8] = [0, UInt8(names.count)]
        for name in names {
            body += text(name) + int32(0)
            body += [0, 0] + int32(25)
            body += [0xFF, 0xFF] + int32(-1) + [0, 0]
        }
        return message("T", body)
    }
    static func row(_ values: [String?]) -> [UInt8] {
        var body: [UInt8] = [0, UInt8(values.count)]
        for value in values {
            body += int32(value?.utf8.count ?? -1)
            if let value { body += Array(value.utf8) }
        }
        return message("D", body)
    }
    static func complete(_ tag: String) -> [UInt8] { message("C", text(tag)) }
    static func error(_ code: String, _ sentence: String, type: Character = "E") -> [UInt8] {
        let body = [text("SFEHLER"), text("VERROR"), text("C" + code), text("M" + sentence), [0]]
        return message(type, body.flatMap { $0 })
    }
}
