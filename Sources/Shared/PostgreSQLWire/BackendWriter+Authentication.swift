extension BackendWriter {
    /// AuthenticationOk: the client is who it says.
    public static func authenticationOk(to bytes: inout [UInt8]) { authentication(0, to: &bytes) }

    /// AuthenticationCleartextPassword.
    public static func authenticationCleartextPassword(to bytes: inout [UInt8]) {
        authentication(3, to: &bytes)
    }

    /// AuthenticationMD5Password. `salt`: 4 bytes.
    public static func authenticationMD5Password(salt: [UInt8], to bytes: inout [UInt8]) {
        authentication(5, salt, to: &bytes)
    }

    /// AuthenticationSASL: the client chooses one of these.
    public static func authenticationSASL(mechanisms: [StaticString], to bytes: inout [UInt8]) {
        message(UInt8(ascii: "R"), to: &bytes) { body in
            appendInt32(10, to: &body)
            for mechanism in mechanisms {
                mechanism.withUTF8Buffer { body.append(contentsOf: $0) }
                body.append(0)
            }
            body.append(0)
        }
    }

    /// AuthenticationSASLContinue: the server's challenge.
    public static func authenticationSASLContinue(_ data: [UInt8], to bytes: inout [UInt8]) {
        authentication(11, data, to: &bytes)
    }

    /// AuthenticationSASLFinal: the server's proof.
    public static func authenticationSASLFinal(_ data: [UInt8], to bytes: inout [UInt8]) {
        authentication(12, data, to: &bytes)
    }

    private static func authentication(_ kind: Int32, _ data: [UInt8] = [], to bytes: inout [UInt8]) {
        message(UInt8(ascii: "R"), to: &bytes) {
            appendInt32(kind, to: &$0)
            $0.append(contentsOf: data)
        }
    }
}
