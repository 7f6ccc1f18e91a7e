/// Reads a message of SCRAM: attributes, `x=value`, between commas.
struct SCRAMReader {
    private let bytes: [UInt8]
    /// Where it stands.
    private(set) var place = 0
    private var isEnded = false

    init(_ bytes: [UInt8]) throws(SCRAMFailure) {
        guard bytes.count <= SCRAMServer.messageLimit else { throw .malformed("it is too long") }
        guard !bytes.contains(0) else { throw .malformed("there is a zero byte in it") }
        self.bytes = bytes
    }

    var isAtEnd: Bool { isEnded || (place == 0 && bytes.isEmpty) }
    var next: UInt8? { place < bytes.count ? bytes[place] : nil }
    var taken: ArraySlice<UInt8> { bytes[..<place] }

    func isNext(_ name: UInt8) -> Bool { next == name }

    /// A letter alone, and a comma.
    mutating func flag(_ letter: UInt8) throws(SCRAMFailure) {
        guard isNext(letter) else { throw .malformed("\"\(Self.text(letter))\" expected") }
        place += 1
        try comma()
    }

    mutating func comma() throws(SCRAMFailure) {
        guard isNext(UInt8(ascii: ",")) else { throw .malformed("comma expected") }
        place += 1
    }

    /// The value of the attribute that must come next, and the comma behind it.
    mutating func value(of name: UInt8) throws(SCRAMFailure) -> ArraySlice<UInt8> {
        guard isNext(name) else { throw .malformed("attribute \"\(Self.text(name))\" expected") }
        return try attribute().value
    }

    /// Whatever attribute comes next, and the comma behind it.
    mutating func attribute() throws(SCRAMFailure) -> (name: UInt8, value: ArraySlice<UInt8>) {
        guard !isEnded, let name = next, name | 0x20 >= UInt8(ascii: "a"), name | 0x20 <= UInt8(ascii: "z")
        else { throw .malformed("attribute expected") }
        guard place + 1 < bytes.count, bytes[place + 1] == UInt8(ascii: "=") else {
            throw .malformed("\"=\" expected")
        }
        let start = place + 2
        let end = bytes[start...].firstIndex(of: UInt8(ascii: ",")) ?? bytes.count
        isEnded = end == bytes.count
        place = isEnded ? end : end + 1
        return (name, bytes[start..<end])
    }

    private static func text(_ letter: UInt8) -> String { String(decoding: [letter], as: UTF8.self) }
}
