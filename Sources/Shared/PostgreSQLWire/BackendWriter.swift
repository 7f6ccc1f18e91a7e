/// What a server says, written behind the bytes that are there already (PostgreSQL 18 manual, 54.7).
///
/// A string ends at its first zero byte, as on the wire.
public enum BackendWriter {
    /// Writes one message: its type, a length that is filled in behind, what `body` adds.
    @inline(__always)
    public static func message(_ type: UInt8, to bytes: inout [UInt8], _ body: (inout [UInt8]) -> Void) {
        bytes.append(type)
        let start = bytes.count
        appendInt32(0, to: &bytes)
        body(&bytes)
        let length = UInt32(truncatingIfNeeded: bytes.count - start)
        bytes[start] = UInt8(truncatingIfNeeded: length >> 24)
        bytes[start + 1] = UInt8(truncatingIfNeeded: length >> 16)
        bytes[start + 2] = UInt8(truncatingIfNeeded: length >> 8)
        bytes[start + 3] = UInt8(truncatingIfNeeded: length)
    }

    // MARK: start of a session

    /// ParameterStatus.
    public static func parameterStatus(_ name: String, _ value: String, to bytes: inout [UInt8]) {
        message(UInt8(ascii: "S"), to: &bytes) {
            appendText(name, to: &$0)
            appendText(value, to: &$0)
        }
    }

    /// ParameterStatus, as bytes without zeros.
    public static func parameterStatus(_ name: [UInt8], _ value: [UInt8], to bytes: inout [UInt8]) {
        message(UInt8(ascii: "S"), to: &bytes) {
            appendText(name, to: &$0)
            appendText(value, to: &$0)
        }
    }

    /// BackendKeyData: what a cancel request must bring; 4 bytes in protocol 3.0, 4 to 256 from 3.2 on.
    public static func backendKeyData(process: Int32, secret: [UInt8], to bytes: inout [UInt8]) {
        message(UInt8(ascii: "K"), to: &bytes) {
            appendInt32(process, to: &$0)
            $0.append(contentsOf: secret)
        }
    }

    /// ReadyForQuery.
    public static func readyForQuery(_ status: TransactionStatus, to bytes: inout [UInt8]) {
        message(UInt8(ascii: "Z"), to: &bytes) { $0.append(status.rawValue) }
    }

    /// NegotiateProtocolVersion: the newest minor version of protocol 3 that is spoken, and options that are not known.
    public static func negotiateProtocolVersion(
        minor: UInt16 = StartupMessage.newestMinor, unknown options: [[UInt8]], to bytes: inout [UInt8]
    ) {
        message(UInt8(ascii: "v"), to: &bytes) {
            appendInt32(3 << 16 | Int32(minor), to: &$0)
            appendInt32(Int32(truncatingIfNeeded: options.count), to: &$0)
            for option in options { appendText(option, to: &$0) }
        }
    }

    // MARK: parts

    @inline(__always)
    static func appendInt16(_ value: Int, to bytes: inout [UInt8]) {
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
        bytes.append(UInt8(truncatingIfNeeded: value))
    }

    @inline(__always)
    static func appendInt32(_ value: Int32, to bytes: inout [UInt8]) {
        let bits = UInt32(bitPattern: value)
        bytes.append(UInt8(truncatingIfNeeded: bits >> 24))
        bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
        bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
        bytes.append(UInt8(truncatingIfNeeded: bits))
    }

    static func appendText(_ text: String, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            if byte == 0 { break }
            bytes.append(byte)
        }
        bytes.append(0)
    }

    static func appendText(_ text: [UInt8], to bytes: inout [UInt8]) {
        for byte in text {
            if byte == 0 { break }
            bytes.append(byte)
        }
        bytes.append(0)
    }
}
