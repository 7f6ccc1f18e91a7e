@testable import Pool

/// A client that writes down what it is told, a line a message.
final class TestClient: WirePeer {
    let wire: Wire
    private unowned let stage: PoolStage
    private var cutter = MessageCutter()
    /// What it has been told and not asked for yet.
    private(set) var lines: [String] = []
    private(set) var isClosed = false
    /// What its cancel request must show.
    private(set) var process: Int32 = 0
    private(set) var secret: [UInt8] = []
    /// Rows are written down with their sizes only.
    var countsRows = false

    init(_ wire: Wire, _ stage: PoolStage) {
        self.wire = wire
        self.stage = stage
        wire.peer = self
    }

    /// Sends, lets everything that follows happen, and returns what it was told since it last asked.
    @discardableResult
    func ask(_ messages: [UInt8]...) -> [String] {
        for message in messages { send(message) }
        stage.pump()
        return take()
    }

    /// A simple query.
    @discardableResult
    func query(_ text: String) -> [String] { ask(Say.query(text)) }

    /// Sends without letting anything happen.
    func send(_ bytes: [UInt8]) { wire.incoming += bytes }

    /// What it was told since it last asked.
    func take() -> [String] {
        defer { lines = [] }
        return lines
    }

    /// It is gone without a word.
    func vanish() {
        wire.peerEnded = .some(nil)
        stage.pump()
    }

    /// Sends a cancel request for itself, on a connection of its own.
    func cancel() {
        let other = stage.connect()
        other.ask(Say.big(16) + Say.big(80_877_102) + Say.big(Int(UInt32(bitPattern: process))) + secret)
    }

    func receive(_ bytes: [UInt8]) {
        cutter.append(bytes)
        while let (type, body) = cutter.next() { lines.append(line(type, body)) }
    }

    func closed() {
        isClosed = true
        lines.append(cutter.rest == 0 ? "end" : "end in a message")
    }

    private func line(_ type: Character, _ body: ArraySlice<UInt8>) -> String {
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
