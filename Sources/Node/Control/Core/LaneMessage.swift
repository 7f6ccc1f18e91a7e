import Consensus
import JSON

/// What a role of this node says to the same role on another one, through control's connections: a *lane* each. It goes beside
/// control's own messages and after them, and may get lost.
public struct LaneMessage: Sendable, Equatable {
    /// Bytes that a lane's name may have.
    public static let nameLimit = 32
    /// Bytes that a message may have.
    public static let bytesLimit = 16 << 10

    /// The lane's name: 1 to 32 of a–z, 0–9 and -.
    public var lane: String
    /// What is said; only the roles know what it means.
    public var bytes: [UInt8]

    /// A message; nil for a lane that is none, or too many bytes.
    public init?(lane: String, bytes: [UInt8]) {
        guard Self.isName(lane), bytes.count <= Self.bytesLimit else { return nil }
        self.lane = lane
        self.bytes = bytes
    }

    /// Whether a text is a lane's name.
    static func isName(_ text: String) -> Bool {
        let name = text.utf8
        guard !name.isEmpty, name.count <= nameLimit else { return false }
        return name.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }

    /// As it goes over the wire: the length of the name, the name, the bytes.
    public var encoded: [UInt8] { [UInt8(lane.utf8.count)] + Array(lane.utf8) + bytes }

    /// Reads what `encoded` wrote; nil for anything else.
    public init?(encoded: [UInt8]) {
        guard let length = encoded.first, encoded.count > Int(length) else { return nil }
        let end = 1 + Int(length)
        self.init(
            lane: String(decoding: encoded[1..<end], as: UTF8.self), bytes: Array(encoded[end...]))
    }
}
