extension BackendWriter {
    /// A field of an error or a notice beyond those of `ServerMessage` (PostgreSQL 18 manual, 54.8): `w` where, `P` position, `F`
    /// file …
    public struct Field: Equatable, Sendable {
        /// Its letter.
        public var type: UInt8
        /// Its text.
        public var value: String

        /// A field with both its parts.
        public init(_ type: UInt8, _ value: String) {
            self.type = type
            self.value = value
        }
    }

    /// ErrorResponse. Severity, SQLSTATE and text are always written, as every client expects; so is the severity for programs.
    public static func error(_ error: ServerMessage, further: [Field] = [], to bytes: inout [UInt8]) {
        serverMessage(UInt8(ascii: "E"), error, further, to: &bytes)
    }

    /// NoticeResponse.
    public static func notice(_ notice: ServerMessage, further: [Field] = [], to bytes: inout [UInt8]) {
        serverMessage(UInt8(ascii: "N"), notice, further, to: &bytes)
    }

    private static func serverMessage(
        _ type: UInt8, _ message: ServerMessage, _ further: [Field], to bytes: inout [UInt8]
    ) {
        self.message(type, to: &bytes) { body in
            field(UInt8(ascii: "S"), message.severity, to: &body)
            field(UInt8(ascii: "V"), message.severity, to: &body)
            field(UInt8(ascii: "C"), message.code, to: &body)
            field(UInt8(ascii: "M"), message.text, to: &body)
            if !message.detail.isEmpty { field(UInt8(ascii: "D"), message.detail, to: &body) }
            if !message.hint.isEmpty { field(UInt8(ascii: "H"), message.hint, to: &body) }
            for extra in further where extra.type != 0 { field(extra.type, extra.value, to: &body) }
            body.append(0)
        }
    }

    private static func field(_ type: UInt8, _ value: String, to bytes: inout [UInt8]) {
        bytes.append(type)
        appendText(value, to: &bytes)
    }
}
