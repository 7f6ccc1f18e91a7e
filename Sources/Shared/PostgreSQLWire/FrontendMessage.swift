/// What a client says, as bytes.
public enum FrontendMessage {
    /// Protocol 3.0.
    static let version: Int32 = 196_608

    /// The first message of a session. Names and values must not contain a zero byte: they end at it.
    public static func startup(_ parameters: [(name: String, value: String)]) -> [UInt8] {
        var body = bigEndian(version)
        for (name, value) in parameters {
            appendString(name, to: &body)
            appendString(value, to: &body)
        }
        body.append(0)
        return bigEndian(Int32(body.count + 4)) + body
    }

    /// A simple query: one or more statements.
    public static func query(_ text: String) -> [UInt8] {
        var body: [UInt8] = []
        appendString(text, to: &body)
        return message(UInt8(ascii: "Q"), body)
    }

    /// A password, clear or as md5 made it.
    public static func password(_ password: [UInt8]) -> [UInt8] {
        message(UInt8(ascii: "p"), password.filter { $0 != 0 } + [0])
    }

    /// The first message of a SASL exchange.
    static func saslInitial(_ mechanism: StaticString, _ response: [UInt8]) -> [UInt8] {
        var body: [UInt8] = []
        mechanism.withUTF8Buffer { body.append(contentsOf: $0) }
        body.append(0)
        body += bigEndian(Int32(response.count)) + response
        return message(UInt8(ascii: "p"), body)
    }

    /// The further messages of a SASL exchange.
    static func saslResponse(_ response: [UInt8]) -> [UInt8] { message(UInt8(ascii: "p"), response) }

    /// The session ends.
    public static var terminate: [UInt8] { message(UInt8(ascii: "X"), []) }

    /// On a connection of its own: cancels what another session does. The secret is as the server gave it.
    public static func cancel(process: Int32, secret: [UInt8]) -> [UInt8] {
        bigEndian(Int32(12 + secret.count)) + bigEndian(80_877_102) + bigEndian(process) + secret
    }

    /// Writes one message behind the bytes that are there: its type, a length that is filled in behind, what `body` adds. The frame is
    /// the same on both ways.
    @inline(__always)
    public static func message(_ type: UInt8, to bytes: inout [UInt8], _ body: (inout [UInt8]) -> Void) {
        BackendWriter.message(type, to: &bytes, body)
    }

    private static func message(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
        [type] + bigEndian(Int32(body.count + 4)) + body
    }

    private static func bigEndian(_ value: Int32) -> [UInt8] {
        let bits = UInt32(bitPattern: value)
        return [UInt8(bits >> 24), UInt8(bits >> 16 & 255), UInt8(bits >> 8 & 255), UInt8(bits & 255)]
    }

    private static func appendString(_ text: String, to body: inout [UInt8]) {
        for byte in text.utf8 where byte != 0 { body.append(byte) }
        body.append(0)
    }
}
