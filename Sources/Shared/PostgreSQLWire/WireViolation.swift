/// What made a session with a server unusable. The connection must be closed.
public enum WireViolation: Error, Equatable, Sendable {
    /// A message says that it is so many bytes long.
    case messageTooLong(Int64, limit: Int)
    /// A message says that it is shorter than its own length field.
    case messageTooShort
    /// The body of a message is not what its type promises.
    case malformed(UInt8)
    /// A message of this type has no place here.
    case unexpected(UInt8)
    /// The server asks for a way to prove who we are that we do not know, by its number or mechanism.
    case unknownAuthentication(String)
    /// The server asks for a password and none was given.
    case passwordNeeded
    /// The server did not prove that it knows the password, too.
    case serverNotProven
    /// The server's secret has another salt or other iterations than the one that the keys at hand are of.
    case otherSecret
    /// SCRAM's messages contradict each other.
    case scram(String)

    /// For the person who runs it, without a full stop.
    public var sentence: String {
        switch self {
        case .messageTooLong(let length, let limit):
            "the server sent a message of \(length) bytes, and \(limit) is the limit"
        case .messageTooShort: "the server sent a message that is shorter than its own header"
        case .malformed(let type): "the server's message \"\(name(type))\" is malformed"
        case .unexpected(let type): "the server sent \"\(name(type))\", which has no place here"
        case .unknownAuthentication(let what):
            "the server wants authentication by \(what); trust, password, md5 and SCRAM-SHA-256 are known here"
        case .passwordNeeded: "the server asks for a password and none is configured"
        case .serverNotProven:
            "the server did not prove that it knows the password: it is not the server it claims to be"
        case .otherSecret:
            "the server has another SCRAM secret of this user (its salt or iterations differ) than the one that the "
                + "client proved itself with: take over the server's secret, or use the password in clear text"
        case .scram(let what): "SCRAM failed: \(what)"
        }
    }

    private func name(_ type: UInt8) -> String {
        type >= 0x21 && type < 0x7F ? String(decoding: [type], as: UTF8.self) : "byte \(type)"
    }
}
