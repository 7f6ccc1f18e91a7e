/// Who a client says that it is, and what it wishes of its session.
public struct StartupMessage: Equatable, Sendable {
    /// A name and its value, as the client sent them.
    public struct Parameter: Equatable, Sendable {
        /// `user`, `database`, `application_name` …
        public var name: [UInt8]
        /// Not yet checked to be UTF-8.
        public var value: [UInt8]

        /// A parameter with both its parts.
        public init(name: [UInt8], value: [UInt8]) {
            self.name = name
            self.value = value
        }

        func isNamed(_ other: StaticString) -> Bool {
            other.withUTF8Buffer { $0.elementsEqual(name) }
        }
    }

    /// The newest minor version of protocol 3 that is spoken here: 3.2, of PostgreSQL 18.
    public static let newestMinor: UInt16 = 2

    /// The minor version that the client asked for.
    public var minor: UInt16
    /// In the order in which they came, a name perhaps twice; without those of `protocolOptions`.
    public var parameters: [Parameter]
    /// Names that begin with `_pq_.`: extensions of the protocol, none of which exists yet.
    public var protocolOptions: [[UInt8]]

    /// A message with all its parts.
    public init(minor: UInt16 = 0, parameters: [Parameter], protocolOptions: [[UInt8]] = []) {
        self.minor = minor
        self.parameters = parameters
        self.protocolOptions = protocolOptions
    }

    /// From the parts of a packet that ends at `end`; nil when they do not end there, too.
    init?(_ bytes: RawSpan, end: Int, minor: UInt16) {
        self.init(minor: minor, parameters: [])
        var place = 8
        while place < end, bytes.byte(place) != 0 {
            guard let nameEnd = Self.zero(bytes, from: place, end: end),
                let valueEnd = Self.zero(bytes, from: nameEnd + 1, end: end)
            else { return nil }
            let name = bytes.bytes(from: place, to: nameEnd)
            if Self.isProtocolOption(name) {
                protocolOptions.append(name)
            } else {
                parameters.append(
                    Parameter(name: name, value: bytes.bytes(from: nameEnd + 1, to: valueEnd)))
            }
            place = valueEnd + 1
        }
        guard place == end - 1 else { return nil }
    }

    /// The value of a name, the last one as in PostgreSQL.
    public func value(of name: StaticString) -> [UInt8]? {
        parameters.last { $0.isNamed(name) }?.value
    }

    /// Whether the server must say first what of this it understands (NegotiateProtocolVersion).
    public var needsNegotiation: Bool { minor > Self.newestMinor || !protocolOptions.isEmpty }

    /// The minor version that both sides speak.
    public var spokenMinor: UInt16 { min(minor, Self.newestMinor) }

    private static func zero(_ bytes: RawSpan, from start: Int, end: Int) -> Int? {
        var place = start
        while place < end {
            if bytes.byte(place) == 0 { return place }
            place += 1
        }
        return nil
    }

    private static func isProtocolOption(_ name: [UInt8]) -> Bool {
        let prefix: StaticString = "_pq_."
        return prefix.withUTF8Buffer { name.starts(with: $0) }
    }
}
