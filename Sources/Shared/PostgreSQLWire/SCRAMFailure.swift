/// Why an exchange of SCRAM came to nothing, seen from the server.
public enum SCRAMFailure: Error, Equatable, Sendable {
    /// A message is not what RFC 5802 says; what is wrong with it.
    case malformed(String)
    /// The client wants something that is not done here, or contradicts itself about channel binding.
    case refused(String)
    /// The client does not know the password, or the user does not exist: from outside that is the same.
    case wrongProof

    /// PostgreSQL's SQLSTATE for it.
    public var code: String {
        switch self {
        case .malformed: "08P01"
        case .refused: "28000"
        case .wrongProof: "28P01"
        }
    }

    /// For the log, without a full stop.
    public var sentence: String {
        switch self {
        case .malformed(let what): "malformed SCRAM message (\(what))"
        case .refused(let what): what
        case .wrongProof: "the client's proof does not fit the user's secret"
        }
    }
}
