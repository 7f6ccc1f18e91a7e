/// Messages of a server as lines of text.
struct Transcript {
    /// What a cancel request must show.
    private(set) var process: Int32 = 0
    private(set) var secret: [UInt8] = []
    /// Rows are written down with their sizes only.
    var countsRows = false

    /// Cancels what this session does.
    var cancelRequest: [UInt8] {
        Say.big(12 + secret.count) + Say.big(80_877_102) + Say.big(Int(UInt32(bitPattern: process))) + secret
    }

    mutating func line(_ type: Character, _ body: ArraySlice<UInt8>) -> String {
        var reader = BodyReader(body)
        switch type {
        case "R": return "authentication \(reader.number(4))"
        case "S":
            let name = reader.string()
            return "status \(name)=\(reader.string())"
        case "K":
            process = Int32(bitPattern: UInt32(reader.number(4)))
            secret = Array(reader.body)
            return "key"
        case "Z": return "ready \(Character(Unicode.Scalar(UInt8(reader.number(1)))))"
        case "T":
            let count = reader.number(2)
            let names = (0..<count).map { _ in
                defer { _ = reader.text(18) }
                return reader.string()
            }
            return "columns \(names.joined(separator: " "))"
        case "D":
            let count = reader.number(2)
            let values = (0..<count).map { _ in
                let length = reader.number(4)
                return length == 0xFFFF_FFFF ? "NULL" : countsRows ? "\(length)" : reader.text(length)
            }
            return "row \(values.joined(separator: " "))"
        case "C": return "complete \(reader.string())"
        case "E", "N":
            let fields = Self.fields(body)
            let kind = type == "N" ? "notice" : fields["V"] == "FATAL" ? "fatal" : "error"
            return "\(kind) \(fields["C"] ?? "") \(fields["M"] ?? "")"
        case "1": return "parsed"
        case "2": return "bound"
        case "3": return "closed"
        case "n": return "no data"
        case "t": return "parameters"
        case "I": return "empty"
        case "s": return "suspended"
        case "G": return "copy in"
        case "H": return "copy out"
        case "d": return countsRows ? "data \(body.count)" : "data \(String(decoding: body, as: UTF8.self))"
        case "c": return "copy done"
        case "A":
            _ = reader.number(4)
            return "notification \(reader.string())"
        case "v": return "version"
        default: return "unknown \(type)"
        }
    }

    static func fields(_ body: ArraySlice<UInt8>) -> [Character: String] {
        var fields: [Character: String] = [:]
        var reader = BodyReader(body)
        while let first = reader.body.first, first != 0 {
            reader.body = reader.body.dropFirst()
            fields[Character(Unicode.Scalar(first))] = reader.string()
        }
        return fields
    }
}
