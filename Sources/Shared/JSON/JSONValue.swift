/// A JSON document (RFC 8259) that keeps the order of its members and compiles as Embedded Swift,
/// where there is no Codable.
///
/// Numbers are 64-bit integers: nothing that the two halves tell each other needs fractions. A decimal
/// fraction that a report prints is made with `decimal(_:)`, and is kept as its digits.
public indirect enum JSONValue: Equatable, Sendable {
    case null
    case boolean(Bool)
    case integer(Int64)
    /// A number with a fraction or an exponent, as its text.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// One member of an object.
    public struct Member: Equatable, Sendable {
        /// The member's name.
        public var name: String
        /// The member's value.
        public var value: JSONValue

        /// A name and its value.
        public init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// The value of an object's first member of that name; nil when there is none or this is no object.
    public subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        for member in members where member.name == name { return member.value }
        return nil
    }

    /// The text of a string value.
    public var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The value of an integer.
    public var integer: Int64? {
        guard case .integer(let value) = self else { return nil }
        return value
    }

    /// The value of a boolean.
    public var boolean: Bool? {
        guard case .boolean(let value) = self else { return nil }
        return value
    }

    /// The elements of an array.
    public var elements: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// The members of an object.
    public var members: [Member]? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    /// An array of strings.
    public static func strings(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }

    /// `value` divided by 10 to the power of `places`, as a number with that many decimals (0 to 9).
    public static func decimal(_ value: Int64, places: Int) -> JSONValue {
        var scale: UInt64 = 1
        for _ in 0..<places { scale *= 10 }
        let magnitude = value.magnitude
        var fraction = "\(magnitude % scale)"
        while fraction.utf8.count < places { fraction = "0" + fraction }
        let sign = value < 0 ? "-" : ""
        return .number(places == 0 ? "\(value)" : "\(sign)\(magnitude / scale).\(fraction)")
    }
}
